//! Which processor the guest sees.

use crate::accel::Accel;

/// The model for emulation. It has AES instructions, which TLS wants, and no
/// wide vectors: the C library would pick vector routines for those, and every
/// vector instruction is dear to emulate (`max` is the slowest choice). It is
/// an AMD one, for which the kernel does not switch page tables at each system
/// call: that empties the emulated TLB (13 % of a boot's CPU time, measured
/// against Westmere).
const EMULATED: &str = "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes,+pclmulqdq";

/// QEMU's `-cpu` for `accel`, unless `chosen` says otherwise.
#[must_use]
pub fn model(accel: Accel, chosen: Option<&str>) -> &str {
    match (chosen, accel) {
        (Some(chosen), _) => chosen,
        (None, Accel::Kvm) => "host",
        (None, Accel::Tcg) => EMULATED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_wins_over_the_defaults() {
        assert_eq!(model(Accel::Kvm, None), "host");
        assert_eq!(model(Accel::Tcg, None), EMULATED);
        assert_eq!(model(Accel::Tcg, Some("qemu64")), "qemu64");
    }
}
