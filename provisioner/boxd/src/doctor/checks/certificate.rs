//! The certificate that visitors see.

use super::{Doctor, Found, Remedy, or_ok};
use crate::acme;
use crate::gate::{self, ProbeError};
use crate::status::certificates;
use onebox_api::status::Certificate;
use onebox_model::{paths, thresholds, units};
use time::OffsetDateTime;

pub(super) async fn check(doctor: &Doctor) -> Vec<Found> {
    let stored = certificates::stored(&doctor.disk);
    let domains = acme::config_in_force(&doctor.disk).web.domains;
    let now = OffsetDateTime::now_utc();
    let mut found = judge(&stored, &domains, now);
    let (site, chain) = (doctor.site, doctor.disk.path(paths::TLS_CHAIN));
    let served = tokio::task::spawn_blocking(move || gate::serves(site, &chain)).await;
    match served {
        Ok(Err(ProbeError::OtherCertificate)) => found.push(
            Found::critical(
                "certificate-not-served",
                "the site serves another certificate than the stored one",
            )
            .evidence([
                format!("stored: {}", paths::TLS_CHAIN),
                format!("asked: https://{}", doctor.site),
            ])
            .consequence("a renewed certificate does not reach visitors; the old one will end")
            .remedy(Remedy::Reload(units::WEB.to_owned())),
        ),
        // Whether it answers at all is for the check of the site.
        Ok(_) => {}
        Err(error) => found.push(Found::unknown(error.to_string())),
    }
    let summary = match stored.first() {
        Some(first) => format!(
            "{} is good for {} days",
            first.names.join(", "),
            first.days_left
        ),
        None => String::new(),
    };
    or_ok(found, summary)
}

fn judge(stored: &[Certificate], domains: &[String], now: OffsetDateTime) -> Vec<Found> {
    let mut found = Vec::new();
    if stored.is_empty() {
        let one = Found::critical("certificate-missing", "no certificate is stored")
            .evidence([paths::TLS_CHAIN.to_owned()])
            .consequence("the site cannot be opened")
            .fix(
                "have the box make one",
                &["systemctl restart onebox-config", "boxctl cert renew"],
            );
        return vec![one];
    }
    for certificate in stored {
        found.extend(lasts(certificate, now));
    }
    let bare: Vec<&String> = domains
        .iter()
        .filter(|domain| {
            let covering = stored.iter().filter(|one| !one.self_signed);
            !covering
                .flat_map(|one| &one.names)
                .any(|name| covers(name, domain))
        })
        .collect();
    if !bare.is_empty() {
        let names: Vec<&str> = bare.iter().map(|name| name.as_str()).collect();
        found.push(
            Found::warning(
                "certificate-untrusted",
                format!(
                    "no certificate that browsers trust is stored for {}",
                    names.join(", ")
                ),
            )
            .consequence("browsers warn visitors before they see the shop")
            .fix(
                "see what is in the way of one",
                &["boxctl cert test", "boxctl cert list"],
            ),
        );
    }
    found
}

fn lasts(certificate: &Certificate, now: OffsetDateTime) -> Option<Found> {
    let names = certificate.names.join(", ");
    let left = (certificate.not_after - now).whole_hours();
    let lifetime = (certificate.not_after - certificate.not_before).whole_hours();
    let ends = format!("{}: ends {}", certificate.path, certificate.not_after);
    let commands = ["boxctl cert list", "boxctl cert renew"];
    if left <= 0 {
        return Some(
            Found::critical(
                "certificate-expired",
                format!("the certificate for {names} has ended"),
            )
            .evidence([ends])
            .consequence("browsers refuse to show the shop")
            .fix("see why it was not renewed, and renew it", &commands),
        );
    }
    let floor = thresholds::certificate_floor_hours(lifetime);
    (left < floor).then(|| {
        Found::warning(
            "certificate-ending",
            format!(
                "the certificate for {names} ends in {} days and {} hours",
                left / 24,
                left % 24
            ),
        )
        .evidence([
            ends,
            format!(
                "it should long have been renewed with {} days left",
                floor / 24
            ),
        ])
        .consequence("browsers refuse to show the shop once it has ended")
        .fix("see why it was not renewed, and renew it", &commands)
    })
}

/// Whether a name in a certificate is for a domain (RFC 6125, 6.4.3).
fn covers(name: &str, domain: &str) -> bool {
    if name.eq_ignore_ascii_case(domain) {
        return true;
    }
    match (name.strip_prefix("*."), domain.split_once('.')) {
        (Some(base), Some((_, rest))) => base.eq_ignore_ascii_case(rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    fn certificate(left: Duration, life: Duration) -> Certificate {
        let now = OffsetDateTime::UNIX_EPOCH;
        Certificate {
            path: "tls".to_owned(),
            names: vec!["shop.example".to_owned(), "*.a.example".to_owned()],
            issuer: "R1".to_owned(),
            self_signed: false,
            not_before: now + left - life,
            not_after: now + left,
            days_left: left.whole_days(),
        }
    }

    fn problems(stored: &[Certificate], domains: &[&str]) -> Vec<String> {
        let domains: Vec<String> = domains.iter().map(|name| (*name).to_owned()).collect();
        let found = judge(stored, &domains, OffsetDateTime::UNIX_EPOCH);
        found
            .into_iter()
            .filter_map(|one| one.finding.problem)
            .collect()
    }

    #[test]
    fn a_certificate_is_judged_by_its_own_life() {
        let (year, six) = (Duration::days(90), Duration::days(6));
        assert_eq!(problems(&[], &[]), ["certificate-missing"]);
        assert!(problems(&[certificate(Duration::days(30), year)], &[]).is_empty());
        let ending = [certificate(Duration::days(10), year)];
        assert_eq!(problems(&ending, &[]), ["certificate-ending"]);
        assert!(problems(&[certificate(Duration::days(3), six)], &[]).is_empty());
        let ended = [certificate(Duration::hours(-1), six)];
        assert_eq!(problems(&ended, &[]), ["certificate-expired"]);
    }

    #[test]
    fn names_without_one_are_told() {
        let good = [certificate(Duration::days(60), Duration::days(90))];
        assert!(problems(&good, &["SHOP.example", "x.a.example"]).is_empty());
        for bare in ["other.example", "a.example", "x.y.a.example"] {
            assert_eq!(
                problems(&good, &[bare]),
                ["certificate-untrusted"],
                "{bare}"
            );
        }
        let mut own = good;
        own[0].self_signed = true;
        assert_eq!(problems(&own, &["shop.example"]), ["certificate-untrusted"]);
    }
}
