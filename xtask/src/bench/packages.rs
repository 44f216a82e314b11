//! Which package each byte of the root file system is from.
//!
//! The build lists what stayed after pruning; each package tells which paths
//! are its own.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    process::Command,
};

use serde::Serialize;

use crate::{
    lock::format::Lock,
    process::{self, ProcessError},
    store::path,
};

/// Rows of the table.
const TOP: usize = 20;

/// What one package takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Share {
    /// The package, or what made the files that are in none.
    package: String,
    /// Bytes before compression.
    bytes: u64,
}

/// The shares of all packages, the largest first. `listing` has a line
/// `PATH TAB TYPE TAB SIZE` for each file.
pub(crate) fn shares(lock: &Lock, listing: &str) -> Result<Vec<Share>, ProcessError> {
    let mut owners = HashMap::new();
    for key in lock.closures.get("image").into_iter().flatten() {
        let Some(package) = lock.packages.get(key) else {
            continue;
        };
        let deb = path::flat(&package.sha256, &path::store_name(&package.path));
        let mut command = Command::new("dpkg-deb");
        let contents = process::text(command.arg("--contents").arg(&deb), "list a package")?;
        for path in contents.lines().filter_map(path_of) {
            owners.insert(path, package.name.clone());
        }
    }
    Ok(sums(listing, &owners))
}

fn sums(listing: &str, owners: &HashMap<String, String>) -> Vec<Share> {
    let mut bytes = BTreeMap::<String, u64>::new();
    for line in listing.lines() {
        let mut fields = line.split('\t');
        if let (Some(path), Some("f"), Some(size)) = (fields.next(), fields.next(), fields.next()) {
            let size: u64 = size.parse().unwrap_or(0);
            *bytes.entry(owner(path, owners)).or_default() += size;
        }
    }
    let shares = bytes.into_iter();
    let mut shares: Vec<Share> = shares
        .map(|(package, bytes)| Share { package, bytes })
        .collect();
    shares.sort_by_key(|share| std::cmp::Reverse(share.bytes));
    shares
}

fn owner(path: &str, owners: &HashMap<String, String>) -> String {
    if let Some(package) = owners.get(path) {
        return package.clone();
    }
    match path {
        // The build takes the version off its name.
        "boot/vmlinuz" => "kernel".into(),
        "boot/initrd" => "initrd".into(),
        "usr/bin/wizamart" | "usr/bin/boxd" | "usr/bin/boxctl" => {
            format!("onebox: {}", path.trim_start_matches("usr/bin/"))
        }
        _ => "onebox: configuration and caches".into(),
    }
}

/// The path in a line of `dpkg-deb --contents`, as it is in the image, where
/// `/bin`, `/lib`, `/lib64` and `/sbin` are in `/usr`:
/// `-rw-r--r-- root/root 12 2025-01-01 00:00 ./lib/x [ -> y| link to y]`
fn path_of(line: &str) -> Option<String> {
    let is_file = line.starts_with(['-', 'h']);
    let (_, path) = line.split_once(" ./").filter(|_| is_file)?;
    let path = path.split(" link to ").next()?;
    let merged = ["bin/", "lib/", "lib64/", "sbin/"];
    Some(match merged.iter().any(|dir| path.starts_with(dir)) {
        true => format!("usr/{path}"),
        false => path.into(),
    })
}

/// The largest packages and all others together.
pub(crate) fn table(shares: &[Share]) -> String {
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let sum = |shares: &[Share]| shares.iter().map(|share| share.bytes).sum::<u64>();
    let mut text = "Root file system by package, MB before compression\n".to_owned();
    let (top, rest) = shares.split_at(shares.len().min(TOP));
    let others = format!("{} others", rest.len());
    let mut row = |name: &str, bytes: u64| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "  {name:<40} {:>8.1}", mb(bytes));
    };
    for share in top {
        row(&share.package, share.bytes);
    }
    row(&others, sum(rest));
    row("all", sum(shares));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_package_gives_the_path_in_the_image() {
        let line = |rest: &str| format!("-rw-r--r-- root/root 12 2025-01-01 00:00 ./{rest}");
        assert_eq!(path_of(&line("usr/a b")).unwrap(), "usr/a b");
        assert_eq!(path_of(&line("lib/x")).unwrap(), "usr/lib/x");
        assert_eq!(path_of(&line("usr/p link to ./usr/q")).unwrap(), "usr/p");
        assert_eq!(
            path_of("drwxr-xr-x root/root 0 2025-01-01 00:00 ./usr/"),
            None
        );
    }

    #[test]
    fn only_what_stayed_in_the_image_counts() {
        let owners = [("usr/a", "big"), ("usr/b", "small"), ("usr/pruned", "big")];
        let owners = owners.map(|(path, package)| (path.to_owned(), package.to_owned()));
        let listing =
            "usr\td\t4096\nusr/a\tf\t900\nusr/b\tf\t100\nusr/l\tl\t5\nusr/bin/boxd\tf\t300\n";
        let shares = sums(listing, &owners.into());
        let named: Vec<(&str, u64)> = shares
            .iter()
            .map(|share| (share.package.as_str(), share.bytes))
            .collect();
        assert_eq!(named, [("big", 900), ("onebox: boxd", 300), ("small", 100)]);
    }
}
