//! Signatures of webhooks: `Stripe-Signature: t=TIME,v1=HEX[,v1=HEX…]`, an
//! HMAC-SHA256 over `TIME.BODY` (docs.stripe.com/webhooks/signature).

use crate::random;
use aws_lc_rs::hmac;
use time::{Duration, OffsetDateTime};

/// How far a webhook's time may be from ours, in both directions.
pub const TOLERANCE: Duration = Duration::minutes(5);

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// The header is not one.
    #[error("the Stripe-Signature header is missing or malformed")]
    Malformed,
    /// None of its signatures is of one of our secrets.
    #[error("no signature fits the body")]
    Wrong,
    /// It is old: somebody may have recorded it.
    #[error("the signature is not of these five minutes")]
    Expired,
}

/// Whether one of the secrets signed this body lately.
///
/// # Errors
/// Why not.
pub fn verify(
    header: &str,
    body: &[u8],
    secrets: &[String],
    now: OffsetDateTime,
) -> Result<(), Unsigned> {
    let mut time = None;
    let mut signatures = Vec::new();
    for (name, value) in header.split(',').filter_map(|part| part.split_once('=')) {
        match name.trim() {
            "t" => time = Some(value.trim()),
            "v1" => signatures.push(value.trim()),
            _ => {}
        }
    }
    let time = time.filter(|_| !signatures.is_empty());
    let time = time.ok_or(Unsigned::Malformed)?;
    let seconds: i64 = time.parse().map_err(|_| Unsigned::Malformed)?;
    let good = secrets.iter().any(|secret| {
        let expected = sign(secret, time, body);
        // Every one is compared, so that the time tells nothing.
        let fitting = signatures
            .iter()
            .filter(|sent| random::same(&expected, sent));
        fitting.count() > 0
    });
    if !good {
        return Err(Unsigned::Wrong);
    }
    let apart = (i128::from(now.unix_timestamp()) - i128::from(seconds)).unsigned_abs();
    if apart > TOLERANCE.whole_seconds().unsigned_abs().into() {
        return Err(Unsigned::Expired);
    }
    Ok(())
}

/// The signature of a body, as hexadecimal digits.
#[must_use]
pub fn sign(secret: &str, time: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(time.as_bytes());
    context.update(b".");
    context.update(body);
    random::hex(context.sign().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-24 10:00 UTC);
    const BODY: &[u8] = b"{\"id\":\"evt_1\"}";

    fn check(header: &str, body: &[u8], now: OffsetDateTime) -> Result<(), Unsigned> {
        let secrets = ["whsec_new".to_owned(), "whsec_old".to_owned()];
        verify(header, body, &secrets, now)
    }

    fn header(secret: &str) -> String {
        let time = NOW.unix_timestamp().to_string();
        format!("t={time},v1={}", sign(secret, &time, BODY))
    }

    #[test]
    fn either_secret_and_any_of_several_signatures_will_do() {
        for secret in ["whsec_new", "whsec_old"] {
            assert_eq!(check(&header(secret), BODY, NOW), Ok(()));
        }
        let several = header("whsec_new").replacen("v1=", "v0=00,v1=0011,v1=", 1);
        assert_eq!(check(&several, BODY, NOW), Ok(()));
        assert_eq!(check(&header("other"), BODY, NOW), Err(Unsigned::Wrong));
    }

    #[test]
    fn a_changed_body_or_time_is_noticed() {
        let good = header("whsec_new");
        assert_eq!(check(&good, b"{}", NOW), Err(Unsigned::Wrong));
        let moved = good.replacen("t=1", "t=2", 1);
        assert_eq!(check(&moved, BODY, NOW), Err(Unsigned::Wrong));
    }

    #[test]
    fn what_is_older_or_newer_than_five_minutes_is_refused() {
        let good = header("whsec_new");
        for by in [TOLERANCE, -TOLERANCE] {
            assert_eq!(check(&good, BODY, NOW + by), Ok(()));
            let beyond = NOW + by + by / 300;
            assert_eq!(check(&good, BODY, beyond), Err(Unsigned::Expired));
        }
    }

    #[test]
    fn what_is_no_header_is_malformed() {
        for bad in ["", "t=1", "v1=00", "t=x,v1=00", "t,v1", "t=1;v1=0"] {
            assert_eq!(check(bad, BODY, NOW), Err(Unsigned::Malformed), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_else_is_believed(header in "(t=[0-9]{0,12},)?(v1=[0-9a-f]{0,70},?){0,3}\\PC{0,8}", body: Vec<u8>) {
            prop_assert!(check(&header, &body, NOW).is_err());
        }
    }
}
