//! `prepare` on a system in a temporary directory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use boxd::accounts::Ownership;
use boxd::disk::{Change, Disk};
use boxd::prepare::{Report, World, prepare};
use onebox_model::{Machine, paths};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUZjYvdyPVu1JmIHUkPEE4aYpTNL1vYqFdzmqnWhlK5 me@laptop";

struct Box {
    dir: TempDir,
    world: World,
}

impl Box {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            world: World {
                now: OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap(),
                hostname: "vm7".to_owned(),
                machine: Machine::of(1024, 2),
                credentials: None,
            },
        }
    }

    fn prepare(&self) -> Report {
        prepare(&Disk::new(self.dir.path(), Ownership::Skip), &self.world)
    }

    /// Prepares, and everything must have worked without a word.
    fn prepare_quietly(&self) -> Report {
        let report = self.prepare();
        assert_eq!(report.warnings, Vec::<String>::new());
        self.succeed(report)
    }

    fn succeed(&self, report: Report) -> Report {
        let Report { done, warnings, .. } = &report;
        let copy = (done.clone(), warnings.clone());
        report.outcome().unwrap();
        let mut report = Report::default();
        (report.done, report.warnings) = copy;
        report
    }

    fn path(&self, path: &str) -> PathBuf {
        paths::under(self.dir.path(), path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The box forgets what was applied, as one that knew of no generations.
    fn forget_generations(&self) {
        fs::remove_dir_all(self.path(paths::GENERATIONS_DIR)).unwrap();
    }

    fn mode(&self, path: &str) -> u32 {
        fs::metadata(self.path(path)).unwrap().permissions().mode() & 0o7777
    }

    /// Every file with its bytes and mode.
    fn everything(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut files = BTreeMap::new();
        collect(self.dir.path(), &mut files);
        files
    }
}

fn collect(dir: &Path, files: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        if path.is_dir() {
            collect(&path, files);
            files.insert(path, (mode, Vec::new()));
        } else {
            let bytes = fs::read(&path).unwrap();
            files.insert(path, (mode, bytes));
        }
    }
}

fn change(report: &Report, path: &str) -> Change {
    report
        .done
        .iter()
        .find(|done| done.path == path)
        .unwrap()
        .change
}

#[test]
fn a_first_boot_makes_everything_a_box_needs() {
    let it = Box::new();
    let report = it.prepare_quietly();
    for (path, mode) in [
        (paths::CONFIG, 0o644),
        (paths::CONFIG_LAST_GOOD, 0o600),
        (paths::SECRETS_DIR, 0o700),
        (paths::INITIAL_ADMIN, 0o600),
        (paths::SEAL_KEYS, 0o600),
        (paths::TLS_DIR, 0o755),
        (paths::TLS_CHAIN, 0o644),
        (paths::TLS_KEY, 0o640),
        (paths::LOCAL_CA_ROOT, 0o644),
        (paths::LOCAL_CA_KEY, 0o600),
        (paths::SSH_HOST_KEY, 0o600),
        (paths::SSH_HOST_KEY_PUB, 0o644),
        (paths::EFFECTIVE_CONFIG, 0o640),
        (paths::POSTGRES_CONF, 0o640),
        (paths::POSTGRES_HBA, 0o640),
        (paths::POSTGRES_IDENT, 0o640),
        (paths::REDIS_CONF, 0o640),
        (paths::NFTABLES_CONF, 0o600),
        (paths::SSH_RUN_AUTHORIZED_KEYS, 0o600),
        (paths::STATUS_CONFIG, 0o644),
    ] {
        assert_eq!(it.mode(path), mode, "{path}");
        // Those of the authority are told with the certificate it signs.
        if !path.starts_with(paths::LOCAL_CA_DIR) {
            assert_eq!(change(&report, path), Change::Created, "{path}");
        }
    }
    let admin: serde_json::Value = serde_json::from_str(&it.read(paths::INITIAL_ADMIN)).unwrap();
    assert_eq!(admin["email"], "admin@localhost");
    assert!(admin["password"].as_str().unwrap().len() >= 20);
    assert_eq!(it.read(paths::CONFIG), onebox_model::config::template());
}

#[test]
fn a_second_run_changes_no_byte_and_no_mode() {
    let it = Box::new();
    it.prepare_quietly();
    let before = it.everything();
    let report = it.prepare_quietly();
    assert!(
        report.done.iter().all(|done| done.change == Change::Kept),
        "{:?}",
        report.done
    );
    assert_eq!(it.everything(), before);
}

#[test]
fn a_box_has_secrets_of_its_own() {
    let (one, other) = (Box::new(), Box::new());
    one.prepare_quietly();
    other.prepare_quietly();
    for path in [
        paths::INITIAL_ADMIN,
        paths::SEAL_KEYS,
        paths::TLS_KEY,
        paths::SSH_HOST_KEY,
    ] {
        assert_ne!(one.read(path), other.read(path), "{path}");
    }
}

