//! An authority that misbehaves: whatever it does, the box serves what it has,
//! says what it heard and asks again as seldom as it should.

use super::bench::{TestBox, config, name_server};
use super::fake::{Fake, Fault};
use crate::acme::store;
use crate::acme::testing::Ca;
use onebox_api::certificates::{Haste, Source, Status};
use onebox_model::Config;
use onebox_model::paths::ACME_PAIRS;
use time::{Duration, OffsetDateTime};

async fn with(domains: &[&str]) -> (TestBox, Fake, Config) {
    let test = TestBox::new().await;
    let fake = Fake::start().await;
    let config = of(&test, &fake, domains).await;
    (test, fake, config)
}

async fn of(test: &TestBox, fake: &Fake, domains: &[&str]) -> Config {
    let mut config = config(&fake.directory, domains);
    config.acme.resolvers = vec![name_server().await];
    // With roots of its own an authority may be anywhere.
    let file = test.disk.path("/ca.pem");
    std::fs::write(&file, Ca::new().root()).unwrap();
    config.acme.ca_file = Some(file.display().to_string());
    config
}

fn problem(status: &Status) -> &str {
    status.problem.as_deref().unwrap_or_default()
}

fn wait(status: &Status) -> Duration {
    status.next_try.unwrap() - OffsetDateTime::now_utc()
}

#[tokio::test]
async fn a_server_error_is_told_waited_for_and_overcome() {
    let (mut test, fake, config) = with(&["a.example"]).await;
    let broken = Fault::Status(
        500,
        None,
        r#"{"type":"urn:ietf:params:acme:error:serverInternal","detail":"the database is on fire"}"#,
    );
    fake.faults("new-order", &[broken]);
    let status = test.run(&config).await.status;
    assert!(
        problem(&status).contains("the database is on fire"),
        "{status:?}"
    );
    assert_eq!(status.served.as_ref().unwrap().source, Source::Local);
    assert!((Duration::seconds(50)..=Duration::minutes(1)).contains(&wait(&status)));
    // Not at once, and not by a new process either.
    test.restart();
    test.run(&config).await;
    assert_eq!(fake.hits("new-order"), 1);
    test.wait_over();
    test.issued(&config).await;
}

#[tokio::test]
async fn nothing_at_any_door_harms_what_is_served() {
    let (test, fake, config) = with(&["a.example"]).await;
    let before = test.issued(&config).await;
    let doors = [
        "directory",
        "nonce",
        "new-order",
        "finalize",
        "order",
        "cert",
    ];
    let faults = [
        Fault::Garbage,
        Fault::Huge,
        Fault::Drop,
        Fault::Status(502, None, "<html>bad gateway</html>"),
        Fault::Status(404, None, "not here"),
        Fault::Status(400, None, "{}"),
        Fault::Status(
            403,
            None,
            r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"go away"}"#,
        ),
    ];
    for door in doors {
        for fault in &faults {
            fake.faults(door, &[fault.clone(), fault.clone(), fault.clone()]);
            let status = test.force(&config).await.status;
            let served = status.served.unwrap();
            assert_eq!(served.source, Source::Authority, "{door} {fault:?}");
            // A lost answer may be overcome; else it is told.
            let told = status.problem.is_some() || status.names[0].problem.is_some();
            assert!(told || served.serial != before.serial, "{door} {fault:?}");
            fake.faults(door, &[]);
            test.wait_over();
        }
    }
    let status = test.force(&config).await.status;
    assert_eq!(status.problem, None);
}

#[tokio::test]
async fn an_authority_that_says_nothing_is_not_waited_for_long() {
    let (test, fake, config) = with(&["a.example"]).await;
    fake.faults("new-order", &[Fault::Hang]);
    let run = tokio::time::timeout(std::time::Duration::from_secs(30), test.run(&config));
    let status = run.await.unwrap().status;
    assert!(problem(&status).contains("timed out"), "{status:?}");
}

#[tokio::test]
async fn a_limit_is_waited_for_a_day_at_most_and_takes_nobody_to_another_authority() {
    let (test, fake, mut config) = with(&["a.example"]).await;
    let second = Fake::start().await;
    config.acme.fallback.directory = Some(second.directory.clone());
    let limited = r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates already issued"}"#;
    for (retry_after, least, most) in [
        ("7200", Duration::minutes(119), Duration::hours(2)),
        (
            "99999999999999999999",
            Duration::hours(23),
            Duration::hours(24),
        ),
        (
            "Fri, 31 Dec 9999 23:59:59 GMT",
            Duration::hours(23),
            Duration::hours(24),
        ),
        (
            "18446744073709551615",
            Duration::hours(23),
            Duration::hours(24),
        ),
    ] {
        let fault = Fault::Status(429, Some(retry_after), limited);
        fake.faults("new-order", &[fault]);
        test.wait_over();
        let status = test.run(&config).await.status;
        assert!(
            problem(&status).contains("too many certificates"),
            "{status:?}"
        );
        let wait = wait(&status);
        assert!(wait > least && wait <= most, "{retry_after}: {wait}");
    }
    assert_eq!(second.orders().len(), 0);
}

