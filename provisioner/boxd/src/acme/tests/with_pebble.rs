//! Orders at a real authority: everything goes over TLS to Pebble, which looks
//! for proofs by itself, with its own name server.

use super::bench::TestBox;
use super::cloudflare::{FakeCloudflare, TOKEN};
use super::fake::Fake;
use super::pebble::{EAB_KEY, EAB_KID, Options, Pebble};
use crate::acme::{alternates, store};
use onebox_api::certificates::{Certificate, Reason, Source, State};
use onebox_model::config::{AcmeChallenge, AcmeKeyType};
use onebox_model::paths::{ACME_ACCOUNTS, TLS_CHAIN, TLS_KEY};
use onebox_model::secret::Secret;
use serde_json::json;
use std::sync::atomic::Ordering;
use time::Duration;

async fn with(change: impl FnOnce(&mut Options)) -> (TestBox, Pebble) {
    let test = TestBox::new().await;
    let mut options = Options::new(&test.site);
    change(&mut options);
    let pebble = Pebble::start(options).await;
    (test, pebble)
}

fn text(test: &TestBox, path: &str) -> String {
    String::from_utf8(test.disk.read(path).unwrap().unwrap()).unwrap()
}

fn accounts(test: &TestBox) -> usize {
    let dir = std::fs::read_dir(test.disk.path(ACME_ACCOUNTS)).unwrap();
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let mut names = dir.map(name).map(|name| name.into_string().unwrap());
    names
        .by_ref()
        .filter(|name| name.ends_with(".json"))
        .count()
}