/// Runs with the power cut at the `cut`-th effect: nothing works after it.
fn interrupted(it: &Box, cut: usize) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let disk = Disk::with_checkpoint(
        it.dir.path(),
        Ownership::Skip,
        std::boxed::Box::new(move || {
            if seen.fetch_add(1, Ordering::Relaxed) >= cut {
                Err(io::Error::other("power cut"))
            } else {
                Ok(())
            }
        }),
    );
    let report = prepare(&disk, &it.world);
    let count = count.load(Ordering::Relaxed);
    assert_eq!(report.outcome().is_err(), count > cut);
    count
}

fn assert_complete(it: &Box, whole: &[PathBuf]) {
    let files: Vec<PathBuf> = it
        .everything()
        .into_keys()
        .map(|path| path.strip_prefix(it.dir.path()).unwrap().to_owned())
        .collect();
    assert_eq!(files, whole, "nothing is missing and nothing is left over");
}

#[test]
fn a_power_cut_at_any_point_is_made_good_by_the_next_run() {
    let reference = Box::new();
    let effects = interrupted(&reference, usize::MAX);
    assert!(effects > 60, "only {effects} points were tried");
    let whole: Vec<PathBuf> = reference
        .everything()
        .into_keys()
        .map(|path| path.strip_prefix(reference.dir.path()).unwrap().to_owned())
        .collect();
    for cut in 0..effects {
        let it = Box::new();
        interrupted(&it, cut);
        it.prepare_quietly();
        assert_complete(&it, &whole);
    }
}

#[test]
fn a_power_cut_never_loses_or_tears_a_secret_that_was_there() {
    let it = Box::new();
    it.prepare_quietly();
    let secrets = [
        paths::INITIAL_ADMIN,
        paths::SEAL_KEYS,
        paths::TLS_KEY,
        paths::TLS_CHAIN,
        paths::SSH_HOST_KEY,
    ];
    let before = secrets.map(|path| it.read(path));
    it.write(paths::CONFIG, "[time]\nzone = \"Europe/Luxembourg\"\n");
    for cut in 0..8 {
        interrupted(&it, cut);
        assert_eq!(secrets.map(|path| it.read(path)), before);
    }
}

#[test]
fn two_runs_at_once_end_as_one() {
    let it = Box::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| it.prepare().outcome().unwrap());
        }
    });
    let before = it.everything();
    it.prepare_quietly();
    assert_eq!(it.everything(), before);
}

#[test]
fn a_broken_file_on_the_first_boot_means_defaults_and_is_said() {
    let it = Box::new();
    it.write(paths::CONFIG, "[web]\ndomians = []\n");
    let report = it.prepare();
    let warnings = report.warnings.join("\n");
    report.outcome().unwrap();
    assert!(
        warnings.contains("/var/lib/onebox/onebox.toml:2: web.domians"),
        "{warnings}"
    );
    assert!(warnings.contains("DEFAULTS are in force"), "{warnings}");
    let status: serde_json::Value = serde_json::from_str(&it.read(paths::STATUS_CONFIG)).unwrap();
    assert_eq!(status["source"], "defaults");
    assert!(status["errors"][0].as_str().unwrap().contains("domains"));
    assert!(!it.path(paths::CONFIG_LAST_GOOD).exists());
    assert_eq!(
        it.read(paths::CONFIG),
        "[web]\ndomians = []\n",
        "the file is the operator's"
    );
}

#[test]
fn a_file_broken_later_leaves_the_last_good_one_in_force() {
    let it = Box::new();
    let good = format!("[ssh]\nauthorized_keys = [\"{KEY}\"]\n");
    it.write(paths::CONFIG, &good);
    it.prepare_quietly();
    for broken in ["[ssh\n", "[ssh]\nkeys = 1\n", "[time]\nzone = \"Mars\"\n"] {
        it.write(paths::CONFIG, broken);
        let warnings = it.prepare().warnings.join("\n");
        assert!(warnings.contains("generation 1 is in force"), "{warnings}");
        assert_eq!(it.read(paths::EFFECTIVE_CONFIG), good);
        it.forget_generations();
        let report = it.prepare();
        let warnings = report.warnings.join("\n");
        report.outcome().unwrap();
        assert!(
            warnings.contains("last good copy is in force"),
            "{warnings}"
        );
        assert_eq!(it.read(paths::EFFECTIVE_CONFIG), good);
        assert_eq!(it.read(paths::CONFIG_LAST_GOOD), good);
        assert!(it.read(paths::SSH_RUN_AUTHORIZED_KEYS).contains(KEY));
        assert!(it.read(paths::STATUS_CONFIG).contains("\"last_good\""));
        it.write(paths::CONFIG, &good);
        it.prepare_quietly();
        assert!(it.read(paths::STATUS_CONFIG).contains("\"generation\""));
    }
}

