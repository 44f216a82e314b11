//! How certificates are, as text.

use onebox_api::certificates::{Certificate, Name, Source, Status};
use onebox_model::thresholds::certificate_floor_hours;
use time::{OffsetDateTime, UtcOffset};

use crate::paint::Paint;
use crate::words::{seconds, table};

/// All of it.
pub(super) fn render(status: &Status, now: OffsetDateTime, paint: Paint) -> String {
    let mut lines = Vec::new();
    let mut line = |name: &str, words: String| lines.push(format!("{name:<11} {words}"));
    match &status.served {
        Some(served) => {
            line("served", certificate(served, paint));
            line("names", served.names.join(", "));
            line("serial", served.serial.clone());
        }
        None => line("served", paint.bad("nothing that could be")),
    }
    if let Some(off) = &status.off {
        line("ACME", paint.dim(&format!("off: {off}")));
    }
    if let Some(authority) = &status.authority {
        line("authority", authority.clone());
    }
    if let (Some(at), Some(why)) = (status.renew_at, &status.renew_because) {
        line("renewal", format!("{}: {why}", when(at, now)));
    }
    if let Some(at) = status.next_try {
        line("next look", when(at, now));
    }
    if let Some(problem) = &status.problem {
        line("problem", paint.bad(problem));
    }
    for note in &status.notes {
        line("note", paint.warn(note));
    }
    let mut text = lines.join("\n");
    if status.off.is_none() && !status.names.is_empty() {
        text += "\n\n";
        text += &names(&status.names, now, paint);
    }
    text.trim_end().to_owned()
}

fn certificate(certificate: &Certificate, paint: Paint) -> String {
    let from = match certificate.source {
        Source::Authority => format!("from {}", certificate.issuer),
        Source::Local => "from the box's own authority, which browsers do not know".to_owned(),
        Source::Operator => format!("put there by hand, from {}", certificate.issuer),
    };
    let left = format!("{} days left", certificate.days_left);
    let lifetime = (certificate.not_after - certificate.not_before).whole_hours();
    let few = certificate_floor_hours(lifetime) / 24;
    let left = match certificate.days_left {
        days if days < 0 => paint.bad(&format!("it ENDED {} days ago", -days)),
        days if days < few => paint.warn(&left),
        _ => paint.good(&left),
    };
    let end = certificate.not_after.to_offset(UtcOffset::UTC);
    let (date, hour, minute) = (end.date(), end.hour(), end.minute());
    format!("{from}, until {date} {hour:02}:{minute:02} UTC ({left})")
}

fn names(names: &[Name], now: OffsetDateTime, paint: Paint) -> String {
    let head = [
        "NAME",
        "CERTIFICATE",
        "FAILURES",
        "NEXT TRY",
        "WHAT WAS SAID",
    ]
    .map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    rows.extend(names.iter().map(|name| {
        let covered = if name.covered { "yes" } else { "no" };
        let failures = match name.failures {
            0 => String::new(),
            count => count.to_string(),
        };
        vec![
            name.name.clone(),
            covered.to_owned(),
            failures,
            name.next_try.map(|at| when(at, now)).unwrap_or_default(),
            name.problem.clone().unwrap_or_default(),
        ]
    }));
    table(&rows, &[2], |row, column, cell| match (row, column, cell) {
        (1.., 1, "yes") => paint.good(cell),
        (1.., 1, _) => paint.bad(cell),
        _ => cell.to_owned(),
    })
}

/// A moment as how far away it is.
fn when(at: OffsetDateTime, now: OffsetDateTime) -> String {
    let apart = (at - now).whole_seconds();
    match u64::try_from(apart) {
        Ok(ahead @ 1..) => format!("in {}", seconds(ahead)),
        _ => "now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn what_an_operator_wants_to_know_is_on_the_screen() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let status = Status {
            off: None,
            served: Some(Certificate {
                source: Source::Authority,
                issuer: "R13".to_owned(),
                serial: "0a:bc".to_owned(),
                names: vec!["a.example".to_owned()],
                not_before: now - Duration::days(80),
                not_after: now + Duration::days(10),
                days_left: 10,
            }),
            names: vec![Name {
                name: "b.example".to_owned(),
                covered: false,
                problem: Some("no such host".to_owned()),
                failures: 2,
                next_try: Some(now + Duration::minutes(9)),
            }],
            authority: Some("https://ca.example/dir".to_owned()),
            renew_at: Some(now - Duration::hours(1)),
            renew_because: Some("the authority suggests it".to_owned()),
            next_try: Some(now + Duration::minutes(9)),
            problem: Some("b.example: no such host".to_owned()),
            notes: vec!["a note".to_owned()],
        };
        let text = render(&status, now, Paint::none());
        for wanted in [
            "served      from R13, until 1970-01-11 00:00 UTC",
            "10 days left",
            "renewal     now: the authority suggests it",
            "next look   in 9 min",
            "problem     b.example: no such host",
            "note        a note",
            "b.example  no                  2  in 9 min  no such host",
        ] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
    }
}