#[tokio::test]
async fn the_second_authority_is_asked_when_the_first_ones_servers_failed_three_times() {
    let (test, fake, mut config) = with(&["a.example"]).await;
    let second = Fake::start().await;
    config.acme.fallback.directory = Some(second.directory.clone());
    let down = Fault::Status(503, None, "");
    fake.faults("new-order", &vec![down; 3]);
    for failures in 1..=3_usize {
        assert_eq!(second.orders().len(), 0);
        test.run(&config).await;
        assert_eq!(fake.hits("new-order"), failures);
        test.wait_over();
    }
    // The third failure and the second authority are one run.
    assert_eq!(second.orders().len(), 1);
    let served = test.issued(&config).await;
    assert_eq!(served.issuer, "fake");
    assert_eq!(test.state().live.unwrap().directory, second.directory);
    // Next time the first one is asked first again.
    test.force(&config).await;
    assert_eq!(test.state().live.unwrap().directory, fake.directory);
}

#[tokio::test]
async fn what_cannot_replace_is_ordered_without_replacing_and_nowhere_else() {
    let (test, fake, mut config) = with(&["a.example"]).await;
    let second = Fake::start().await;
    config.acme.fallback.directory = Some(second.directory.clone());
    test.issued(&config).await;
    for fault in [
        Fault::Status(
            409,
            None,
            r#"{"type":"urn:ietf:params:acme:error:alreadyReplaced","detail":"it has been replaced"}"#,
        ),
        Fault::Status(
            404,
            None,
            r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"no such certificate"}"#,
        ),
        Fault::Status(
            429,
            Some("9999"),
            r#"{"type":"urn:ietf:params:acme:error:rateLimited","detail":"slowly"}"#,
        ),
        Fault::Status(400, None, "nonsense"),
        Fault::ForgetReplaces,
    ] {
        let before = (fake.orders().len(), fake.hits("new-order"));
        fake.faults("new-order", std::slice::from_ref(&fault));
        let status = test.force(&config).await.status;
        assert_eq!(status.problem, None, "{fault:?}");
        assert_eq!(fake.hits("new-order"), before.1 + 2, "{fault:?}");
        let orders = fake.orders();
        assert!(orders.last().unwrap()["replaces"].is_null(), "{fault:?}");
        assert!(orders.len() > before.0);
    }
    // Without a fault it is named.
    test.force(&config).await;
    assert!(fake.orders().last().unwrap()["replaces"].is_string());
    assert_eq!(second.orders().len(), 0);
}

#[tokio::test]
async fn bad_nonces_are_borne_beyond_the_librarys_three() {
    let (test, fake, config) = with(&["a.example"]).await;
    let bad = Fault::Status(
        400,
        None,
        r#"{"type":"urn:ietf:params:acme:error:badNonce","detail":"bad nonce"}"#,
    );
    fake.faults("new-order", &vec![bad.clone(); 10]);
    test.issued(&config).await;
    // For ever, it is the authority that is broken.
    fake.faults("new-order", &vec![bad; 1000]);
    let status = test.force(&config).await.status;
    assert!(problem(&status).contains("badNonce"), "{status:?}");
}

#[tokio::test]
async fn a_lost_answer_to_the_request_costs_no_second_order() {
    let (test, fake, config) = with(&["a.example"]).await;
    fake.faults("finalize", &[Fault::DropAfterwards]);
    test.issued(&config).await;
    assert_eq!(fake.orders().len(), 1);
}

#[tokio::test]
async fn an_order_that_is_processed_for_a_day_as_it_says_is_looked_at_all_the_same() {
    let (test, fake, config) = with(&["a.example"]).await;
    fake.faults("finalize", &[Fault::Slow]);
    test.issued(&config).await;
    assert_eq!(fake.orders().len(), 1);
}

#[tokio::test]
async fn what_was_said_of_a_name_that_is_gone_is_not_said_for_ever() {
    let (test, fake, mut config) = with(&["a.example", "b.example"]).await;
    fake.reject("b.example");
    test.run(&config).await;
    config.web.domains.pop();
    let status = test.run(&config).await.status;
    assert_eq!((status.problem, status.names.len()), (None, 1));
}

#[tokio::test]
async fn two_processes_order_one_after_the_other() {
    let (test, fake, config) = with(&["a.example"]).await;
    let other = test.another();
    let (one, two) = tokio::join!(test.run(&config), other.run(&config, Haste::Due, &|_| ()));
    assert_eq!(fake.orders().len(), 1);
    assert_eq!(one.status.served, two.status.served);
}

