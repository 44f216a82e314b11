//! Every way in which an index may be wrong, and how keys are replaced.

use super::*;
use crate::keyring::KeyringError;
use crate::keys::{self, KeyError, Revocations, Revoked, Root, Signer};
use crate::signature::sign;
use crate::{CertificateError, digest};
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);
const DAY: Duration = Duration::DAY;

/// A maker: a root, its list, and a signer.
struct Maker {
    root: Root,
    certificate: String,
    key: String,
}

impl Maker {
    fn new() -> Self {
        let root = Root::new("Test root", DAY * 3650, NOW).unwrap();
        let key = keys::new_key().unwrap();
        let request = keys::request(&key, "Test signer").unwrap();
        let certificate = root
            .certify(&request, "Test signer", DAY * 700, NOW)
            .unwrap();
        Self {
            root,
            certificate,
            key,
        }
    }

    fn list(&self, number: u64, revoked: &[&str]) -> String {
        let revoked = revoked.iter().map(|certificate| Revoked {
            serial: keys::serial_of(certificate).unwrap(),
            at: NOW,
        });
        let list = Revocations {
            number,
            next_update: NOW + DAY * 365,
            revoked: revoked.collect(),
        };
        self.root.revocations(&list, NOW).unwrap()
    }

    fn keyring(&self) -> Keyring {
        let text = self.root.certificate().to_owned() + &self.list(1, &[]);
        Keyring::parse(&text).unwrap()
    }

    fn signer(&self) -> Signer {
        Signer::load(&self.certificate, &self.key, NOW).unwrap()
    }

    /// Another certificate by the same root.
    fn next(self) -> Self {
        let other = Self::new();
        let request = keys::request(&other.key, "Next signer").unwrap();
        let certificate = self.root.certify(&request, "Next signer", DAY * 700, NOW);
        Self {
            root: self.root,
            certificate: certificate.unwrap(),
            key: other.key,
        }
    }

    fn sign(&self, index: &[u8]) -> Vec<u8> {
        let signatures = sign(index, &[self.signer()], &self.keyring()).unwrap();
        serde_json::to_vec(&signatures).unwrap()
    }
}

fn entry(version: &str) -> Entry {
    let piece = |name: &str| Piece {
        path: format!("{version}/{name}"),
        size: 3,
        sha256: digest::sha256(b"abc"),
    };
    Entry {
        version: version.parse().unwrap(),
        manifest: piece(MANIFEST),
        bundle: piece("onebox.raucb"),
    }
}

fn index() -> Index {
    let entries = ["1.0.0", "1.2.0-rc.1", "1.1.0"].map(entry);
    Index::next("stable", None, entries.to_vec(), NOW, DAY * 30)
}

fn bytes(index: &Index) -> Vec<u8> {
    serde_json::to_vec(index).unwrap()
}

fn expected() -> Expected<'static> {
    Expected {
        channel: Some("stable"),
        now: NOW,
        last_serial: 0,
    }
}

fn later(now: OffsetDateTime) -> Expected<'static> {
    Expected { now, ..expected() }
}

fn refused(
    index: &[u8],
    signatures: &[u8],
    keyring: &Keyring,
    expected: Expected<'_>,
) -> IndexError {
    verify(index, signatures, keyring, expected).unwrap_err()
}

