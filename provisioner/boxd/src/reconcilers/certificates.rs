//! Certificates: ordered, renewed in time, served.

use super::{Failure, Reconciler, Report};
use crate::acme::{self, Manager, Outcome};
use crate::disk::Disk;
use futures_util::future::{BoxFuture, FutureExt};
use onebox_api::certificates::{Haste, Status};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

/// Between two runs at most: the operator's file may have changed, or somebody
/// the files. A run that has nothing to do is one handshake with the site.
const USUAL: Duration = Duration::from_secs(600);

/// Sees to it that every name has a certificate.
pub struct Certificates {
    disk: Arc<Disk>,
    manager: Arc<Manager>,
    /// When the last run wanted the next one.
    next: Mutex<Option<OffsetDateTime>>,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificates")
    }
}

impl Certificates {
    /// Of the box below `disk`.
    #[must_use]
    pub fn new(disk: Arc<Disk>, manager: Arc<Manager>) -> Self {
        Self {
            disk,
            manager,
            next: Mutex::default(),
        }
    }
}

impl Reconciler for Certificates {
    fn name(&self) -> &'static str {
        "certificates"
    }

    fn description(&self) -> &'static str {
        "Orders certificates, renews them in time and sees that they are served."
    }

    /// Until the next renewal, retry or look at a name, if that is sooner.
    fn period(&self) -> Duration {
        let next = *self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = next.map(|next| next - OffsetDateTime::now_utc());
        wait.and_then(|wait| Duration::try_from(wait).ok())
            .unwrap_or(USUAL)
            .clamp(Duration::from_secs(60), USUAL)
    }

    fn activate(&self) -> BoxFuture<'_, Result<Report, Failure>> {
        async {
            let config = acme::config_in_force(&self.disk);
            let say = |line: String| tracing::info!("{line}");
            let Outcome { status, next } = self.manager.run(&config, Haste::Due, &say).await;
            *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(next);
            let details = serde_json::to_value(&status)?;
            let (good, summary) = summary(&status);
            Ok(match good {
                true => Report::ok(summary, details),
                false => Report::attention(summary, details),
            })
        }
        .boxed()
    }
}

/// Whether all is well, and what is to be said.
fn summary(status: &Status) -> (bool, String) {
    let served = match &status.served {
        Some(served) => format!(
            "{} until {} ({} days)",
            served.issuer,
            served.not_after.date(),
            served.days_left
        ),
        None => "no certificate can be served".to_owned(),
    };
    if let Some(off) = &status.off {
        return (status.served.is_some(), format!("{served}; {off}"));
    }
    let bare: Vec<&str> = status
        .names
        .iter()
        .filter(|name| !name.covered)
        .map(|name| name.name.as_str())
        .collect();
    match (&status.problem, bare.as_slice(), status.notes.as_slice()) {
        (Some(problem), ..) => (false, format!("{served}; {problem}")),
        (None, [], []) => (true, served),
        (None, [], [note, ..]) => (false, format!("{served}; {note}")),
        (None, bare, _) => (false, format!("{served}; none for {}", bare.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Ownership;
    use crate::systemd::fake::Fake;
    use onebox_api::reconcilers::Outcome as How;

    #[tokio::test]
    async fn a_box_without_domains_serves_its_own_and_that_is_well() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Arc::new(Disk::new(dir.path(), Ownership::Skip));
        let manager = Arc::new(Manager::of_box(
            Arc::clone(&disk),
            Arc::new(Fake::default()),
        ));
        for path in [onebox_model::paths::STATE_DIR, onebox_model::paths::TLS_DIR] {
            disk.directory(path, crate::disk::Access::root(0o755))
                .unwrap();
        }
        let config = acme::config_in_force(&disk);
        let status = manager.status(&config);
        assert!(!summary(&status).0, "nothing is there yet");
        let work = Certificates::new(Arc::clone(&disk), manager);
        assert_eq!(work.period(), USUAL);
        let report = work.activate().await.unwrap();
        assert_eq!(report.outcome, How::Ok, "{}", report.summary);
        assert!(report.summary.contains("web.domains is empty"));
        assert_eq!(work.period(), USUAL);
    }
}