#[tokio::test]
async fn a_certificate_that_is_not_what_was_ordered_is_not_served() {
    let (test, fake, config) = with(&["a.example"]).await;
    let good = test.issued(&config).await;
    for (fault, said) in [
        (Fault::OtherName, "not for a.example"),
        (Fault::OtherKey, "go together"),
    ] {
        fake.faults("finalize", &[fault]);
        let status = test.force(&config).await.status;
        assert!(problem(&status).contains(said), "{status:?}");
        assert_eq!(status.served.unwrap().serial, good.serial);
        test.wait_over();
    }
}

#[tokio::test]
async fn a_name_that_the_authority_refuses_is_left_out() {
    let (test, fake, config) = with(&["a.example", "b.example"]).await;
    fake.reject("b.example");
    let status = test.run(&config).await.status;
    let served = status.served.unwrap();
    assert_eq!(
        (served.source, served.names),
        (Source::Authority, vec!["a.example".to_owned()])
    );
    let b = &status.names[1];
    assert_eq!(b.problem.as_deref(), Some("we give none for this one"));
    // It was no validation, so nothing of the hour's share is used.
    assert!(test.state().names["b.example"].failed.is_empty());
}

#[tokio::test]
async fn the_authoritys_suggestion_is_followed_kept_and_explained() {
    let (mut test, fake, config) = with(&["a.example"]).await;
    let now = OffsetDateTime::now_utc();
    fake.suggest((now + Duration::days(10), now + Duration::days(20)));
    let first = test.issued(&config).await;
    let drawn = test.manager.status(&config).renew_at.unwrap();
    assert!(drawn >= now + Duration::days(10) && drawn <= now + Duration::days(20));
    test.restart();
    let again = test.run(&config).await.status;
    assert_eq!(again.renew_at, Some(drawn), "drawn once");
    let why = again.renew_because.unwrap();
    assert!(why.contains("https://fake.example/why"), "{why}");
    // It wants it back now.
    fake.suggest((now - Duration::days(2), now - Duration::days(1)));
    let mut state = test.state();
    state.live.as_mut().unwrap().ask_at = None;
    state.save(&test.disk).unwrap();
    let second = test.issued(&config).await;
    assert_ne!(second.serial, first.serial);
    assert!(fake.orders().last().unwrap()["replaces"].is_string());
    // One that says nothing of when to ask again, or too much, is understood.
    for hostile in [None, Some("99999999999999999999")] {
        let fault = Fault::Status(200, hostile, "{}");
        fake.faults("renewal", &[fault]);
        let mut state = test.state();
        state.live.as_mut().unwrap().ask_at = None;
        state.save(&test.disk).unwrap();
        test.run(&config).await;
        let ask_at = test.state().live.unwrap().ask_at.unwrap();
        assert!(ask_at <= OffsetDateTime::now_utc() + Duration::hours(6));
    }
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_known_before_anything_is_ordered() {
    let (test, fake, config) = with(&["a.example"]).await;
    std::fs::create_dir_all(test.disk.path("/var/lib/onebox/acme")).unwrap();
    std::fs::write(test.disk.path(ACME_PAIRS), "in the way").unwrap();
    let status = test.run(&config).await.status;
    assert!(problem(&status).contains("could not be kept"), "{status:?}");
    assert_eq!(fake.hits("new-order"), 0);
}

#[tokio::test]
async fn a_process_that_dies_over_an_order_does_not_ask_again_at_once() {
    let (mut test, fake, config) = with(&["a.example"]).await;
    fake.faults("finalize", &[Fault::Hang]);
    let cut = std::time::Duration::from_millis(1500);
    assert!(tokio::time::timeout(cut, test.run(&config)).await.is_err());
    assert_eq!(fake.hits("finalize"), 1);
    test.restart();
    let status = test.run(&config).await.status;
    assert_eq!(fake.hits("new-order"), 1);
    assert!(wait(&status) <= Duration::minutes(1));
    test.wait_over();
    test.issued(&config).await;
}

#[tokio::test]
async fn links_that_somebody_broke_are_mended() {
    let (test, _fake, config) = with(&["a.example"]).await;
    let served = test.issued(&config).await;
    for path in [onebox_model::paths::TLS_CHAIN, onebox_model::paths::TLS_KEY] {
        std::fs::remove_file(test.disk.path(path)).unwrap();
    }
    assert_eq!(test.issued(&config).await.serial, served.serial);
    // A pair whose files are gone is ordered anew.
    let live = test.state().live.unwrap().id;
    std::fs::remove_dir_all(test.disk.path(ACME_PAIRS).join(&live)).unwrap();
    let next = test.issued(&config).await;
    assert_ne!(next.serial, served.serial);
    assert!(store::is_in_use(&test.disk, &test.state().live.unwrap().id));
}
