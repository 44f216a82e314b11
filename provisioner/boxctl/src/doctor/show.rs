//! What the doctor found, as text: the worst first.

use std::cmp::Reverse;

use onebox_api::doctor::{About, Diagnosis, Finding, State};

use crate::paint::Paint;
use crate::words::table;

/// All of it; what is well only when asked.
pub(super) fn diagnosis(diagnosis: &Diagnosis, verbose: bool, paint: Paint) -> String {
    let mut text = String::new();
    for finding in &diagnosis.mended {
        text += &mended(finding, paint);
    }
    let mut ordered: Vec<&Finding> = diagnosis
        .findings
        .iter()
        .filter(|finding| verbose || finding.state != State::Ok)
        .collect();
    ordered.sort_by_key(|finding| Reverse(finding.state));
    for one in ordered {
        text += &finding(one, paint);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text + &verdict(diagnosis, paint)
}

fn verdict(diagnosis: &Diagnosis, paint: Paint) -> String {
    let count = |state| {
        let findings = diagnosis.findings.iter();
        findings.filter(|finding| finding.state == state).count()
    };
    let looked = format!("{} well", count(State::Ok));
    let parts: Vec<String> = [
        (State::Critical, "broken"),
        (State::Warning, "to look after"),
        (State::Unknown, "could not be looked at"),
        (State::Notice, "to know"),
    ]
    .into_iter()
    .filter(|(state, _)| count(*state) > 0)
    .map(|(state, words)| format!("{} {words}", count(state)))
    .collect();
    let all = [parts, vec![looked]].concat().join(", ");
    let by_itself = diagnosis.findings.iter().any(|finding| {
        let fix = finding.fix.as_ref();
        fix.is_some_and(|fix| fix.automatic && fix.outcome.is_none())
    });
    let hint = if by_itself {
        "\n`boxctl doctor --fix` does what is marked with *"
    } else {
        ""
    };
    match diagnosis.worst {
        State::Ok | State::Notice => format!("{} ({all}){hint}", paint.good("The box is well.")),
        State::Unknown | State::Warning => {
            format!(
                "{} ({all}){hint}",
                paint.warn("The box works; somebody has to look.")
            )
        }
        State::Critical => format!("{} ({all}){hint}", paint.bad("Something does not work.")),
    }
}

fn finding(finding: &Finding, paint: Paint) -> String {
    let sign = match finding.state {
        State::Ok => paint.good("ok      "),
        State::Notice => paint.dim("notice  "),
        State::Unknown => paint.warn("unknown "),
        State::Warning => paint.warn("warning "),
        State::Critical => paint.bad("CRITICAL"),
    };
    let mut text = format!("{sign} {}: {}", finding.check, finding.summary);
    if let Some(problem) = &finding.problem {
        text += &paint.dim(&format!(" [{problem}]"));
    }
    text.push('\n');
    for line in &finding.evidence {
        text += &format!("         {}\n", paint.dim(line));
    }
    if let Some(consequence) = &finding.consequence {
        text += &format!("         so: {consequence}\n");
    }
    if let Some(fix) = &finding.fix {
        text += &format!("         do: {}\n", fix.text);
        for (place, command) in fix.commands.iter().enumerate() {
            let sign = if fix.automatic && place == 0 {
                '*'
            } else {
                '$'
            };
            text += &format!("           {sign} {command}\n");
        }
        if let Some(outcome) = &fix.outcome {
            text += &format!("         tried: {outcome}\n");
        }
    }
    text
}

fn mended(finding: &Finding, paint: Paint) -> String {
    let outcome = finding.fix.as_ref().and_then(|fix| fix.outcome.as_deref());
    format!(
        "{} {}: {} ({})\n",
        paint.good("mended  "),
        finding.check,
        finding.summary,
        outcome.unwrap_or("done")
    )
}

/// What can be looked at.
pub(super) fn checks(checks: &[About], paint: Paint) -> String {
    let head = ["CHECK", "LAYER", "LOOKS AT"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    rows.extend(checks.iter().map(|check| {
        let layer = format!("{:?}", check.layer).to_lowercase();
        vec![check.name.clone(), layer, check.about.clone()]
    }));
    let text = table(&rows, &[], |row, _, cell| match row {
        0 => paint.dim(cell),
        _ => cell.to_owned(),
    });
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use onebox_api::doctor::Fix;
    use time::OffsetDateTime;

    fn disk_full() -> Finding {
        Finding {
            check: "disk".to_owned(),
            state: State::Critical,
            problem: Some("disk-full".to_owned()),
            summary: "/var has 1 % left".to_owned(),
            evidence: vec!["9 GiB in /var/log".to_owned()],
            consequence: Some("PostgreSQL stops".to_owned()),
            fix: Some(Fix {
                text: "make room".to_owned(),
                commands: vec![
                    "journalctl --vacuum-size=64M".to_owned(),
                    "du /var".to_owned(),
                ],
                automatic: true,
                outcome: None,
            }),
        }
    }

    #[test]
    fn the_worst_comes_first_with_all_that_is_known() {
        let well = Finding {
            check: "clock".to_owned(),
            summary: "set".to_owned(),
            ..Finding::default()
        };
        let all = Diagnosis::new(
            OffsetDateTime::UNIX_EPOCH,
            vec![well, disk_full()],
            Vec::new(),
        );
        let text = diagnosis(&all, true, Paint::none());
        assert_eq!(
            text,
            "CRITICAL disk: /var has 1 % left [disk-full]\n\
             \x20        9 GiB in /var/log\n\
             \x20        so: PostgreSQL stops\n\
             \x20        do: make room\n\
             \x20          * journalctl --vacuum-size=64M\n\
             \x20          $ du /var\n\
             ok       clock: set\n\
             \n\
             Something does not work. (1 broken, 1 well)\n\
             `boxctl doctor --fix` does what is marked with *"
        );
        assert!(!diagnosis(&all, false, Paint::none()).contains("clock"));
    }

    #[test]
    fn what_was_mended_is_told_and_no_trouble_any_more() {
        let mut was = disk_full();
        was.fix.as_mut().unwrap().outcome = Some("the journal is small".to_owned());
        let all = Diagnosis::new(OffsetDateTime::UNIX_EPOCH, Vec::new(), vec![was]);
        let text = diagnosis(&all, false, Paint::none());
        assert!(text.starts_with("mended   disk: /var has 1 % left (the journal is small)\n"));
        assert!(text.ends_with("The box is well. (0 well)"), "{text}");
    }
}
