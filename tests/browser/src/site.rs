//! The application with servers of its own, as a developer starts it.

use crate::free_port;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// From nothing to the first page: a new cluster, migrations, demo data.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running application.
pub struct Site {
    /// `http://localhost:PORT`
    pub base: String,
    /// The administrator's address.
    pub email: String,
    /// The administrator's password.
    pub password: String,
    process: Child,
    _dir: tempfile::TempDir,
}

impl Site {
    /// Starts one in a new directory.
    pub async fn start() -> Self {
        let program = std::env::var("ONEBOX_WIZAMART").expect("ONEBOX_WIZAMART names the program");
        let program = PathBuf::from(program).canonicalize().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut process = Command::new(program)
            .args(["dev", "--port", &port.to_string()])
            .current_dir(dir.path())
            .env("ONEBOX_IMPORTS__ALLOW_PRIVATE_NETWORKS", "true")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("start the application");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (mut email, mut password) = (None, None);
        let told = async {
            while let Ok(Some(line)) = lines.next_line().await {
                println!("{line}");
                // "  http://localhost:PORT/admin  log in as ADDRESS with PASSWORD"
                if let Some((_, login)) = line.split_once("log in as ") {
                    let mut words = login.split_whitespace();
                    email = words.next().map(str::to_owned);
                    password = words.nth(1).map(str::to_owned);
                    break;
                }
            }
        };
        tokio::time::timeout(PATIENCE, told)
            .await
            .expect("the application says where it is");
        // Its further words must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(started.elapsed() < PATIENCE, "nothing listens");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Self {
            base: format!("http://localhost:{port}"),
            email: email.expect("the administrator's address"),
            password: password.expect("the administrator's password"),
            process,
            _dir: dir,
        }
    }

    /// Asks the application to stop, and waits until it and its servers have.
    pub async fn stop(mut self) {
        let id = self.process.id().unwrap().to_string();
        let mut kill = Command::new("kill");
        let _asked = kill.args(["-INT", &id]).status().await.unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.process.wait()).await;
        let status = ended.expect("the application ends").unwrap();
        assert!(status.success(), "the application ended with {status}");
    }
}
