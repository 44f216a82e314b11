#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use super::*;

fn apt(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sources.list.d")).unwrap();
    for (name, content) in files {
        std::fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

fn find(files: &[(&str, &str)], args: &MirrorArgs) -> Result<Mirrors, MirrorError> {
    Mirrors::find(apt(files).path(), args)
}

fn mirrors(debian: &str, security: &str) -> Mirrors {
    Mirrors {
        debian: debian.into(),
        security: security.into(),
    }
}

#[test]
fn third_parties_with_debian_suite_names_are_not_the_archive() {
    let found = find(
        &[
            (
                "sources.list",
                "deb https://vendor.example/apt bookworm main\ndeb https://d.example/linux/debian bookworm stable\n",
            ),
            (
                "sources.list.d/debian.sources",
                "Types: deb\nURIs: http://m.example/debian/\nSuites: bookworm bookworm-updates\nComponents: main\n\n\
                 Types: deb\nURIs: http://s.example/debian-security\nSuites: bookworm-security\nComponents: main\n",
            ),
        ],
        &MirrorArgs::default(),
    );
    assert_eq!(
        found.unwrap(),
        mirrors(
            "http://m.example/debian",
            "http://s.example/debian-security"
        )
    );
}

#[test]
fn a_source_of_our_release_wins_over_one_of_the_machines_release() {
    let found = find(
        &[
            (
                "sources.list",
                "deb http://old.example/debian bookworm main\n",
            ),
            (
                "sources.list.d/new.list",
                "deb http://new.example/debian trixie main\n",
            ),
        ],
        &MirrorArgs::default(),
    );
    assert_eq!(found.unwrap().debian, "http://new.example/debian");
}

#[test]
fn a_missing_security_source_is_derived_from_the_archive() {
    let found = find(
        &[("sources.list", "deb http://m.example/debian trixie main\n")],
        &MirrorArgs::default(),
    );
    assert_eq!(found.unwrap().security, "http://m.example/debian-security");
}

#[test]
fn a_mirror_list_file_gives_its_first_address() {
    let list = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        list.path(),
        "# mirrors\nhttps://first.example/debian priority:1\nhttps://second.example/debian\n",
    )
    .unwrap();
    let line = format!("deb mirror+file://{} trixie main\n", list.path().display());
    let found = find(&[("sources.list", line.as_str())], &MirrorArgs::default());
    assert_eq!(found.unwrap().debian, "https://first.example/debian");
}

#[test]
fn a_snapshot_given_by_hand_brings_its_own_security_archive() {
    let args = MirrorArgs {
        mirror: Some("http://snap.example/archive/debian/20260101T000000Z/".into()),
        security_mirror: None,
    };
    let found = find(
        &[(
            "sources.list",
            "deb http://m.example/debian-security trixie-security main\n",
        )],
        &args,
    );
    assert_eq!(
        found.unwrap().security,
        "http://snap.example/archive/debian-security/20260101T000000Z"
    );
}

#[test]
fn what_cannot_be_found_or_derived_says_which_flag_to_pass() {
    let none = find(&[], &MirrorArgs::default()).unwrap_err().to_string();
    assert!(none.contains("--mirror"), "{none}");
    let args = MirrorArgs {
        mirror: Some("http://m.example/packages".into()),
        security_mirror: None,
    };
    let underivable = find(&[], &args).unwrap_err().to_string();
    assert!(underivable.contains("--security-mirror"), "{underivable}");
    let args = MirrorArgs {
        mirror: Some("cdrom://x/debian".into()),
        security_mirror: None,
    };
    let scheme = find(&[], &args).unwrap_err().to_string();
    assert!(scheme.contains("cdrom://x/debian"), "{scheme}");
}
