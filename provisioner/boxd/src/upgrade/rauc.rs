//! RAUC over D-Bus (`de.pengutronix.rauc.Installer`): it checks who signed a
//! bundle and writes it into the other slot, taking blocks that either slot has
//! from there.

use super::UpgradeError;
use crate::steps::Steps;
use std::collections::HashMap;
use std::time::Duration;
use zbus::{Connection, OwnedVariant, Variant};

/// How often it is asked how far it is.
const LOOK: Duration = Duration::from_secs(1);
/// Progress is told in steps of so many percent.
const STEP: i32 = 5;
/// It says nothing for so long: it hangs.
const SILENCE: Duration = Duration::from_secs(900);

#[zbus::proxy(
    interface = "de.pengutronix.rauc.Installer",
    default_service = "de.pengutronix.rauc",
    default_path = "/"
)]
trait Installer {
    fn install_bundle(
        &self,
        source: &str,
        arguments: HashMap<&str, Variant<'_>>,
    ) -> zbus::Result<()>;
    fn inspect_bundle(
        &self,
        source: &str,
        arguments: HashMap<&str, Variant<'_>>,
    ) -> zbus::Result<HashMap<String, OwnedVariant>>;

    #[zbus(property(emits_changed_signal = "false"))]
    fn operation(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn last_error(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn progress(&self) -> zbus::Result<(i32, String, i32)>;
}

/// What it does while it does nothing.
const IDLE: &str = "idle";
/// Where a bundle's manifest says what the release is: the section `[meta.onebox]`,
/// key `release` (RAUC's reference, "Manifest").
const RELEASE: [&str; 3] = ["meta", "onebox", "release"];

fn said(what: &'static str) -> impl FnOnce(zbus::Error) -> UpgradeError {
    move |error| UpgradeError::Rauc {
        what,
        said: match error {
            // Without the error's name, which says nothing more.
            zbus::Error::MethodError(_, Some(message), _) => message,
            other => other.to_string(),
        },
    }
}

async fn installer(what: &'static str) -> Result<InstallerProxy<'static>, UpgradeError> {
    let connection = Connection::system().await.map_err(said(what))?;
    InstallerProxy::new(&connection).await.map_err(said(what))
}

/// Checks who signed a bundle, and returns what its manifest says of the
/// release, in base64. Of a bundle behind a URL only the end is read.
///
/// # Errors
/// When it is not signed by somebody who is trusted, is damaged or is for
/// something else than this box.
pub(super) async fn inspect(source: &str) -> Result<String, UpgradeError> {
    const WHAT: &str = "take this bundle";
    let installer = installer(WHAT).await?;
    let mut told = installer
        .inspect_bundle(source, HashMap::new())
        .await
        .map_err(said(WHAT))?;
    let [meta, inner @ ..] = RELEASE;
    let found = told
        .remove(meta)
        .and_then(|value| text_at(value.into(), &inner));
    found.ok_or_else(|| UpgradeError::Rauc {
        what: WHAT,
        said: format!(
            "{source} is signed, but says nothing of a Onebox release; make bundles with `boxctl release`"
        ),
    })
}

/// The text at the end of a path of dictionaries.
fn text_at(value: Variant<'_>, path: &[&str]) -> Option<String> {
    let value = match value {
        Variant::Variant(inner) => *inner,
        value => value,
    };
    let Some((first, rest)) = path.split_first() else {
        return String::try_from(value).ok();
    };
    let mut all = HashMap::<String, Variant<'_>>::try_from(value).ok()?;
    text_at(all.remove(*first)?, rest)
}

/// Writes a bundle into the slot that does not run.
///
/// # Errors
/// When it is not taken, or the slot cannot be written. What was written stays
/// and is not transferred again.
pub(super) async fn install(source: &str, steps: &Steps) -> Result<(), UpgradeError> {
    const WHAT: &str = "install this bundle";
    let installer = installer(WHAT).await?;
    installer
        .install_bundle(source, HashMap::new())
        .await
        .map_err(said(WHAT))?;
    let (mut told, mut last) = (-STEP, (0, String::new()));
    let mut heard = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        let operation = installer.operation().await.map_err(said(WHAT))?;
        if operation == IDLE {
            let error = installer.last_error().await.map_err(said(WHAT))?;
            return if error.is_empty() {
                Ok(())
            } else {
                Err(UpgradeError::Rauc {
                    what: WHAT,
                    said: error,
                })
            };
        }
        let (percent, message, _) = installer.progress().await.map_err(said(WHAT))?;
        if (percent, &message) != (last.0, &last.1) {
            heard = tokio::time::Instant::now();
            last = (percent, message);
        } else if heard.elapsed() > SILENCE {
            return Err(UpgradeError::Rauc {
                what: WHAT,
                said: format!(
                    "it has been at {percent} % ({}) for {} min; `systemctl restart rauc` ends it",
                    last.1,
                    SILENCE.as_secs() / 60
                ),
            });
        }
        if percent >= told + STEP {
            told = percent - percent % STEP;
            steps.tell(format!("writing the other slot: {told} % ({})", last.1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_is_found_in_what_rauc_tells() {
        // a{sa{ss}}, as RAUC 1.13 sends it, and with variants inside.
        let plain: HashMap<&str, &str> = [("release", "e30=")].into();
        let plain: HashMap<&str, HashMap<&str, &str>> = [("onebox", plain)].into();
        let inner: HashMap<&str, Variant<'_>> = [("release", Variant::from("e30="))].into();
        let inner: HashMap<&str, Variant<'_>> = [("onebox", Variant::from(inner))].into();
        for meta in [Variant::from(plain), Variant::from(inner)] {
            let nested = Variant::Variant(Box::new(meta));
            let found = text_at(nested.try_clone().unwrap(), &RELEASE[1..]);
            assert_eq!(found.as_deref(), Some("e30="));
            for path in [&["other"][..], &["onebox", "release", "more"], &["onebox"]] {
                assert_eq!(text_at(nested.try_clone().unwrap(), path), None, "{path:?}");
            }
        }
    }
}
