//! The clock: certificates, tokens and backups go by it.

use super::{Doctor, Found};
use crate::reconcilers::watch::clock::SYNCHRONIZED;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    if doctor.disk.path(SYNCHRONIZED).exists() {
        return vec![Found::ok("a time server has set it")];
    }
    let status = ["timesync-status", "--no-pager"];
    let said = doctor.programs.run("timedatectl", &status).await;
    let said = said.map_or_else(|why| vec![why], |text| super::journal::lines(&text));
    vec![
        Found::warning("clock-unset", "no time server has set the clock since boot")
            .evidence(said)
            .consequence(
                "a clock that is off makes certificates invalid, logins fail and backups lie",
            )
            .fix(
                "let the box reach a time server (UDP port 123 outwards), and see what it is told",
                &[
                    "timedatectl timesync-status",
                    "journalctl -u systemd-timesyncd -b",
                ],
            ),
    ]
}
