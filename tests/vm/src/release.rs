//! Releases for a box under test: made of the image's own, signed with keys of
//! their own, and published to a channel on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Who makes releases.
#[derive(Debug)]
pub struct Maker {
    dir: PathBuf,
    built: PathBuf,
    boxctl: PathBuf,
}

impl Maker {
    /// One with new keys; everything goes to `dir`.
    ///
    /// # Panics
    /// When `ONEBOX_BUNDLE` does not name what `nix build .#bundle` made.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        let built = std::env::var_os("ONEBOX_BUNDLE").map(PathBuf::from).expect(
            "ONEBOX_BUNDLE is not set: this test needs a built release; run `cargo xtask test vm`, or set it to what `cargo xtask build bundle` made",
        );
        let _ = fs::remove_dir_all(dir);
        fs::create_dir_all(dir).expect("create the maker's directory");
        let maker = Self {
            dir: fs::canonicalize(dir).expect("the maker's directory"),
            built: fs::canonicalize(built).expect("ONEBOX_BUNDLE"),
            boxctl: boxctl(),
        };
        let (root, key) = (maker.at("root"), maker.at("key"));
        let _ = maker.boxctl(&["keys", "init", &root]);
        let _ = maker.boxctl(&["keys", "signing", &root, &key]);
        maker
    }

    fn at(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn boxctl(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(&self.boxctl);
        command.arg("release").args(arguments);
        run(command.env("ONEBOX_RAUC", self.built.join("bin/rauc")))
    }

    /// What a box needs to believe this maker.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn keyring(&self) -> String {
        fs::read_to_string(self.dir.join("root/keyring.pem")).expect("the keyring")
    }

    /// The directory of the channel.
    #[must_use]
    pub fn channel(&self) -> PathBuf {
        self.dir.join("stable")
    }

    /// Makes a release of the image's own, with another version and what
    /// `change` does to its files, and publishes it.
    ///
    /// # Panics
    /// When a program fails.
    pub fn publish(&self, version: &str, change: impl FnOnce(&Path)) {
        self.release(version, change, true);
    }

    /// The same, and a box transfers all of it: looking for blocks that it has takes an
    /// emulated one longer than that.
    ///
    /// # Panics
    /// When a program fails.
    pub fn publish_whole(&self, version: &str, change: impl FnOnce(&Path)) {
        self.release(version, change, false);
    }

    /// The image of a release that was published.
    #[must_use]
    pub fn image(&self, version: &str) -> PathBuf {
        self.dir.join(format!("made-{version}/result/rootfs.img"))
    }

    /// A bundle of what another maker made, signed by this one.
    ///
    /// # Panics
    /// When a program fails.
    #[must_use]
    pub fn signs(&self, other: &Self, version: &str) -> PathBuf {
        let result = other.dir.join(format!("made-{version}/result"));
        self.bundle(version, &result, "key")
    }

    /// A bundle of a release that is called older than it is, in no channel.
    ///
    /// # Panics
    /// When a program fails.
    #[must_use]
    pub fn older(&self, of: &str, version: &str) -> PathBuf {
        self.renamed(of, version, "key")
    }

    /// Signs the channel's index anew.
    ///
    /// # Panics
    /// When a program fails.
    pub fn refresh(&self) {
        let channel = self.channel().display().to_string();
        let _ = self.boxctl(&["refresh", &channel, "--keys", &self.at("key")]);
    }

    /// Revokes the key and goes on with another, which begins the channel anew with
    /// a release of the image of `of`.
    ///
    /// # Panics
    /// When a program fails.
    pub fn replace_key(&self, of: &str, version: &str) {
        let (root, key) = (self.at("root"), self.at("key-2"));
        let old = self.dir.join("key/signing.pem").display().to_string();
        let _ = self.boxctl(&["keys", "revoke", &root, &old, "--yes"]);
        // Made after that, so that it brings the list of what is revoked.
        let _ = self.boxctl(&["keys", "signing", &root, &key]);
        let channel = self.channel();
        fs::remove_dir_all(&channel).expect("remove the channel");
        let _ = self.renamed(of, version, "key-2");
        let channel = channel.display().to_string();
        let _ = self.boxctl(&[
            "publish",
            &self.at(version),
            "--channel",
            &channel,
            "--keys",
            &key,
        ]);
    }

    /// A bundle of a release's image under another version.
    fn renamed(&self, of: &str, version: &str, key: &str) -> PathBuf {
        let result = self.dir.join(format!("made-{version}/result"));
        fs::create_dir_all(&result).expect("create a directory");
        fs::copy(self.image(of), result.join("rootfs.img")).expect("copy an image");
        self.describe(version, &result, false);
        self.bundle(version, &result, key)
    }

    fn bundle(&self, version: &str, result: &Path, key: &str) -> PathBuf {
        let (made, key) = (self.at(version), self.at(key));
        let result = result.display().to_string();
        let _ = self.boxctl(&["build", &made, "--from", &result]);
        let _ = self.boxctl(&["sign", &made, "--keys", &key]);
        self.dir
            .join(version)
            .join(format!("onebox-{version}.raucb"))
    }

    fn release(&self, version: &str, change: impl FnOnce(&Path), reuses: bool) {
        let work = self.dir.join(format!("made-{version}"));
        let root = work.join("root");
        fs::create_dir_all(&work).expect("create a directory");
        let image = self.built.join("rootfs.img");
        let mut unpack = Command::new("unsquashfs");
        let _ = run(unpack
            .args(["-quiet", "-no-progress", "-dest"])
            .arg(&root)
            .arg(&image));
        for file in [
            "usr/lib/onebox/release.json",
            "usr/share/onebox/release.json",
        ] {
            edit(&root.join(file), version);
        }
        change(&root);
        let result = work.join("result");
        fs::create_dir_all(&result).expect("create a directory");
        let image = result.join("rootfs.img");
        let order = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images/order.list");
        // As nix/scripts/rootfs.sh does it.
        let mut pack = Command::new("mksquashfs");
        pack.arg(&root).arg(&image);
        pack.args([
            "-noappend",
            "-quiet",
            "-no-progress",
            "-comp",
            "gzip",
            "-b",
            "128K",
        ]);
        pack.args(["-action", "uncompressed@pathname(boot/*)", "-all-root"]);
        pack.args([
            "-all-time",
            "1",
            "-mkfs-time",
            "1",
            "-no-xattrs",
            "-no-exports",
        ]);
        pack.arg("-sort").arg(order).env_remove("SOURCE_DATE_EPOCH");
        let _ = run(&mut pack);
        fs::remove_dir_all(&root).expect("remove what was unpacked");
        self.describe(version, &result, reuses);
        let _ = self.bundle(version, &result, "key");
        let (made, key) = (self.at(version), self.at("key"));
        let channel = self.channel().display().to_string();
        let _ = self.boxctl(&["publish", &made, "--channel", &channel, "--keys", &key]);
    }

    /// What `nix build .#bundle` writes beside the image.
    fn describe(&self, version: &str, result: &Path, reuses: bool) {
        let image = result.join("rootfs.img");
        let read =
            |name: &str| fs::read_to_string(self.built.join(name)).expect("read the built release");
        let mut release: Value = serde_json::from_str(&read("release.json")).expect("release.json");
        release["version"] = version.into();
        release["image"]["size"] = fs::metadata(&image).expect("the image").len().into();
        let sum = run(Command::new("sha256sum").arg(&image));
        release["image"]["sha256"] = sum.split(' ').next().expect("a sum").into();
        let text = release.to_string();
        let file = result.join("release.json");
        fs::write(&file, &text).expect("write release.json");
        fs::write(result.join("sbom.cdx.json"), read("sbom.cdx.json")).expect("write the SBOM");
        let meta = run(Command::new("base64").args(["-w", "0"]).arg(&file));
        let lines = read("manifest.raucm");
        let kept = lines
            .lines()
            .filter(|line| reuses || !line.starts_with("adaptive="));
        let lines = kept.map(|line| {
            let value = match line.split_once('=').map(|(name, _)| name) {
                Some("version") => version,
                Some("release") => meta.trim(),
                _ => return line.to_owned(),
            };
            let name = line.split('=').next().unwrap_or_default();
            format!("{name}={value}")
        });
        let manifest: Vec<String> = lines.collect();
        fs::write(result.join("manifest.raucm"), manifest.join("\n") + "\n")
            .expect("write the manifest");
    }
}

/// The command under test, beside the test itself.
fn boxctl() -> PathBuf {
    if let Some(path) = std::env::var_os("ONEBOX_BOXCTL") {
        return path.into();
    }
    let test = std::env::current_exe().expect("this test's path");
    let path = test
        .parent()
        .and_then(Path::parent)
        .expect("target")
        .join("boxctl");
    assert!(
        path.is_file(),
        "{} is missing: `cargo build -p boxctl` makes it",
        path.display()
    );
    path
}

fn edit(file: &Path, version: &str) {
    let text = fs::read_to_string(file).expect("read a release file");
    let mut value: Value = serde_json::from_str(&text).expect("a release file");
    value["version"] = version.into();
    fs::write(file, value.to_string()).expect("write a release file");
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; `cargo xtask setup --for test` installs what tests need")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}
