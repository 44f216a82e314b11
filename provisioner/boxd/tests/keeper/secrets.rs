//! Secrets of the operator: stored, named, planned and forgotten. Encryption
//! is played here and real in the virtual machine.

use crate::stage::Stage;
use boxd::secrets::{self, CredsError, Seal, SecretsError};
use futures_util::future::{BoxFuture, FutureExt};
use onebox_model::{paths, units};

const NAMES: &str = "[payments]\nstripe_secret_key = { secret = \"stripe\" }\n";

/// Turns the letters around: enough to see that nothing is stored as it is.
#[derive(Debug)]
struct Played;

impl Seal for Played {
    fn seal<'a>(
        &'a self,
        name: &'a str,
        value: &'a str,
    ) -> BoxFuture<'a, Result<Vec<u8>, CredsError>> {
        let sealed = format!("{name}:{}", value.chars().rev().collect::<String>());
        async move { Ok(sealed.into_bytes()) }.boxed()
    }
}

async fn set(stage: &Stage, name: &str, value: &str) -> Result<(), SecretsError> {
    secrets::set(&stage.disk(), &Played, name, value).await
}

#[tokio::test]
async fn a_named_secret_must_be_stored_before_it_can_be_applied() {
    let stage = Stage::new("");
    stage.edit(NAMES);
    let refused = stage.apply().await.unwrap_err().to_string();
    assert!(refused.contains("payments.stripe_secret_key"), "{refused}");
    assert!(refused.contains("boxctl secret set stripe"), "{refused}");
    assert_eq!(stage.current(), Some(1));

    set(&stage, "stripe", "sk_live_123").await.unwrap();
    stage.apply().await.unwrap();
    let dropin = format!(
        "{}/{}.d/60-onebox-secrets.conf",
        paths::GENERATOR_DIR,
        units::WEB
    );
    let text = stage.read(&dropin);
    assert!(text.contains("LoadCredentialEncrypted=stripe:/var/lib/onebox/credstore/stripe"));
    assert!(stage.applier().plan().unwrap().is_empty());
}

#[tokio::test]
async fn a_new_value_is_a_change_that_restarts_who_uses_it_and_is_not_shown() {
    let stage = Stage::new("");
    set(&stage, "stripe", "sk_live_123").await.unwrap();
    stage.edit(NAMES);
    stage.apply().await.unwrap();
    set(&stage, "stripe", "sk_live_456").await.unwrap();
    let plan = stage.applier().plan().unwrap();
    assert!(!plan.is_empty());
    let units: Vec<&str> = plan.actions.iter().map(|one| one.unit.as_str()).collect();
    assert!(units.contains(&units::WEB) && units.len() == 6, "{units:?}");
    let shown = serde_json::to_string(&plan).unwrap();
    assert!(
        !shown.contains("sk_live") && !shown.contains("654_"),
        "{shown}"
    );
    let told = stage.calls().len();
    stage.apply().await.unwrap();
    let restart = format!("restart {}", units::WEB);
    assert!(stage.calls()[told..].contains(&restart));
    assert!(stage.applier().plan().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_no_name_or_value_is_refused_and_nothing_leads_out_of_the_store() {
    let stage = Stage::new("");
    for name in ["", "../tls/privkey.pem", "a/b", ".hidden", "two words"] {
        let error = set(&stage, name, "x").await.unwrap_err();
        assert!(matches!(error, SecretsError::Name(_)), "{name}: {error}");
    }
    let empty = set(&stage, "x", "").await.unwrap_err().to_string();
    assert!(empty.contains("standard input"), "{empty}");
    assert!(set(&stage, "x", "two\nlines").await.is_err());
    assert!(set(&stage, "x", &"x".repeat(70_000)).await.is_err());
    assert!(secrets::list(&stage.disk()).unwrap().is_empty());
}

#[tokio::test]
async fn a_secret_that_is_named_is_not_forgotten_by_mistake() {
    let stage = Stage::new("");
    set(&stage, "stripe", "sk").await.unwrap();
    set(&stage, "old", "x").await.unwrap();
    stage.edit(NAMES);
    let list = secrets::list(&stage.disk()).unwrap();
    let named: Vec<(&str, usize)> = list
        .iter()
        .map(|one| (one.name.as_str(), one.named_by.len()))
        .collect();
    assert_eq!(named, [("old", 0), ("stripe", 1)]);
    let disk = stage.disk();
    let error = secrets::remove(&disk, "stripe", false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("payments.stripe_secret_key"), "{error}");
    secrets::remove(&disk, "old", false).unwrap();
    secrets::remove(&disk, "stripe", true).unwrap();
    assert!(matches!(
        secrets::remove(&disk, "old", false),
        Err(SecretsError::Missing(_))
    ));
    let list = secrets::list(&disk).unwrap();
    assert!(
        list.len() == 1 && list[0].stored_at.is_none(),
        "named and missing"
    );
}