fn sorted(certificate: &Certificate) -> Vec<String> {
    let mut names = certificate.names.clone();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_certificate_is_ordered_served_and_renewed_though_every_second_nonce_is_refused() {
    let (mut test, pebble) = with(|options| options.nonce_rejects = 50).await;
    let config = pebble.config(&["a.example", "www.a.example"]);
    let first = test.issued(&config).await;
    assert_eq!(sorted(&first), ["a.example", "www.a.example"]);
    assert!(first.days_left >= 88);
    // Nothing is due, so nothing is asked for.
    test.restart();
    assert_eq!(test.issued(&config).await.serial, first.serial);
    let key = text(&test, TLS_KEY);
    let outcome = test.force(&config).await;
    let second = outcome.status.served.unwrap();
    assert_ne!(second.serial, first.serial);
    assert_ne!(text(&test, TLS_KEY), key, "a new key for each");
    assert_eq!(outcome.status.notes, [""; 0]);
    assert!(test.site.reloads.load(Ordering::Relaxed) >= 2);
    assert_eq!(accounts(&test), 1);
    // No proof is left lying around.
    let tokens = test.disk.path(onebox_model::paths::ACME_HTTP01);
    assert_eq!(std::fs::read_dir(tokens).unwrap().count(), 0);
}

#[tokio::test]
async fn names_and_addresses_are_proven_by_a_handshake() {
    let (test, pebble) = with(|_| ()).await;
    let mut config = pebble.config(&["a.example"]);
    config.acme.challenge = AcmeChallenge::TlsAlpn01;
    config.acme.addresses = vec!["127.0.0.1".to_owned()];
    config.acme.key_type = AcmeKeyType::EcdsaP384;
    let certificate = test.issued(&config).await;
    assert_eq!(sorted(&certificate), ["127.0.0.1", "a.example"]);
}

#[tokio::test]
async fn an_address_is_proven_by_a_file_and_a_key_may_be_of_rsa() {
    let (test, pebble) = with(|_| ()).await;
    let mut config = pebble.config(&[]);
    config.acme.addresses = vec!["127.0.0.1".to_owned()];
    config.acme.key_type = AcmeKeyType::Rsa2048;
    assert_eq!(sorted(&test.issued(&config).await), ["127.0.0.1"]);
}

#[tokio::test]
async fn a_wildcard_is_proven_in_dns_and_no_record_stays() {
    let (test, pebble) = with(|_| ()).await;
    let cloudflare = FakeCloudflare::start(&pebble, &["example.com"]).await;
    cloudflare.leave("_acme-challenge.example.com");
    let mut config = pebble.config(&["example.com", "*.example.com"]);
    config.acme.challenge = AcmeChallenge::Dns01;
    config.acme.cloudflare.url = cloudflare.url.clone();
    config.acme.cloudflare.token = Some(Secret::given(TOKEN));
    let certificate = test.issued(&config).await;
    assert_eq!(sorted(&certificate), ["*.example.com", "example.com"]);
    assert_eq!(cloudflare.calls("create"), 2);
    // Both of ours are gone, and the old one; another program's is not ours.
    assert_eq!(cloudflare.records(), ["_acme-challenge.example.com"]);
    assert_eq!(cloudflare.calls("delete theirs"), 0);
    // A name in no zone of the token stops before an authority is asked.
    config.web.domains.push("other.example".to_owned());
    let status = test.run(&config).await.status;
    let other = status.names.last().unwrap();
    assert!(
        other
            .problem
            .as_ref()
            .unwrap()
            .contains("no zone of other.example")
    );
    assert_eq!(other.failures, 0);
    // A token that is refused is told in Cloudflare's words.
    config.acme.cloudflare.token = Some(Secret::given("wrong"));
    let report = test.look(&config).await;
    assert_eq!(report.worst(), State::Bad);
    let seen = &report.names[0].checks[0].seen;
    assert!(seen.contains("Invalid access token (9109)"), "{seen}");
}

#[tokio::test]
async fn records_are_deleted_when_the_authority_finds_nothing() {
    let (test, pebble) = with(|_| ()).await;
    let cloudflare = FakeCloudflare::start(&pebble, &["example.com"]).await;
    let mut config = pebble.config(&["example.com"]);
    config.acme.challenge = AcmeChallenge::Dns01;
    config.acme.cloudflare.url = cloudflare.url.clone();
    config.acme.cloudflare.token = Some(Secret::given(TOKEN));
    // We ask a server that has the record, the authority one that has not.
    let elsewhere = with(|_| ()).await.1;
    let elsewhere_cloudflare = FakeCloudflare::start(&elsewhere, &["example.com"]).await;
    config.acme.resolvers = vec![elsewhere.dns.to_string()];
    config.acme.cloudflare.url = elsewhere_cloudflare.url.clone();
    let status = test.run(&config).await.status;
    let name = &status.names[0];
    assert_eq!((name.failures, name.covered), (1, false));
    assert!(status.problem.is_some() && name.next_try.is_some());
    assert_eq!(elsewhere_cloudflare.calls("create"), 1);
    assert_eq!(elsewhere_cloudflare.records(), [""; 0]);
}

#[tokio::test]
async fn an_account_elsewhere_is_bound_and_without_one_the_authority_says_what_it_wants() {
    let (test, pebble) = with(|options| options.eab = true).await;
    let mut config = pebble.config(&["a.example"]);
    let status = test.run(&config).await.status;
    let problem = status.problem.unwrap();
    assert!(problem.contains("externalAccountRequired"), "{problem}");
    assert_eq!(status.served.unwrap().source, Source::Local);
    config.acme.eab.kid = Some(EAB_KID.to_owned());
    config.acme.eab.hmac_key = Some(Secret::given(EAB_KEY));
    test.wait_over();
    test.issued(&config).await;
}

#[tokio::test]
async fn of_several_chains_the_preferred_one_is_taken() {
    let (test, pebble) = with(|options| {
        options.alternates = 2;
        options.nonce_rejects = 30;
    })
    .await;
    let name_of = |pem: &str| {
        let facts = crate::pair::facts_of(pem.as_bytes()).unwrap();
        facts.issuer
    };
    let usual = name_of(&pebble.root(0).await);
    let other = name_of(&pebble.root(2).await);
    assert_ne!(usual, other);
    let mut config = pebble.config(&["a.example"]);
    test.issued(&config).await;
    assert!(alternates::leads_to(&text(&test, TLS_CHAIN), &usual));
    config.acme.preferred_chain = Some(other.clone());
    let status = test.force(&config).await.status;
    assert_eq!(status.notes, [""; 0]);
    assert!(alternates::leads_to(&text(&test, TLS_CHAIN), &other));
    // One that nobody offers is no reason to have none.
    config.acme.preferred_chain = Some("No Root".to_owned());
    let status = test.force(&config).await.status;
    assert!(status.notes[0].contains("No Root"), "{:?}", status.notes);
    assert_eq!(status.served.unwrap().source, Source::Authority);
}

#[tokio::test]
async fn what_the_authority_holds_as_proven_is_not_proven_again() {
    let (test, pebble) = with(|options| options.reuse = 100).await;
    let config = pebble.config(&["a.example"]);
    test.issued(&config).await;
    let proofs = |test: &TestBox| {
        let said = test.said.lock().unwrap();
        said.iter()
            .filter(|line| line.starts_with("proving"))
            .count()
    };
    assert_eq!(proofs(&test), 1);
    test.force(&config).await;
    assert_eq!(proofs(&test), 1);
}

#[tokio::test]
async fn an_account_that_the_authority_has_forgotten_is_made_again() {
    let (test, mut pebble) = with(|_| ()).await;
    let config = pebble.config(&["a.example"]);
    let first = test.issued(&config).await;
    pebble.forget().await;
    // What it is to replace is unknown to the authority as well by now.
    let status = test.force(&config).await.status;
    assert_eq!(status.problem, None);
    assert_ne!(status.served.unwrap().serial, first.serial);
    assert_eq!(accounts(&test), 1);
}

#[tokio::test]
async fn a_name_that_cannot_be_proven_is_left_out_and_comes_back() {
    let (test, pebble) = with(|_| ()).await;
    let config = pebble.config(&["a.example", "b.example"]);
    // Nobody answers there.
    let nowhere = json!({"host": "b.example.", "addresses": ["127.0.0.9"]});
    pebble.dns("add-a", nowhere).await;
    let status = test.run(&config).await.status;
    let served = status.served.unwrap();
    assert_eq!(
        (served.source, sorted(&served)),
        (Source::Authority, vec!["a.example".to_owned()])
    );
    let b = &status.names[1];
    assert!(!b.covered && b.failures == 1 && b.next_try.is_some());
    let problem = b.problem.as_ref().unwrap();
    assert!(
        problem.contains("127.0.0.9") || problem.contains("refused"),
        "{problem}"
    );
    // Waits, though everything else is due.
    assert!(status.next_try.unwrap() <= b.next_try.unwrap());
    pebble.dns("clear-a", json!({"host": "b.example."})).await;
    test.wait_over();
    let served = test.issued(&config).await;
    assert_eq!(sorted(&served), ["a.example", "b.example"]);
}

#[tokio::test]
async fn a_name_that_fails_at_renewal_keeps_its_older_certificate_until_that_ends() {
    let (test, pebble) = with(|_| ()).await;
    let config = pebble.config(&["a.example", "b.example"]);
    test.issued(&config).await;
    let nowhere = json!({"host": "b.example.", "addresses": ["127.0.0.9"]});
    pebble.dns("add-a", nowhere).await;
    let status = test.force(&config).await.status;
    let served = status.served.clone().unwrap();
    assert_eq!(sorted(&served), ["a.example"], "{status:#?}");
    let older = store::still_served(&test.disk).unwrap();
    let older = store::read(&test.disk, &older).unwrap().unwrap();
    assert_ne!(older.chain, text(&test, TLS_CHAIN));
    pebble.dns("clear-a", json!({"host": "b.example."})).await;
    test.wait_over();
    test.issued(&config).await;
    assert_eq!(store::still_served(&test.disk), None);
}

#[tokio::test]
async fn a_name_that_leads_nowhere_or_elsewhere_costs_no_attempt() {
    let (test, pebble) = with(|_| ()).await;
    let other = TestBox::new().await;
    pebble.dns("set-default-ipv4", json!({"ip": ""})).await;
    for (host, address) in [("a.example.", "127.0.0.1"), ("c.example.", "127.0.0.1")] {
        let record = json!({"host": host, "addresses": [address]});
        pebble.dns("add-a", record).await;
    }
    let config = pebble.config(&["a.example", "b.example"]);
    let report = test.look(&config).await;
    assert_eq!(report.names[0].blocked_by(), None);
    let blocked = report.names[1].blocked_by().unwrap();
    assert!(blocked.seen.contains("no A or AAAA record"), "{blocked:?}");
    let status = test.run(&config).await.status;
    assert_eq!(sorted(&status.served.unwrap()), ["a.example"]);
    assert_eq!(status.names[1].failures, 0);
    // Who has put it right does not wait for the next look.
    let record = json!({"host": "b.example.", "addresses": ["127.0.0.1"]});
    pebble.dns("add-a", record).await;
    assert!(!test.run(&config).await.status.names[1].covered);
    assert!(test.now(&config).await.status.names[1].covered);
    // The port of another box stands for another machine.
    let mut config = pebble.config(&["c.example"]);
    config.acme.resolvers = vec![pebble.dns.to_string()];
    let report = {
        let site = other.site.http.port();
        let mut elsewhere = crate::acme::real::Real::new(test.disk.clone(), test.site.reload());
        elsewhere.ports = (site, site);
        use crate::acme::world::World as _;
        elsewhere.look(&config, &config.web.domains).await
    };
    let blocked = report.names[0].blocked_by().unwrap();
    assert!(blocked.seen.contains("another machine"), "{blocked:?}");
}

#[tokio::test]
async fn a_zone_that_names_another_authority_costs_no_attempt() {
    let (test, pebble) = with(|_| ()).await;
    // The name server is Pebble's; the authority says what it is called in DNS.
    let fake = Fake::start().await;
    let mut config = pebble.config(&["shop.a.example"]);
    config.acme.directory.clone_from(&fake.directory);
    let policy =
        |value: &str| json!({"host": "a.example.", "policies": [{"tag": "issue", "value": value}]});
    pebble.dns("add-caa", policy("other.example")).await;
    let status = test.run(&config).await.status;
    let problem = status.names[0].problem.as_ref().unwrap();
    assert!(
        problem.contains("a.example. CAA 0 issue \"fake.example\""),
        "{problem}"
    );
    assert_eq!((fake.orders().len(), status.names[0].failures), (0, 0));
    pebble.dns("clear-caa", json!({"host": "a.example."})).await;
    pebble.dns("add-caa", policy("fake.example")).await;
    test.wait_over();
    test.issued(&config).await;
}

#[tokio::test]
async fn a_revoked_certificate_is_known_as_such_and_replaced_with_another_key() {
    let (test, pebble) = with(|_| ()).await;
    let mut config = pebble.config(&["a.example"]);
    config.acme.reuse_key = true;
    test.issued(&config).await;
    let key = text(&test, TLS_KEY);
    test.force(&config).await;
    assert_eq!(text(&test, TLS_KEY), key, "kept, as wanted");
    let revoked = test.issued(&config).await;
    test.manager
        .revoke(&config, Reason::KeyCompromise)
        .await
        .unwrap();
    let known = pebble.certificate(&revoked.serial).await;
    assert_eq!(known["Status"], "Revoked", "{known}");
    let next = test.issued(&config).await;
    assert_ne!(next.serial, revoked.serial);
    assert_ne!(text(&test, TLS_KEY), key, "others may have it");
    // Once more is as good.
    assert_eq!(test.issued(&config).await.serial, next.serial);
}

#[tokio::test]
async fn a_certificate_of_days_is_renewed_half_way() {
    let (test, pebble) = with(|options| options.lifetime = Duration::days(6)).await;
    let config = pebble.config(&["a.example"]);
    let certificate = test.issued(&config).await;
    assert_eq!(
        (certificate.not_after - certificate.not_before).whole_hours(),
        143
    );
    let status = test.manager.status(&config);
    let left = certificate.not_after - status.renew_at.unwrap();
    assert!(left >= Duration::hours(71), "{left}");
}

#[tokio::test]
async fn suggestions_profiles_and_replacements_are_used_where_the_authority_knows_them() {
    let (test, pebble) = with(|_| ()).await;
    let (renewal, profiles) = pebble.knows().await;
    let mut config = pebble.config(&["a.example"]);
    config.acme.profile = Some("shortlived".to_owned());
    test.issued(&config).await;
    let suggestion = test.state().live.unwrap().suggestion;
    assert_eq!(suggestion.is_some(), renewal);
    let status = test.force(&config).await.status;
    assert_eq!(status.problem, None);
    // Where there are none, the operator is told, and has a certificate.
    assert_eq!(status.notes.is_empty(), profiles, "{:?}", status.notes);
    let log = pebble.log();
    if !renewal || !profiles {
        println!("this Pebble is older than renewal information or profiles: a fake covers them");
    }
    assert!(!log.contains("panic"), "{log}");
}

#[tokio::test]
async fn what_the_operator_put_there_is_kept_beside_when_an_authority_takes_over() {
    let (test, pebble) = with(|_| ()).await;
    let theirs = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
    for (path, text) in [
        (TLS_CHAIN, theirs.cert.pem()),
        (TLS_KEY, theirs.signing_key.serialize_pem()),
    ] {
        let access = crate::disk::Access::root(0o644);
        test.disk.write(path, text.as_bytes(), access).unwrap();
    }
    let mut config = pebble.config(&["a.example"]);
    config.acme.terms_agreed = false;
    let status = test.run(&config).await.status;
    assert_eq!(status.served.unwrap().source, Source::Operator);
    assert!(status.off.unwrap().contains("acme.terms_agreed"));
    config.acme.terms_agreed = true;
    test.issued(&config).await;
    let aside = text(&test, &format!("{TLS_CHAIN}.replaced"));
    assert_eq!(aside, theirs.cert.pem());
}
