//! What was found out about names, as text.

use onebox_api::certificates::{Check, Report, State};

use crate::paint::Paint;

/// All of it.
pub(super) fn render(report: &Report, paint: Paint) -> String {
    let mut text = String::new();
    let mut part = |title: &str, checks: &[Check]| {
        text += &format!("{title}\n");
        for check in checks {
            text += &format!(
                "  {} {}: {}\n",
                sign(check.state, paint),
                check.what,
                check.seen
            );
        }
    };
    part("this box", &report.general);
    for name in &report.names {
        part(&name.name, &name.checks);
    }
    if report.names.is_empty() {
        text += "web.domains is empty: there is nothing to get a certificate for\n";
    }
    text += match report.worst() {
        State::Good => "\nNothing is in the way.",
        State::Doubtful => {
            "\nSome of it may be in the way; from inside that cannot be seen for sure. An attempt is made."
        }
        State::Bad => "\nAn authority cannot validate this; no attempt is made for what is marked.",
    };
    text
}

fn sign(state: State, paint: Paint) -> String {
    match state {
        State::Good => paint.good("ok      "),
        State::Doubtful => paint.warn("doubtful"),
        State::Bad => paint.bad("BAD     "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::certificates::NameReport;

    #[test]
    fn each_finding_stands_below_what_it_is_about() {
        let check = |state, seen: &str| Check {
            what: "DNS".to_owned(),
            state,
            seen: seen.to_owned(),
        };
        let report = Report {
            general: vec![check(State::Good, "fine")],
            names: vec![NameReport {
                name: "a.example".to_owned(),
                checks: vec![check(State::Bad, "no record")],
            }],
        };
        let text = render(&report, Paint::none());
        assert!(
            text.starts_with("this box\n  ok       DNS: fine\n"),
            "{text}"
        );
        assert!(
            text.contains("a.example\n  BAD      DNS: no record\n"),
            "{text}"
        );
        assert!(text.ends_with("what is marked."), "{text}");
    }
}