fn keyring_fault(error: IndexError) -> KeyringError {
    match error {
        IndexError::Signature(SignatureError::Signer(fault)) => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn a_signed_index_is_believed_and_says_what_is_newest() {
    let maker = Maker::new();
    let bytes = bytes(&index());
    let seen = verify(&bytes, &maker.sign(&bytes), &maker.keyring(), expected()).unwrap();
    assert_eq!(seen.index, index());
    assert!(!seen.news);
    let newest = |previews| seen.index.newest(previews).unwrap().version.to_string();
    assert_eq!(newest(Previews::Excluded), "1.1.0");
    assert_eq!(newest(Previews::Included), "1.2.0-rc.1");
    assert!(seen.index.find(&Version::new(1, 0, 0)).is_some());
}

#[test]
fn an_index_out_of_date_or_from_the_future_is_refused() {
    let maker = Maker::new();
    let bytes = bytes(&index());
    let (signatures, keyring) = (maker.sign(&bytes), maker.keyring());
    let error = refused(&bytes, &signatures, &keyring, later(NOW + DAY * 31));
    assert!(matches!(error, IndexError::Expired { .. }), "{error}");
    assert!(error.to_string().contains("clock"), "{error}");

    // Signed with a clock that is ahead, but within the certificate's time.
    let ahead = Index::next("stable", None, Vec::new(), NOW + DAY * 2, DAY * 30);
    let ahead = serde_json::to_vec(&ahead).unwrap();
    let error = refused(&ahead, &maker.sign(&ahead), &keyring, expected());
    assert!(matches!(error, IndexError::Future { .. }), "{error}");
}

#[test]
fn an_older_index_than_one_seen_is_refused_and_the_same_is_not() {
    let maker = Maker::new();
    let index = index();
    let bytes = bytes(&index);
    let seen = |last_serial| Expected {
        last_serial,
        ..expected()
    };
    let (signatures, keyring) = (maker.sign(&bytes), maker.keyring());
    assert!(verify(&bytes, &signatures, &keyring, seen(index.serial)).is_ok());
    let error = refused(&bytes, &signatures, &keyring, seen(index.serial + 1));
    assert!(matches!(error, IndexError::Replayed { .. }), "{error}");
}

#[test]
fn serial_numbers_rise_also_within_a_second_and_after_a_loss() {
    let first = index();
    let second = Index::next("stable", Some(&first), Vec::new(), NOW, DAY);
    let third = Index::next("stable", None, Vec::new(), NOW + Duration::HOUR, DAY);
    assert!(first.serial < second.serial && second.serial < third.serial);
}

#[test]
fn another_channels_index_is_refused() {
    let maker = Maker::new();
    let bytes = bytes(&index());
    let other = Expected {
        channel: Some("testing"),
        ..expected()
    };
    let error = refused(&bytes, &maker.sign(&bytes), &maker.keyring(), other);
    assert!(matches!(error, IndexError::OtherChannel { .. }), "{error}");
}

#[test]
fn every_flipped_bit_of_the_index_is_noticed() {
    let maker = Maker::new();
    let (bytes, keyring) = (bytes(&index()), maker.keyring());
    let signatures = maker.sign(&bytes);
    for at in (0..bytes.len()).step_by(17) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let error = refused(&flipped, &signatures, &keyring, expected());
        assert!(error.is_transient(), "{at}: {error}");
    }
    let half = &bytes[..bytes.len() / 2];
    assert!(refused(half, &signatures, &keyring, expected()).is_transient());
}

#[test]
fn a_changed_signature_is_refused() {
    let maker = Maker::new();
    let (bytes, keyring) = (bytes(&index()), maker.keyring());
    let good = sign(&bytes, &[maker.signer()], &keyring).unwrap();
    let check = |change: &dyn Fn(&mut Signatures)| {
        let mut changed = good.clone();
        change(&mut changed);
        let text = serde_json::to_vec(&changed).unwrap();
        match refused(&bytes, &text, &keyring, expected()) {
            IndexError::Signature(error) => error,
            other => panic!("{other}"),
        }
    };
    let flip = |signatures: &mut Signatures| {
        let text = &mut signatures.signatures[0].signature;
        let middle = text.len() / 2;
        let other = if &text[middle..=middle] == "A" {
            "B"
        } else {
            "A"
        };
        text.replace_range(middle..=middle, other);
    };
    assert!(matches!(check(&flip), SignatureError::Mismatch { .. }));
    let error = check(&|all| all.signatures[0].signature = "%".to_owned());
    assert!(matches!(error, SignatureError::Damaged(_)), "{error}");
    let error = check(&|all| all.signatures[0].certificate = String::new());
    assert!(matches!(error, SignatureError::Damaged(_)), "{error}");
    let error = check(&|all| all.signatures[0].algorithm = "none".to_owned());
    assert!(matches!(error, SignatureError::Algorithm(_)), "{error}");
    let error = check(&|all| all.signatures.clear());
    assert!(matches!(error, SignatureError::Unsigned), "{error}");
    let error = check(&|all| all.format = 2);
    assert!(
        matches!(error, SignatureError::Newer { found: 2 }),
        "{error}"
    );
    // The revocations of somebody else are left alone.
    let mut more = good;
    more.revocations = Maker::new().list(9, &[]);
    let text = serde_json::to_vec(&more).unwrap();
    assert!(!verify(&bytes, &text, &keyring, expected()).unwrap().news);
    let error = refused(&bytes, b"", &keyring, expected());
    assert!(matches!(
        error,
        IndexError::Signature(SignatureError::Damaged(_))
    ));
    let error = refused(&bytes, &vec![b' '; LIMIT + 1], &keyring, expected());
    assert!(matches!(
        error,
        IndexError::Signature(SignatureError::Damaged(_))
    ));
}

#[test]
fn the_key_of_somebody_else_is_refused() {
    let (maker, other) = (Maker::new(), Maker::new());
    let bytes = bytes(&index());
    let error = refused(&bytes, &other.sign(&bytes), &maker.keyring(), expected());
    assert!(matches!(
        keyring_fault(error),
        KeyringError::WrongKey { .. }
    ));
}

#[test]
fn a_root_does_not_sign_indices() {
    let maker = Maker::new();
    let error = Signer::load(maker.root.certificate(), &maker.root.key(), NOW).unwrap_err();
    assert!(
        matches!(
            error,
            KeyError::Certificate(CertificateError::Purpose { .. })
        ),
        "{error}"
    );
}

#[test]
fn a_signer_is_no_root() {
    let maker = Maker::new();
    let error = Keyring::parse(&maker.certificate).unwrap_err();
    assert!(matches!(error, KeyringError::Certificate(_)), "{error}");
    let error = Root::load(&maker.certificate, &maker.key).unwrap_err();
    assert!(matches!(error, KeyError::Certificate(_)), "{error}");
}

#[test]
fn a_revocation_that_comes_with_an_index_is_learned() {
    let maker = Maker::new();
    let old_certificate = maker.certificate.clone();
    let index = bytes(&index());
    let by_old = maker.sign(&index);
    let keyring = maker.keyring();
    assert!(verify(&index, &by_old, &keyring, expected()).is_ok());

    let maker = maker.next();
    let list = maker.list(2, &[&old_certificate]);
    let mut newer = keyring.clone();
    assert!(newer.adopt(&list) && !newer.adopt(&list));
    let by_new = sign(&index, &[maker.signer()], &newer).unwrap();
    let by_new = serde_json::to_vec(&by_new).unwrap();
    let seen = verify(&index, &by_new, &keyring, expected()).unwrap();
    assert!(seen.news);

    let error = refused(&index, &by_old, &seen.keyring, expected());
    let fault = keyring_fault(error);
    assert!(matches!(fault, KeyringError::Revoked { .. }), "{fault}");
    // An older list does not take the revocation back.
    let mut again = seen.keyring.clone();
    assert!(!again.adopt(&maker.list(1, &[])));
    assert_eq!(again, seen.keyring);
}

#[test]
fn without_a_fresh_list_of_revocations_nothing_is_believed() {
    let maker = Maker::new();
    let index = Index::next("stable", None, Vec::new(), NOW, DAY * 600);
    let bytes = bytes(&index);
    let signatures = maker.sign(&bytes);
    let error = refused(
        &bytes,
        &signatures,
        &maker.keyring(),
        later(NOW + DAY * 366),
    );
    assert!(matches!(
        keyring_fault(error),
        KeyringError::StaleList { .. }
    ));

    let bare = Keyring::parse(maker.root.certificate()).unwrap();
    assert!(bare.can_check_revocation(NOW).is_err());
    assert!(maker.keyring().can_check_revocation(NOW).is_ok());
    let mut unlisted = sign(&bytes, &[maker.signer()], &bare).unwrap();
    let text = serde_json::to_vec(&unlisted).unwrap();
    let error = refused(&bytes, &text, &bare, expected());
    assert!(matches!(keyring_fault(error), KeyringError::NoList { .. }));
    // The list may come along.
    unlisted.revocations = maker.list(1, &[]);
    let text = serde_json::to_vec(&unlisted).unwrap();
    assert!(verify(&bytes, &text, &bare, expected()).is_ok());
}

#[test]
fn a_certificate_out_of_date_is_refused() {
    let maker = Maker::new();
    let (after, before) = (NOW + DAY * 701, NOW - DAY);
    for now in [after, before] {
        let error = Signer::load(&maker.certificate, &maker.key, now).unwrap_err();
        assert!(error.to_string().contains("clock"), "{error}");
    }
    let bytes = bytes(&Index::next("stable", None, Vec::new(), NOW, DAY * 900));
    let mut keyring = maker.keyring();
    let list = Revocations {
        number: 2,
        next_update: NOW + DAY * 900,
        revoked: Vec::new(),
    };
    assert!(keyring.adopt(&maker.root.revocations(&list, NOW).unwrap()));
    let error = refused(&bytes, &maker.sign(&bytes), &keyring, later(after));
    let fault = keyring_fault(error);
    assert!(matches!(
        fault,
        KeyringError::Certificate(CertificateError::Validity { .. })
    ));
}

#[test]
fn while_a_root_is_replaced_old_and_new_boxes_believe_the_same_index() {
    let (old, new) = (Maker::new(), Maker::new());
    let mut both = old.keyring();
    both.join(&new.keyring()).unwrap();
    assert_eq!(Keyring::parse(&both.to_pem()).unwrap(), both);
    assert_eq!(both.roots().unwrap().len(), 2);
    assert!(both.can_check_revocation(NOW).is_ok());

    let bytes = bytes(&index());
    let signers = [new.signer(), old.signer()];
    let signatures = sign(&bytes, &signers, &both).unwrap();
    let signatures = serde_json::to_vec(&signatures).unwrap();
    for keyring in [old.keyring(), both.clone(), new.keyring()] {
        assert!(verify(&bytes, &signatures, &keyring, expected()).is_ok());
    }
    for maker in [&old, &new] {
        assert!(verify(&bytes, &maker.sign(&bytes), &both, expected()).is_ok());
    }
    let error = refused(&bytes, &new.sign(&bytes), &old.keyring(), expected());
    assert!(matches!(
        keyring_fault(error),
        KeyringError::WrongKey { .. }
    ));
}

#[test]
fn a_damaged_keyring_is_told() {
    let maker = Maker::new();
    assert!(matches!(Keyring::parse(""), Err(KeyringError::Empty)));
    let foreign = maker.root.certificate().to_owned() + &Maker::new().list(1, &[]);
    let error = Keyring::parse(&foreign).unwrap_err();
    assert!(matches!(error, KeyringError::ForeignList), "{error}");
    let torn = &maker.keyring().to_pem()[..300];
    let error = Keyring::parse(torn).unwrap_err();
    assert!(matches!(error, KeyringError::Damaged(_)), "{error}");
}

#[test]
fn keys_and_certificates_of_each_other_are_asked_for() {
    let (one, other) = (Maker::new(), Maker::new());
    let error = Signer::load(&one.certificate, &other.key, NOW).unwrap_err();
    assert!(matches!(error, KeyError::OtherKey { .. }), "{error}");
    let error = Root::load(one.root.certificate(), &other.root.key()).unwrap_err();
    assert!(matches!(error, KeyError::OtherKey { .. }), "{error}");
    assert!(one.root.issued(&one.certificate).unwrap());
    assert!(!one.root.issued(&other.certificate).unwrap());
    let again = Root::load(one.root.certificate(), &one.root.key()).unwrap();
    assert!(again.issued(&one.certificate).unwrap());
}

#[test]
fn a_newer_or_other_file_is_told_from_a_damaged_one() {
    let newer = br#"{"kind": "onebox-channel", "format": 2}"#;
    assert!(matches!(
        Index::parse(newer),
        Err(IndexError::Newer { found: 2 })
    ));
    for other in [&b"{"[..], b"{}", br#"{"kind": "onebox", "format": 1}"#] {
        assert!(matches!(Index::parse(other), Err(IndexError::Damaged(_))));
    }
    let long = vec![b' '; LIMIT + 1];
    assert!(matches!(Index::parse(&long), Err(IndexError::Damaged(_))));
}

#[test]
fn paths_stay_inside_the_channel() {
    for path in [
        "../x",
        "/x",
        "a//b",
        "",
        "a/..",
        "https://x.example/a",
        "a?b",
        ".hidden",
        "a b",
    ] {
        let mut index = index();
        path.clone_into(&mut index.releases[0].bundle.path);
        let error = Index::parse(&bytes(&index)).unwrap_err();
        assert!(matches!(error, IndexError::Path { .. }), "{path}: {error}");
    }
}
