//! The rendered files as the real programs read them, where this machine has
//! them. Elsewhere these tests say so and pass; inside the box they always run.

use super::*;
use crate::config::Firewall;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Settings that servers before 17 do not know.
const SINCE_17: [&str; 1] = ["allow_alter_system"];

fn skip(what: &str) {
    println!("skipped: {what}");
}

fn newest_postgres() -> Option<(u32, PathBuf)> {
    fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let dir = entry.ok()?;
            let version: u32 = dir.file_name().to_str()?.parse().ok()?;
            let binary = dir.path().join("bin/postgres");
            binary.exists().then_some((version, binary))
        })
        .max()
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .any(|line| line.starts_with("Uid:\t0\t"))
}

/// The server refuses to run as root, even to parse its configuration.
fn unprivileged(program: &Path) -> Command {
    if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
            .arg(program);
        command
    } else {
        Command::new(program)
    }
}

#[test]
fn postgresql_accepts_every_setting() {
    let Some((version, binary)) = newest_postgres() else {
        return skip("no PostgreSQL server below /usr/lib/postgresql");
    };
    for (memory, cores) in [(512, 1), (1024, 2), (4096, 4), (262_144, 64)] {
        let sizing = Sizing::for_machine(&Machine::of(memory, cores), &Config::default());
        let dir = tempfile::tempdir().unwrap();
        open_to_all(dir.path());
        let text: String = postgres::server(&sizing.postgres, &Config::default().backups)
            .lines()
            .filter(|line| version >= 17 || !SINCE_17.iter().any(|name| line.starts_with(name)))
            .map(|line| format!("{line}\n"))
            .collect();
        let file = dir.path().join("postgresql.conf");
        fs::write(&file, text).unwrap();
        let output = unprivileged(&binary)
            .args(["-C", "shared_buffers", "-c"])
            .arg(format!("config_file={}", file.display()))
            // The cluster's own directory does not exist here.
            .arg("-c")
            .arg(format!("data_directory={}", dir.path().display()))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{memory} MiB: {said}");
        let pages: u64 = String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .unwrap();
        assert_eq!(pages * 8192, sizing.postgres.shared_buffers, "{memory} MiB");
    }
}

#[test]
fn redis_starts_with_the_rendered_file_and_answers_on_its_socket() {
    let Ok(version) = Command::new("redis-server").arg("--version").output() else {
        return skip("no redis-server");
    };
    assert!(version.status.success());
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("s");
    let text = redis::server(&sizing().redis)
        .replace(paths::REDIS_SOCKET, socket.to_str().unwrap())
        .replace(paths::REDIS_DATA, dir.path().to_str().unwrap());
    let file = dir.path().join("redis.conf");
    fs::write(&file, text).unwrap();
    let mut server = Command::new("redis-server")
        .arg(&file)
        .env_remove("NOTIFY_SOCKET")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let answers = settings_of(&socket);
    server.kill().unwrap();
    let output = server.wait_with_output().unwrap();
    let log = String::from_utf8_lossy(&output.stdout);
    let answers = answers.unwrap_or_else(|| panic!("no answer in time: {log}"));
    for (name, value) in [
        ("maxmemory", sizing().redis.maxmemory.to_string()),
        ("maxmemory-policy", "volatile-ttl".to_owned()),
        ("appendonly", "yes".to_owned()),
        ("appendfsync", "everysec".to_owned()),
        ("port", "0".to_owned()),
        ("save", String::new()),
    ] {
        let pair = format!(
            "${}\r\n{name}\r\n${}\r\n{value}\r\n",
            name.len(),
            value.len()
        );
        assert!(answers.contains(&pair), "{name}: {answers}");
    }
    assert!(dir.path().join("appendonlydir").is_dir());
}

/// `CONFIG GET *` over the socket, once it is there.
fn settings_of(socket: &Path) -> Option<String> {
    use std::io::{Read as _, Write as _};
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if let Ok(mut stream) = std::os::unix::net::UnixStream::connect(socket) {
            stream.write_all(b"CONFIG GET *\r\nQUIT\r\n").ok()?;
            let mut text = String::new();
            stream.read_to_string(&mut text).ok()?;
            return Some(text);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

#[test]
fn nft_accepts_the_ruleset() {
    let Ok(version) = Command::new("nft").arg("--version").output() else {
        return skip("no nft");
    };
    assert!(version.status.success());
    if !is_root() {
        return skip("nft checks rules as root only");
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("nftables.conf");
    let networks = ["203.0.113.0/24", "203.0.113.7", "2001:db8::/32"].map(str::to_owned);
    for ssh_from in [Vec::new(), networks.to_vec()] {
        fs::write(&file, nftables::ruleset(&Firewall { ssh_from })).unwrap();
        let output = Command::new("nft")
            .args(["-c", "-f"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn ssh_keygen_accepts_the_keys() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("authorized_keys");
    let mut config = Config::default();
    config.ssh.authorized_keys = vec![KEY.to_owned()];
    fs::write(&file, ssh::authorized_keys(&config, &[])).unwrap();
    let Ok(output) = Command::new("ssh-keygen").arg("-lf").arg(&file).output() else {
        return skip("no ssh-keygen");
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn open_to_all(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
}