#[test]
fn a_file_that_is_not_text_is_survived() {
    let it = Box::new();
    let path = it.path(paths::CONFIG);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    let report = it.prepare();
    assert!(report.warnings.join("\n").contains("not UTF-8"));
    report.outcome().unwrap();
}

#[test]
fn keys_of_the_boot_credential_are_let_in_and_bad_lines_said() {
    let mut it = Box::new();
    let credentials = tempfile::tempdir().unwrap();
    let text = format!("# from the host\n\n{KEY}\nnonsense\n");
    fs::write(credentials.path().join("ssh.authorized_keys.root"), text).unwrap();
    it.world.credentials = Some(credentials.path().to_owned());
    let report = it.prepare();
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
    assert!(report.warnings.join("").contains("line 4"));
    assert_eq!(it.read(paths::SSH_RUN_AUTHORIZED_KEYS), format!("{KEY}\n"));
    // Somebody renders again: they are let in as before.
    it.world.credentials = None;
    it.prepare_quietly();
    assert_eq!(it.read(paths::SSH_RUN_AUTHORIZED_KEYS), format!("{KEY}\n"));
    // The next boot comes without the credential: its keys are gone.
    fs::remove_dir_all(it.path(paths::RUN_DIR)).unwrap();
    it.prepare_quietly();
    assert_eq!(it.read(paths::SSH_RUN_AUTHORIZED_KEYS), "");
}

#[test]
fn a_new_domain_gets_a_new_self_signed_certificate() {
    let it = Box::new();
    it.prepare_quietly();
    let before = it.read(paths::TLS_CHAIN);
    it.write(paths::CONFIG, "[web]\ndomains = [\"shop.example.com\"]\n");
    it.forget_generations();
    let report = it.prepare_quietly();
    assert_eq!(change(&report, paths::TLS_CHAIN), Change::Updated);
    assert_ne!(it.read(paths::TLS_CHAIN), before);
}

#[test]
fn a_certificate_of_our_own_is_renewed_in_its_last_month_and_not_before() {
    let mut it = Box::new();
    it.prepare_quietly();
    let before = it.read(paths::TLS_CHAIN);
    let root = it.read(paths::LOCAL_CA_ROOT);
    it.world.now += Duration::days(365);
    it.prepare_quietly();
    assert_eq!(it.read(paths::TLS_CHAIN), before);
    it.world.now += Duration::days(2);
    it.prepare_quietly();
    assert_ne!(it.read(paths::TLS_CHAIN), before);
    assert_eq!(
        it.read(paths::LOCAL_CA_ROOT),
        root,
        "who trusts it once is done"
    );
}

#[test]
fn a_boot_keeps_an_authoritys_pair_and_the_links_to_it() {
    let it = Box::new();
    let pair = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).unwrap();
    let directory = format!("{}/1", paths::ACME_PAIRS);
    it.write(&format!("{directory}/fullchain.pem"), &pair.cert.pem());
    let key = pair.signing_key.serialize_pem();
    it.write(&format!("{directory}/privkey.pem"), &key);
    std::os::unix::fs::symlink("pairs/1", it.path(paths::ACME_LIVE)).unwrap();
    fs::create_dir_all(it.path(paths::TLS_DIR)).unwrap();
    for (path, name) in [
        (paths::TLS_CHAIN, "fullchain.pem"),
        (paths::TLS_KEY, "privkey.pem"),
    ] {
        let target = format!("../acme/live/{name}");
        std::os::unix::fs::symlink(target, it.path(path)).unwrap();
    }
    it.prepare_quietly();
    assert_eq!(it.read(paths::TLS_CHAIN), pair.cert.pem());
    assert!(
        fs::symlink_metadata(it.path(paths::TLS_KEY))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(it.mode(&format!("{directory}/privkey.pem")), 0o640);
    // A link that leads nowhere is no reason to serve nothing.
    fs::remove_dir_all(it.path(&directory)).unwrap();
    it.prepare_quietly();
    assert!(it.read(paths::TLS_CHAIN).contains("BEGIN CERTIFICATE"));
}

#[test]
fn a_certificate_from_elsewhere_is_never_touched() {
    let it = Box::new();
    let pair = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).unwrap();
    it.write(paths::TLS_CHAIN, &pair.cert.pem());
    it.write(paths::TLS_KEY, &pair.signing_key.serialize_pem());
    it.prepare_quietly();
    assert_eq!(it.read(paths::TLS_CHAIN), pair.cert.pem());
    assert_eq!(
        it.mode(paths::TLS_KEY),
        0o640,
        "but its access is put right"
    );
}

