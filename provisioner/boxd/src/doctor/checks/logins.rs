//! Refused logins. Keys are the only way in, so guessing does not help anybody;
//! but it fills the journal.

use super::journal::lines;
use super::{Doctor, Found};
use onebox_model::thresholds::REFUSED_LOGINS_PER_DAY;
use std::cmp::Reverse;
use std::collections::BTreeMap;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let arguments = [
        "--unit=ssh.service",
        "--since=-24h",
        "--grep=Invalid user|Connection (closed|reset) by (invalid|authenticating) user|Failed ",
        "--output=cat",
        "--lines=100000",
        "--no-pager",
        "--quiet",
    ];
    match doctor.programs.run("journalctl", &arguments).await {
        Ok(text) => vec![judge(&lines(&text))],
        Err(why) => vec![Found::unknown(why)],
    }
}

fn judge(lines: &[String]) -> Found {
    if lines.len() < REFUSED_LOGINS_PER_DAY {
        return Found::ok(format!("{} were refused in the last day", lines.len()));
    }
    let mut from: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        if let Some(address) = address(line) {
            *from.entry(address).or_default() += 1;
        }
    }
    let mut from: Vec<(&str, usize)> = from.into_iter().collect();
    from.sort_by_key(|(_, count)| Reverse(*count));
    let evidence = from.iter().take(5);
    Found::notice(
        "logins-refused",
        format!(
            "{} logins over SSH were refused in the last day",
            lines.len()
        ),
    )
    .evidence(evidence.map(|(address, count)| format!("{count} from {address}")))
    .consequence("nobody gets in without a key, but the journal keeps less of everything else")
    .fix(
        "let only your own networks reach port 22: firewall.ssh_from in the operator's file",
        &["boxctl config edit", "boxctl apply"],
    )
}

/// The word before `port`.
fn address(line: &str) -> Option<&str> {
    let (before, _) = line.rsplit_once(" port ")?;
    before.rsplit(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::doctor::State;

    #[test]
    fn a_few_are_usual_and_thousands_are_told_by_where_they_are_from() {
        let line = |n: usize| format!("Invalid user admin from 203.0.113.{} port 4{n}", n % 2);
        let few: Vec<String> = (0..10).map(line).collect();
        assert_eq!(judge(&few).finding.state, State::Ok);
        let many: Vec<String> = (0..REFUSED_LOGINS_PER_DAY + 1).map(line).collect();
        let found = judge(&many).finding;
        assert_eq!(found.state, State::Notice);
        assert_eq!(found.evidence[0], "501 from 203.0.113.0");
    }
}
