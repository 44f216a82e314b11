//! The way from the world to the box: DNS, CAA and the ports, as an authority
//! would go it.

use super::{Doctor, Found, or_ok};
use crate::acme;
use onebox_api::certificates::{Check as Seen, Report, State};

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let config = acme::config_in_force(&doctor.disk);
    if config.web.domains.is_empty() {
        return vec![Found::notice(
            "domains-empty",
            "web.domains is empty: the box is reached by its address only",
        )];
    }
    let report = doctor.certificates.test(&config).await;
    or_ok(
        judge(&report),
        format!("all of {} lead here", config.web.domains.join(", ")),
    )
}

fn judge(report: &Report) -> Vec<Found> {
    let general = report.general.iter().map(|seen| ("this box", seen));
    let names = report
        .names
        .iter()
        .flat_map(|name| name.checks.iter().map(|seen| (name.name.as_str(), seen)));
    general
        .chain(names)
        .filter(|(_, seen)| seen.state != State::Good)
        .map(|(name, seen)| finding(name, seen))
        .collect()
}

fn finding(name: &str, seen: &Seen) -> Found {
    let (problem, consequence) = match seen.what.as_str() {
        "DNS" => (
            "dns-wrong",
            "visitors do not find the box, and no certificate can be had over it",
        ),
        "CAA" => ("caa-forbids", "the authority refuses a certificate"),
        "clock" => (
            "clock-wrong",
            "certificates are good and due at the wrong time",
        ),
        "zone" => (
            "dns-zone",
            "the records for a certificate cannot be written",
        ),
        "authority" => (
            "authority-unreachable",
            "no certificate can be renewed until it answers",
        ),
        _ => (
            "port-unreachable",
            "visitors may not reach the box, and an authority may not either",
        ),
    };
    let summary = format!("{name}: {}: {}", seen.what, seen.seen);
    let one = match seen.state {
        State::Bad => Found::critical(problem, summary),
        _ => Found::warning(problem, summary),
    };
    one.consequence(consequence)
        .fix("as it says; then look again", &["boxctl cert test"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::certificates::NameReport;
    use onebox_api::doctor::State as How;

    #[test]
    fn what_an_authority_would_run_into_is_named() {
        let seen = |what: &str, state| Seen {
            what: what.to_owned(),
            state,
            seen: "as seen".to_owned(),
        };
        let report = Report {
            general: vec![seen("authority", State::Doubtful)],
            names: vec![NameReport {
                name: "a.example".to_owned(),
                checks: vec![
                    seen("DNS", State::Good),
                    seen("port 80", State::Doubtful),
                    seen("CAA", State::Bad),
                ],
            }],
        };
        let found: Vec<(String, How)> = judge(&report)
            .into_iter()
            .map(|one| (one.finding.problem.unwrap(), one.finding.state))
            .collect();
        assert_eq!(
            found,
            [
                ("authority-unreachable".to_owned(), How::Warning),
                ("port-unreachable".to_owned(), How::Warning),
                ("caa-forbids".to_owned(), How::Critical),
            ]
        );
    }
}