#[test]
fn a_broken_pair_from_elsewhere_is_kept_aside() {
    let it = Box::new();
    it.write(paths::TLS_CHAIN, "half a certificate");
    it.write(paths::TLS_KEY, "half a key");
    let report = it.prepare();
    assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
    report.outcome().unwrap();
    let aside = format!("{}.rejected", paths::TLS_KEY);
    assert_eq!(it.read(&aside), "half a key");
    assert!(
        it.read(paths::TLS_CHAIN)
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
    it.prepare_quietly();
}

#[test]
fn a_lost_public_half_of_the_host_key_is_written_again() {
    let it = Box::new();
    it.prepare_quietly();
    let (private, public) = (
        it.read(paths::SSH_HOST_KEY),
        it.read(paths::SSH_HOST_KEY_PUB),
    );
    fs::remove_file(it.path(paths::SSH_HOST_KEY_PUB)).unwrap();
    it.prepare_quietly();
    assert_eq!(it.read(paths::SSH_HOST_KEY), private);
    assert_eq!(it.read(paths::SSH_HOST_KEY_PUB), public);
}

#[test]
fn a_damaged_host_key_is_replaced_and_said() {
    let it = Box::new();
    it.prepare_quietly();
    let half: String = it.read(paths::SSH_HOST_KEY).chars().take(200).collect();
    it.write(paths::SSH_HOST_KEY, &half);
    let report = it.prepare();
    assert!(
        report.warnings.join("\n").contains("changed host key"),
        "{:?}",
        report.warnings
    );
    report.outcome().unwrap();
    it.prepare_quietly();
}

#[test]
fn the_keys_of_the_databases_secrets_can_be_read_and_are_never_replaced() {
    let it = Box::new();
    it.prepare_quietly();
    let text = it.read(paths::SEAL_KEYS);
    let keys = onebox_model::seal_keys::parse(&text, paths::SEAL_KEYS).unwrap();
    assert_eq!(keys.len(), 1);
    // An operator adds one.
    let more = format!("{text}{}", *onebox_model::SealKey::new([7; 32]).line());
    it.write(paths::SEAL_KEYS, &more);
    it.prepare_quietly();
    assert_eq!(it.read(paths::SEAL_KEYS), more);
    // A damaged file is said and left alone: it may be mended.
    for damaged in ["", "# no key\n", "not a key"] {
        it.write(paths::SEAL_KEYS, damaged);
        let report = it.prepare();
        let said = report.warnings.join("\n");
        assert!(said.contains("recovery material"), "{said}");
        report.outcome().unwrap();
        assert_eq!(it.read(paths::SEAL_KEYS), damaged);
    }
}

#[test]
fn wrong_modes_are_put_right() {
    let it = Box::new();
    it.prepare_quietly();
    for path in [paths::INITIAL_ADMIN, paths::SECRETS_DIR, paths::TLS_KEY] {
        fs::set_permissions(it.path(path), fs::Permissions::from_mode(0o777)).unwrap();
    }
    it.prepare_quietly();
    assert_eq!(it.mode(paths::INITIAL_ADMIN), 0o600);
    assert_eq!(it.mode(paths::SECRETS_DIR), 0o700);
    assert_eq!(it.mode(paths::TLS_KEY), 0o640);
}

#[test]
fn one_step_that_fails_does_not_keep_the_others_from_being_done() {
    let it = Box::new();
    // A directory where the key's file should be.
    fs::create_dir_all(it.path(paths::TLS_KEY)).unwrap();
    let report = it.prepare();
    let error = report.outcome().unwrap_err().to_string();
    assert!(
        error.contains("certificate: cannot read") && error.contains("privkey.pem"),
        "{error}"
    );
    for path in [
        paths::SSH_HOST_KEY,
        paths::POSTGRES_CONF,
        paths::INITIAL_ADMIN,
    ] {
        assert!(it.path(path).exists(), "{path}");
    }
}

#[test]
fn wishes_beyond_the_machine_are_said() {
    let it = Box::new();
    it.write(paths::CONFIG, "[workers.emails]\nconcurrency = 64\n");
    let report = it.prepare();
    assert!(
        report
            .warnings
            .join("\n")
            .contains("workers.emails.concurrency = 64")
    );
}

#[test]
fn a_missing_account_is_named() {
    let it = Box::new();
    it.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    it.write("/etc/group", "root:x:0:\n");
    let disk = Disk::new(it.dir.path(), Ownership::from_root(it.dir.path()).unwrap());
    let error = prepare(&disk, &it.world).outcome().unwrap_err().to_string();
    assert!(error.contains("there is no user \"wizamart\""), "{error}");
}
