//! Whether the firewall is in force.

use super::{Doctor, Found, Remedy};
use crate::systemd::Transient;
use onebox_model::{paths, units};
use std::time::Duration;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    // Only the kernel knows what is in force, and tells it to who may change
    // it: the keeper may not, a unit of its own may.
    let unit = Transient {
        unit: "onebox-look-firewall.service".to_owned(),
        description: "Looking at the firewall".to_owned(),
        command: vec![
            "/bin/sh".to_owned(),
            "-c".to_owned(),
            "nft list chain inet filter input | grep -q 'policy drop'".to_owned(),
        ],
        limit: Duration::from_secs(30),
        ..Transient::default()
    };
    match doctor.systemd.run(&unit).await {
        Ok(ended) if ended.is_success() => {
            vec![Found::ok("what it is not told to let in is dropped")]
        }
        Ok(ended) => vec![
            Found::critical("firewall-off", "the firewall is not in force")
                .evidence([format!(
                    "no chain inet filter input with policy drop (`nft list ruleset`; {})",
                    ended.result
                )])
                .consequence("every port that something listens on can be reached from outside")
                .fix(
                    format!("load {} again", paths::NFTABLES_CONF),
                    &["nft list ruleset"],
                )
                .remedy(Remedy::Restart(units::NFTABLES.to_owned())),
        ],
        Err(error) => vec![Found::unknown(error.to_string())],
    }
}
