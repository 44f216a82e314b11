//! The site, as a visitor of the box itself would find it.

use super::journal::last_words;
use super::{Doctor, Found, Remedy};
use crate::gate::{self, ProbeError};
use onebox_model::{paths, thresholds::SITE_SLOW_MS, units};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let (site, chain) = (doctor.site, doctor.disk.path(paths::TLS_CHAIN));
    let start = Instant::now();
    let asked = tokio::task::spawn_blocking(move || gate::ready(site, &chain)).await;
    let took = start.elapsed();
    let found = match asked {
        Ok(Ok(unready)) => judge(&unready, took),
        Ok(Err(error)) => silent(&error),
        Err(error) => return vec![Found::unknown(error.to_string())],
    };
    if found.finding.problem.is_some() {
        let words = last_words(doctor, units::WEB).await;
        return vec![found.evidence(words)];
    }
    vec![found]
}

/// It answered: this is not ready.
fn judge(unready: &[String], took: Duration) -> Found {
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if !unready.is_empty() {
        return Found::critical("site-not-ready", "the site answers that it is not ready")
            .evidence(unready.iter().cloned())
            .consequence("pages that need what is missing fail (503); behind a load balancer the box gets no visitors")
            .fix("see what is wrong with what it names", &["boxctl doctor", "boxctl logs web --since -10m"]);
    }
    if ms > SITE_SLOW_MS {
        return Found::warning(
            "site-slow",
            format!("/ready took {ms} ms on the box itself"),
        )
        .evidence([format!("more than {SITE_SLOW_MS} ms")])
        .consequence("pages are as slow at least; visitors leave")
        .fix(
            "see what takes the time: processors, memory, queries",
            &[
                "boxctl status",
                "boxctl doctor --only postgresql --only memory",
                "systemd-cgtop --iterations=1",
            ],
        );
    }
    Found::ok(format!("ready, in {ms} ms"))
}

/// It did not answer.
fn silent(error: &ProbeError) -> Found {
    let evidence = [error.to_string()];
    match error {
        ProbeError::Io(io) if io.kind() == ErrorKind::ConnectionRefused => Found::critical(
            "connection-refused",
            "the site refuses connections: nothing listens on its port",
        )
        .evidence(evidence)
        .consequence("nobody can open the shop")
        .remedy(Remedy::Start(units::HTTPS_SOCKET.to_owned())),
        ProbeError::OtherCertificate => Found::critical(
            "certificate-not-served",
            "the site serves another certificate than the stored one",
        )
        .evidence(evidence)
        .consequence("a renewed certificate does not reach visitors")
        .remedy(Remedy::Reload(units::WEB.to_owned())),
        // Systemd holds the port open, so connecting works when nobody is there
        // to answer: what a proxy in front tells visitors as 502 or 504.
        _ => Found::critical(
            "site-not-answering",
            "connections to the site are taken and not answered",
        )
        .evidence(evidence)
        .consequence("visitors wait in vain; a proxy in front shows them 502, 504 or 524")
        .remedy(Remedy::Restart(units::WEB.to_owned()))
        .fix(
            "restart the application; its last lines say why it hangs",
            &["boxctl logs web --since -10m"],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn silence_is_told_apart() {
        let name = |error: &ProbeError| silent(error).finding.problem.unwrap();
        let io = |kind: ErrorKind| ProbeError::Io(io::Error::from(kind));
        assert_eq!(
            name(&io(ErrorKind::ConnectionRefused)),
            "connection-refused"
        );
        assert_eq!(name(&io(ErrorKind::WouldBlock)), "site-not-answering");
        assert_eq!(name(&io(ErrorKind::UnexpectedEof)), "site-not-answering");
        assert_eq!(
            name(&ProbeError::OtherCertificate),
            "certificate-not-served"
        );
        let restart = silent(&io(ErrorKind::TimedOut));
        let fix = restart.finding.fix.unwrap();
        assert!(fix.automatic && fix.text.starts_with("restart the application"));
        assert_eq!(
            fix.commands[0],
            "boxctl service restart wizamart-web.service"
        );
    }

    #[test]
    fn an_answer_is_judged_by_what_it_says_and_how_fast() {
        let fast = Duration::from_millis(3);
        assert!(judge(&[], fast).finding.problem.is_none());
        let slow = judge(&[], Duration::from_secs(3));
        assert_eq!(slow.finding.problem.as_deref(), Some("site-slow"));
        let unready = judge(&["redis".to_owned()], fast);
        assert_eq!(unready.finding.problem.as_deref(), Some("site-not-ready"));
    }
}
