//! Certificates over the daemon's real socket, with a systemd that is played
//! and without an authority.

use crate::stage::Stage;
use boxd::daemon::Keeper;
use onebox_api::certificates::{
    Haste, RENEW, REVOKE, Reason, Renew, Report, Revoke, STATUS, Source, State, Status, TEST,
};
use onebox_api::client::{Client, ClientError};
use onebox_api::reconcilers::{self, Outcome, ReconcilerStatus};
use onebox_model::paths;
use std::path::{Path, PathBuf};
use std::time::Duration;

struct Daemon {
    socket: PathBuf,
    stage: Stage,
}

impl Daemon {
    async fn new(config: &str) -> Self {
        let stage = Stage::new(config);
        let socket = stage.root().join("boxd.sock");
        let (keeper, path) = (Keeper::new(stage.applier()), socket.clone());
        tokio::spawn(async move { keeper.serve(&path).await.unwrap() });
        while !socket.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Self { socket, stage }
    }

    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(Client) -> Result<T, ClientError> + Send + 'static,
    ) -> Result<T, ClientError> {
        let client = Client::new(&self.socket);
        tokio::task::spawn_blocking(move || ask(client))
            .await
            .unwrap()
    }

    async fn renew(&self) -> (Status, Vec<String>) {
        self.ask(|client| {
            let mut steps = Vec::new();
            let request = Renew { haste: Haste::Anew };
            let status = client.follow(RENEW, &request, |step| steps.push(step.to_owned()))?;
            Ok((status, steps))
        })
        .await
        .unwrap()
    }
}

/// An authority whose port nobody listens on, and an address: nobody asks the
/// DNS about it.
fn config(directory: &str, roots: &Path) -> String {
    format!(
        "[acme]\nterms_agreed = true\naddresses = [\"127.0.0.1\"]\ndirectory = \"{directory}\"\nca_file = \"{}\"\n",
        roots.display()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn without_domains_the_box_serves_its_own_and_says_why() {
    let daemon = Daemon::new("").await;
    let before: Status = daemon.ask(|client| client.get(STATUS)).await.unwrap();
    assert_eq!(before.served.unwrap().source, Source::Local);
    std::fs::remove_file(paths::under(daemon.stage.root(), paths::TLS_KEY)).unwrap();
    let (status, steps) = daemon.renew().await;
    assert!(steps.is_empty(), "{steps:?}");
    assert!(status.off.unwrap().contains("web.domains"));
    let served = status.served.unwrap();
    assert_eq!(served.source, Source::Local);
    assert!(served.names.contains(&"localhost".to_owned()));
    assert!(
        daemon.stage.read(paths::TLS_KEY).contains("PRIVATE KEY"),
        "made again"
    );
    let asked = reconcilers::Run {
        name: "certificates".to_owned(),
    };
    let run: ReconcilerStatus = daemon
        .ask(move |client| client.post(reconcilers::RUN, &asked))
        .await
        .unwrap();
    // Nothing listens on the site's port here, and that is told.
    assert_ne!(run.last_outcome, Some(Outcome::Failed), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_is_not_there_is_told_with_the_next_try() {
    let roots = tempfile::NamedTempFile::new().unwrap();
    let made = rcgen::generate_simple_self_signed(["ca.example".to_owned()]).unwrap();
    std::fs::write(roots.path(), made.cert.pem()).unwrap();
    let daemon = Daemon::new(&config("https://127.0.0.1:9/dir", roots.path())).await;
    let (status, steps) = daemon.renew().await;
    assert!(!steps.is_empty());
    let problem = status.problem.unwrap();
    assert!(problem.contains("127.0.0.1:9"), "{problem}");
    assert!(status.next_try.is_some() && status.off.is_none());
    assert_eq!(status.served.unwrap().source, Source::Local);
    let report: Report = daemon.ask(|client| client.post(TEST, &())).await.unwrap();
    assert_eq!(report.worst(), State::Doubtful);
    let request = Revoke {
        reason: Reason::Unspecified,
    };
    let revoked = daemon
        .ask(move |client| client.post::<Status>(REVOKE, &request))
        .await
        .unwrap_err();
    assert!(matches!(&revoked, ClientError::Refused(problem) if problem.status == 409));
}
