//! A release from its build to a channel, with the real RAUC and mksquashfs: the
//! RAUC of the image where `ONEBOX_TREE` names its tree, else the machine's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use onebox_release::digest;
use serde_json::{Value, json};

/// A maker's machine: a root, a signing key, and a RAUC.
struct Maker {
    dir: tempfile::TempDir,
    rauc: PathBuf,
}

/// The image's own RAUC, which needs the image's libraries; the machine's may be
/// too old to put the release into a bundle.
fn rauc(dir: &Path) -> PathBuf {
    let Some(tree) = std::env::var_os("ONEBOX_TREE") else {
        return "rauc".into();
    };
    let tree = fs::canonicalize(tree).unwrap();
    let tree = tree.display();
    let script = format!(
        "#!/bin/sh\nexec {tree}/usr/lib64/ld-linux-x86-64.so.2 \
         --library-path {tree}/usr/lib/x86_64-linux-gnu {tree}/usr/bin/rauc \"$@\"\n"
    );
    let path = dir.join("rauc");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

impl Maker {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let rauc = rauc(dir.path());
        let maker = Self { dir, rauc };
        maker.ok(&["release", "keys", "init", &maker.at("root")]);
        maker.ok(&[
            "release",
            "keys",
            "signing",
            &maker.at("root"),
            &maker.at("key"),
        ]);
        maker
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_boxctl"));
        command.args(args).env("ONEBOX_RAUC", &self.rauc);
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a command that must succeed, and returns what it printed.
    fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[args, &["--json"]].concat())).unwrap()
    }

    /// Runs a command that must fail, and returns its one line.
    fn refused(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "{args:?} succeeded");
        let said = String::from_utf8_lossy(&output.stderr);
        said.lines().next_back().unwrap().to_owned()
    }

    /// What `nix build .#bundle` makes, of an image that mksquashfs made.
    fn built(&self, version: &str, compatible: &str) -> PathBuf {
        let dir = self.path(&format!("result-{version}"));
        let content = dir.join("content");
        fs::create_dir_all(&content).unwrap();
        let noise: Vec<u8> = (0..400_000u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        fs::write(content.join("data"), &noise).unwrap();
        fs::write(content.join("version"), version).unwrap();
        let image = dir.join("rootfs.img");
        let made = Command::new("mksquashfs")
            .args([&content, &image])
            .args(["-quiet", "-no-progress", "-noappend"])
            .output()
            .expect("mksquashfs is of the Debian package squashfs-tools: `cargo xtask setup --for test` installs it");
        assert!(made.status.success());
        let (size, sha256) = digest::file(&image, |_| {}).unwrap();
        let release = json!({
            "format": 1, "compatible": compatible, "version": version, "revision": "abc",
            "debian": "20260801T000000Z", "architecture": "amd64", "minimum_version": "0.1.0",
            "schema": {"reads_from": 0, "reads_to": 15, "writes": 15, "serves_from": 3, "reversible": true},
            "postgresql_major": 17,
            "collation": {"provider": "builtin", "locale": "C.UTF-8", "version": "1"},
            "redis_rdb_version": 12, "kernel": {"version": "6.12", "sha256": "00"},
            "packages": [{"name": "bash", "version": "5.2"}],
            "image": {"size": size, "sha256": sha256},
        });
        let text = serde_json::to_string(&release).unwrap();
        fs::write(dir.join("release.json"), &text).unwrap();
        fs::write(dir.join("sbom.cdx.json"), r#"{"bomFormat":"CycloneDX"}"#).unwrap();
        let meta = base64::engine::general_purpose::STANDARD.encode(text);
        let manifest = format!(
            "[update]\ncompatible={compatible}\nversion={version}\n\n[bundle]\nformat=verity\n\n\
             [image.rootfs]\nfilename=rootfs.img\nadaptive=block-hash-index\n\n\
             [meta.onebox]\nrelease={meta}\n"
        );
        fs::write(dir.join("manifest.raucm"), manifest).unwrap();
        dir
    }

    /// A release that is built and signed, in the directory of its version.
    fn signed(&self, version: &str, key: &str) -> String {
        let result = self.built(version, onebox_release::COMPATIBLE);
        let dir = self.at(version);
        self.ok(&["release", "build", &dir, "--from", result.to_str().unwrap()]);
        self.ok(&["release", "sign", &dir, "--keys", &self.at(key)]);
        dir
    }

    fn bundle(&self, version: &str) -> PathBuf {
        self.path(version).join(format!("onebox-{version}.raucb"))
    }

    /// What a box's RAUC says against a bundle. `command`
    /// is `info`, or `extract`, which reads the whole payload.
    fn box_says(&self, command: &str, bundle: &Path, keyring: &str) -> Result<(), String> {
        let conf = self.path("system.conf");
        let text = format!(
            "[system]\ncompatible=wizamart-onebox\nbootloader=noop\n\n\
             [keyring]\npath={}\ncheck-crl=true\ncheck-purpose=codesign\n",
            self.at(keyring)
        );
        fs::write(&conf, text).unwrap();
        let mut run = Command::new(&self.rauc);
        run.arg("--conf").arg(conf).arg(command).arg(bundle);
        if command == "extract" {
            let to = self.path("extracted");
            let _ = fs::remove_dir_all(&to);
            run.arg(to);
        }
        let output = run.output().unwrap();
        if output.status.success() {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn a_release_is_built_signed_published_and_believed() {
    let maker = Maker::new();
    let dir = maker.signed("1.0.0", "key");
    assert_eq!(
        maker.box_says("info", &maker.bundle("1.0.0"), "root/keyring.pem"),
        Ok(())
    );
    assert_eq!(
        maker.box_says("extract", &maker.bundle("1.0.0"), "root/keyring.pem"),
        Ok(())
    );

    let (channel, key) = (maker.at("stable"), maker.at("key"));
    let publish = |dir: &str, more: &[&str]| {
        let args = [
            "release",
            "publish",
            dir,
            "--channel",
            &channel,
            "--keys",
            &key,
        ];
        maker.json(&[&args[..], more].concat())
    };
    let first = publish(&dir, &[]);
    assert_eq!(first["channel"], "stable");
    assert_eq!(
        first["releases"][0]["bundle"]["path"],
        "1.0.0/onebox-1.0.0.raucb"
    );
    assert!(maker.path("stable/1.0.0/sbom.cdx.json").is_file());

    let second = publish(&maker.signed("1.1.0", "key"), &[]);
    assert_eq!(second["releases"][0]["version"], "1.1.0");
    assert_eq!(second["releases"][1]["version"], "1.0.0");
    assert!(second["serial"].as_u64() > first["serial"].as_u64());
    let seen = maker.json(&[
        "release",
        "check",
        &channel,
        "--keyring",
        &maker.at("root/keyring.pem"),
    ]);
    assert_eq!(seen, second);

    let third = maker.json(&[
        "release",
        "refresh",
        &channel,
        "--keys",
        &key,
        "--valid-days",
        "60",
    ]);
    assert!(third["serial"].as_u64() > second["serial"].as_u64());
    assert_eq!(third["releases"], second["releases"]);

    let pruned = publish(&maker.signed("1.2.0", "key"), &["--prune", "2"]);
    assert_eq!(pruned["releases"].as_array().unwrap().len(), 2);
    assert!(!maker.path("stable/1.0.0").exists() && maker.path("stable/1.1.0").exists());
    // No file that was being written is left, and no key was copied.
    let left: Vec<String> = fs::read_dir(maker.path("stable"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn a_published_version_is_never_changed() {
    let maker = Maker::new();
    let dir = maker.signed("1.0.0", "key");
    let (channel, key) = (maker.at("stable"), maker.at("key"));
    let publish = [
        "release",
        "publish",
        &dir,
        "--channel",
        &channel,
        "--keys",
        &key,
    ];
    maker.ok(&publish);
    maker.ok(&publish);
    // A bundle does not reproduce: signing again is another one.
    maker.ok(&["release", "sign", &dir, "--keys", &key]);
    let said = maker.refused(&publish);
    assert!(said.contains("1.0.0 is in the channel already"), "{said}");
    let said = maker.refused(&[&publish[..], &["--name", "testing"]].concat());
    assert!(said.contains("\"stable\", not \"testing\""), "{said}");
}

#[test]
fn a_bundle_of_nobody_or_of_somebody_else_is_refused() {
    let maker = Maker::new();
    let dir = maker.signed("1.0.0", "key");
    let bundle = maker.bundle("1.0.0");
    let other = Maker::new();
    fs::write(
        maker.path("other.pem"),
        fs::read(other.path("root/keyring.pem")).unwrap(),
    )
    .unwrap();
    maker.box_says("info", &bundle, "other.pem").unwrap_err();

    let (channel, others) = (maker.at("stable"), other.at("key"));
    let said = maker.refused(&[
        "release",
        "publish",
        &dir,
        "--channel",
        &channel,
        "--keys",
        &others,
    ]);
    assert!(said.contains("rauc info failed"), "{said}");
    assert!(!maker.path("stable").exists());

    // A squashfs without a signature behind it.
    let result = maker.path("result-1.0.0/rootfs.img");
    fs::copy(&result, &bundle).unwrap();
    maker
        .box_says("info", &bundle, "root/keyring.pem")
        .unwrap_err();
    fs::remove_file(&bundle).unwrap();
    let said = maker.refused(&[
        "release",
        "publish",
        &dir,
        "--channel",
        &channel,
        "--keys",
        &maker.at("key"),
    ]);
    assert!(said.contains("not signed"), "{said}");
}

#[test]
fn a_revoked_key_is_refused_by_rauc_and_by_boxctl() {
    let maker = Maker::new();
    let dir = maker.signed("1.0.0", "key");
    let (channel, key, root) = (maker.at("stable"), maker.at("key"), maker.at("root"));
    maker.ok(&[
        "release",
        "publish",
        &dir,
        "--channel",
        &channel,
        "--keys",
        &key,
    ]);
    fs::copy(maker.path("root/keyring.pem"), maker.path("before.pem")).unwrap();

    let certificate = maker.at("key/signing.pem");
    let said = maker.refused(&["release", "keys", "revoke", &root, &certificate]);
    assert!(said.contains("--yes"), "{said}");
    let shown = maker.json(&["release", "keys", "revoke", &root, &certificate, "--yes"]);
    assert_eq!(shown[1]["state"], "revoked");

    let bundle = maker.bundle("1.0.0");
    assert_eq!(maker.box_says("info", &bundle, "before.pem"), Ok(()));
    let said = maker
        .box_says("info", &bundle, "root/keyring.pem")
        .unwrap_err();
    assert!(said.contains("revoked"), "{said}");
    let said = maker.refused(&[
        "release",
        "check",
        &channel,
        "--keyring",
        &maker.at("root/keyring.pem"),
    ]);
    assert!(said.contains("was revoked"), "{said}");

    // The keyring reaches the signing key, which is of no use then.
    fs::copy(
        maker.path("root/keyring.pem"),
        maker.path("key/keyring.pem"),
    )
    .unwrap();
    let said = maker.refused(&["release", "sign", &dir, "--keys", &key]);
    assert!(said.contains("was revoked"), "{said}");

    // A new one is made; the old channel is not signed again, a new one is.
    maker.ok(&["release", "keys", "signing", &root, &maker.at("next")]);
    let next = maker.at("next");
    let said = maker.refused(&["release", "refresh", &channel, "--keys", &next]);
    assert!(said.contains("was revoked"), "{said}");
    let old: Value =
        serde_json::from_slice(&fs::read(maker.path("stable/index.json")).unwrap()).unwrap();
    fs::remove_dir_all(&channel).unwrap();
    maker.ok(&["release", "sign", &dir, "--keys", &next]);
    let new = maker.json(&[
        "release",
        "publish",
        &dir,
        "--channel",
        &channel,
        "--keys",
        &next,
    ]);
    assert!(new["serial"].as_u64() >= old["serial"].as_u64());
    // A box whose keyring is from before learns of the revocation here.
    maker.ok(&[
        "release",
        "check",
        &channel,
        "--keyring",
        &maker.at("before.pem"),
    ]);
}

#[test]
fn a_damaged_bundle_is_refused() {
    let maker = Maker::new();
    maker.signed("1.0.0", "key");
    let good = fs::read(maker.bundle("1.0.0")).unwrap();
    let bad = maker.path("bad.raucb");
    let says = |command: &str, bytes: &[u8]| {
        fs::write(&bad, bytes).unwrap();
        maker.box_says(command, &bad, "root/keyring.pem")
    };
    assert_eq!(says("extract", &good), Ok(()));
    for end in [0, 100, good.len() / 2, good.len() - 1] {
        says("info", &good[..end]).unwrap_err();
    }
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    // The signature is at the end, before its size in eight bytes.
    says("info", &flipped(good.len() - 40)).unwrap_err();
    // The payload is held by a tree of hashes: it is noticed when it is read.
    says("extract", &flipped(good.len() / 2)).unwrap_err();
}

#[test]
fn what_does_not_belong_together_is_not_signed() {
    let maker = Maker::new();
    let key = maker.at("key");
    let sign = |dir: &str| maker.refused(&["release", "sign", dir, "--keys", &key]);
    let build = |version: &str, compatible: &str| {
        let result = maker.built(version, compatible);
        let dir = maker.at(version);
        maker.ok(&["release", "build", &dir, "--from", result.to_str().unwrap()]);
        dir
    };

    // For another box, by either manifest.
    let result = maker.built("1.0.0", "other-box");
    let said = maker.refused(&[
        "release",
        "build",
        &maker.at("1.0.0"),
        "--from",
        result.to_str().unwrap(),
    ]);
    assert!(said.contains("is for \"other-box\""), "{said}");
    let dir = build("1.0.1", onebox_release::COMPATIBLE);
    let manifest = maker.path("1.0.1/manifest.raucm");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replace(onebox_release::COMPATIBLE, "other-box"),
    )
    .unwrap();
    assert!(sign(&dir).contains("it is for \"other-box\""));

    // Another image.
    let dir = build("1.1.0", onebox_release::COMPATIBLE);
    let image = maker.path("1.1.0/rootfs.img");
    let mut bytes = fs::read(&image).unwrap();
    bytes[5000] ^= 1;
    fs::write(&image, bytes).unwrap();
    let said = sign(&dir);
    assert!(said.contains("rootfs.img is not of"), "{said}");

    // Another manifest.
    let dir = build("1.2.0", onebox_release::COMPATIBLE);
    fs::copy(
        maker.path("result-1.1.0/manifest.raucm"),
        maker.path("1.2.0/manifest.raucm"),
    )
    .unwrap();
    let said = sign(&dir);
    assert!(said.contains("is not of release.json"), "{said}");
    assert!(!maker.bundle("1.2.0").exists());

    let said = maker.refused(&[
        "release",
        "build",
        &dir,
        "--from",
        &maker.at("result-1.2.0"),
    ]);
    assert!(said.contains("--yes"), "{said}");
}

#[test]
fn a_changed_channel_is_noticed_and_not_signed_again() {
    let maker = Maker::new();
    let dir = maker.signed("1.0.0", "key");
    let (channel, key, keyring) = (
        maker.at("stable"),
        maker.at("key"),
        maker.at("root/keyring.pem"),
    );
    maker.ok(&[
        "release",
        "publish",
        &dir,
        "--channel",
        &channel,
        "--keys",
        &key,
    ]);
    let check = ["release", "check", &channel, "--keyring", &keyring];

    let bundle = maker.path("stable/1.0.0/onebox-1.0.0.raucb");
    let good = fs::read(&bundle).unwrap();
    let mut bad = good.clone();
    bad[4096] ^= 1;
    fs::write(&bundle, bad).unwrap();
    assert!(maker.refused(&check).contains("is not what the index says"));
    fs::write(&bundle, &good[..4096]).unwrap();
    let said = maker.refused(&["release", "refresh", &channel, "--keys", &key]);
    assert!(said.contains("4096 bytes instead of"), "{said}");
    fs::write(&bundle, good).unwrap();
    maker.ok(&check);

    let index = maker.path("stable/index.json");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(&index, text.replace("1.0.0", "1.0.1")).unwrap();
    for args in [
        &check[..],
        &["release", "refresh", &channel, "--keys", &key],
    ] {
        let said = maker.refused(args);
        assert!(said.contains("is not of this file"), "{said}");
    }
}

#[test]
fn private_keys_are_for_their_owner_and_not_replaced_without_a_yes() {
    let maker = Maker::new();
    let (root, key) = (maker.at("root"), maker.at("key"));
    for file in ["root/root-key.pem", "key/signing-key.pem"] {
        let mode = maker.path(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let before = fs::read(maker.path("key/signing-key.pem")).unwrap();
    for args in [
        &["release", "keys", "init", &root][..],
        &["release", "keys", "signing", &root, &key],
        &["release", "keys", "request", &key],
    ] {
        let said = maker.refused(args);
        assert!(said.contains("--yes"), "{said}");
    }
    assert_eq!(fs::read(maker.path("key/signing-key.pem")).unwrap(), before);
    let shown = maker.ok(&["release", "keys", "show", &root, &key]);
    assert!(
        !shown.contains("PRIVATE") && shown.contains("valid"),
        "{shown}"
    );
}

#[test]
fn a_key_that_never_leaves_its_machine_is_certified_by_request() {
    let maker = Maker::new();
    let text = maker.ok(&["release", "keys", "request", &maker.at("apart")]);
    assert!(text.contains("request.pem"), "{text}");
    // Only the request travels, and the answer back.
    fs::create_dir(maker.path("stick")).unwrap();
    fs::copy(
        maker.path("apart/request.pem"),
        maker.path("stick/request.pem"),
    )
    .unwrap();
    maker.ok(&[
        "release",
        "keys",
        "signing",
        &maker.at("root"),
        &maker.at("stick"),
    ]);
    assert!(!maker.path("stick/signing-key.pem").exists());
    for file in ["signing.pem", "keyring.pem"] {
        fs::copy(
            maker.path("stick").join(file),
            maker.path("apart").join(file),
        )
        .unwrap();
    }
    maker.signed("1.0.0", "apart");
}

#[test]
fn a_root_is_replaced_in_two_releases() {
    let maker = Maker::new();
    let next = Maker::new();
    let both = maker.at("both.pem");
    let (old_ring, new_ring) = (maker.at("root/keyring.pem"), next.at("root/keyring.pem"));
    maker.ok(&["release", "keys", "join", &both, &old_ring, &new_ring]);

    // The first is signed by the old key and brings the keyring of both; the
    // index by both, so that every box can read it.
    let first = maker.signed("1.0.0", "key");
    let (channel, old, new) = (maker.at("stable"), maker.at("key"), next.at("key"));
    maker.ok(&[
        "release",
        "publish",
        &first,
        "--channel",
        &channel,
        "--keys",
        &old,
        "--keys",
        &new,
    ]);
    for keyring in [&old_ring, &both, &new_ring] {
        maker.ok(&["release", "check", &channel, "--keyring", keyring]);
    }
    // The second by the new one: a box with both believes it, one before does not.
    next.signed("1.1.0", "key");
    let bundle = next.bundle("1.1.0");
    assert_eq!(maker.box_says("info", &bundle, "both.pem"), Ok(()));
    assert_eq!(
        maker.box_says("info", &maker.bundle("1.0.0"), "both.pem"),
        Ok(())
    );
    maker
        .box_says("info", &bundle, "root/keyring.pem")
        .unwrap_err();
}

#[test]
fn a_download_is_estimated_by_rauc_s_own_rule() {
    let maker = Maker::new();
    maker.built("1.0.0", onebox_release::COMPATIBLE);
    maker.built("1.1.0", onebox_release::COMPATIBLE);
    let image = |version: &str| maker.at(&format!("result-{version}/rootfs.img"));
    let delta = maker.json(&["release", "delta", &image("1.0.0"), &image("1.1.0")]);
    let (blocks, missing) = (
        delta["blocks"].as_u64().unwrap(),
        delta["missing"].as_u64().unwrap(),
    );
    assert!(missing > 0 && missing < blocks / 10, "{delta}");
    let text = maker.ok(&["release", "delta", &image("1.0.0"), &image("1.0.0")]);
    assert!(text.starts_with("0 of "), "{text}");
    let said = maker.refused(&["release", "delta", &image("1.0.0"), &maker.at("nothing")]);
    assert!(said.contains("nothing"), "{said}");
}
