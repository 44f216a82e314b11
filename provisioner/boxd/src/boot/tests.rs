//! Power cuts: whatever is left of a change, the next start is the old decision
//! or the new one.

use super::decision::{self, Attempt, EXHAUSTED};
use super::error::BootError;
use super::files::{Copy, Medium, Part, sum};
use super::{Confirmed, Nonce, Origin, Slot, State, Store};
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Arc, Mutex};

type Files = BTreeMap<(Copy, Part), Vec<u8>>;
type Write = ((Copy, Part), Vec<u8>);

/// A partition that remembers what was written to it.
#[derive(Debug, Default)]
struct Recorder {
    files: Mutex<Files>,
    writes: Mutex<Vec<Write>>,
}

impl Medium for Recorder {
    fn read(&self, copy: Copy, part: Part) -> Result<Option<Vec<u8>>, BootError> {
        Ok(self.files.lock().unwrap().get(&(copy, part)).cloned())
    }

    fn write(&self, copy: Copy, part: Part, bytes: &[u8]) -> Result<(), BootError> {
        let write = ((copy, part), bytes.to_vec());
        self.writes.lock().unwrap().push(write);
        let mut files = self.files.lock().unwrap();
        files.insert((copy, part), bytes.to_vec());
        Ok(())
    }

    fn lock(&self) -> Result<Option<File>, BootError> {
        Ok(None)
    }
}

fn store(files: &Files) -> (Arc<Recorder>, Store) {
    let medium = Arc::new(Recorder {
        files: Mutex::new(files.clone()),
        ..Recorder::default()
    });
    (Arc::clone(&medium), Store::on(medium))
}

/// The files of a box with this state after so many starts.
fn files(state: State, tries: u8) -> Files {
    let block = state.encode();
    let count = format!("{}:{tries}", state.nonce);
    let tries = super::block::encode(&[("tries", &count)]).to_vec();
    let of = |copy| {
        [
            ((copy, Part::State), block.to_vec()),
            ((copy, Part::Sum), sum(&block)),
            ((copy, Part::Tries), tries.clone()),
        ]
    };
    Copy::ALL.into_iter().flat_map(of).collect()
}

/// What GRUB would do, read from the files by GRUB's rules and not by the
/// store's code.
fn grub(files: &Files) -> Vec<Attempt> {
    let variable = |bytes: &[u8], name: &str| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let body = text.strip_prefix("# GRUB Environment Block\n")?.to_owned();
        let found = body
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.map(str::to_owned)
    };
    let whole = |copy| {
        let block = files.get(&(copy, Part::State))?;
        let line = files.get(&(copy, Part::Sum))?;
        let named = line.ends_with(b"  state.env\n") && *line == sum(block);
        let boot: Slot = variable(block, "boot")?.parse().ok()?;
        let nonce = variable(block, "nonce").filter(|nonce| !nonce.is_empty())?;
        let trial = variable(block, "trial").and_then(|trial| trial.parse().ok());
        let other_ok = variable(block, "other_ok").as_deref() == Some("yes");
        named.then_some((boot, trial, other_ok, nonce))
    };
    let (boot, trial, other_ok, nonce) = whole(Copy::First)
        .or_else(|| whole(Copy::Second))
        .unwrap_or((Slot::A, None, false, "0".repeat(16)));
    let tries = Copy::ALL.into_iter().filter_map(|copy| {
        let tries = variable(files.get(&(copy, Part::Tries))?, "tries")?;
        (1..=EXHAUSTED).find(|count| tries == format!("{nonce}:{count}"))
    });
    let state = State {
        boot,
        trial: trial.filter(|trial| *trial != boot),
        other_ok,
        ..State::NEW
    };
    decision::attempts(&state, tries.max().unwrap_or(0))
}

/// Every way a sector may come out of a cut write: new up to some byte and old
/// behind it, or the other way round, or lost. Cuts between two bytes that stay
/// the same come out alike.
fn torn(old: &[u8], new: &[u8]) -> Vec<Vec<u8>> {
    let length = old.len().max(new.len());
    let full = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.resize(length, b'#');
        bytes
    };
    let (old, new) = (full(old), full(new));
    let mut all = vec![old.clone(), new.clone()];
    for cut in (0..length).filter(|at| old[*at] != new[*at]) {
        all.push([&new[..cut], &old[cut..]].concat());
        all.push([&old[..cut], &new[cut..]].concat());
    }
    all.extend([0, b'#', 0xff].map(|filler| vec![filler; length]));
    all
}

type Change = fn(&Store);

const CHANGES: [Change; 8] = [
    |store| drop(store.begin_trial(Slot::B)),
    |store| drop(store.begin_trial(Slot::A)),
    |store| store.end_trial().unwrap(),
    |store| store.slot_is_written(Slot::A).unwrap(),
    |store| store.slot_is_written(Slot::B).unwrap(),
    |store| {
        let _ = store.confirm(Slot::A).unwrap();
    },
    |store| {
        let _ = store.confirm(Slot::B).unwrap();
    },
    |store| drop(store.heal().unwrap()),
];

fn states() -> Vec<(State, u8)> {
    let mut all = Vec::new();
    for boot in Slot::ALL {
        for trial in [None, Some(boot.other())] {
            for other_ok in [false, true] {
                for tries in 0..=EXHAUSTED {
                    let state = State {
                        serial: 7,
                        boot,
                        trial,
                        other_ok,
                        nonce: Nonce::of(0xabc),
                    };
                    all.push((state, tries));
                }
            }
        }
    }
    all
}

/// Cuts every write of `change`, begun with `files`, in every way.
fn cut_everywhere(before: &Files, change: Change) {
    let (medium, store) = store(before);
    change(&store);
    let writes = medium.writes.lock().unwrap().clone();
    let after = medium.files.lock().unwrap().clone();
    let decisions = [grub(before), grub(&after)];
    let mut disk = before.clone();
    for (place, bytes) in writes {
        let old = disk.get(&place).cloned().unwrap_or_default();
        for left in torn(&old, &bytes) {
            let mut disk = disk.clone();
            disk.insert(place, left);
            let decision = grub(&disk);
            assert!(
                decisions.contains(&decision),
                "{place:?}: {decision:?} is neither of {decisions:?}"
            );
        }
        disk.insert(place, bytes);
    }
}

#[test]
fn a_cut_leaves_the_old_decision_or_the_new_one() {
    for (state, tries) in states() {
        for change in CHANGES {
            cut_everywhere(&files(state, tries), change);
        }
    }
}

#[test]
fn a_cut_is_survived_while_one_copy_is_damaged_already() {
    let parts = [Part::State, Part::Sum, Part::Tries];
    for (state, tries) in states().into_iter().step_by(11) {
        for (copy, part) in Copy::ALL
            .into_iter()
            .flat_map(|copy| parts.map(|part| (copy, part)))
        {
            let mut damaged = files(state, tries);
            damaged.insert((copy, part), vec![0; 512]);
            for change in CHANGES {
                cut_everywhere(&damaged, change);
            }
            damaged.remove(&(copy, part));
            for change in CHANGES {
                cut_everywhere(&damaged, change);
            }
        }
    }
}

#[test]
fn a_change_may_be_repeated_and_goes_on_where_it_was_cut() {
    for (state, tries) in states() {
        for change in CHANGES {
            let before = files(state, tries);
            let (medium, first) = store(&before);
            change(&first);
            let after = medium.files.lock().unwrap().clone();
            let wanted = grub(&after);
            change(&first);
            assert_eq!(grub(&medium.files.lock().unwrap()), wanted, "said twice");
            let mut disk = before;
            for (place, bytes) in medium.writes.lock().unwrap().clone() {
                let (again, second) = store(&disk);
                change(&second);
                assert_eq!(grub(&again.files.lock().unwrap()), wanted, "begun again");
                assert!(second.read().unwrap().damaged.is_empty());
                disk.insert(place, bytes);
            }
        }
    }
}

#[test]
fn the_store_and_grub_agree_on_what_stands_there() {
    for (state, tries) in states() {
        let (_medium, store) = store(&files(state, tries));
        let found = store.read().unwrap();
        assert_eq!((found.state, found.tries), (state, tries));
        assert_eq!(found.origin, Origin::Copy(Copy::First));
        assert_eq!(
            grub(&files(state, tries)),
            decision::attempts(&state, tries)
        );
    }
    let (_medium, store) = store(&Files::new());
    let found = store.read().unwrap();
    assert_eq!((found.origin, found.state), (Origin::Default, State::NEW));
    assert_eq!(found.damaged, Copy::ALL);
}

#[test]
fn a_trial_that_is_won_is_committed_and_the_old_slot_stays_a_last_resort() {
    let (_medium, store) = store(&files(State::NEW, 0));
    store.slot_is_written(Slot::B).unwrap();
    store.begin_trial(Slot::B).unwrap();
    assert_eq!(store.confirm(Slot::A).unwrap(), Confirmed::TrialOpen);
    assert_eq!(store.read().unwrap().state.trial, Some(Slot::B));
    assert_eq!(store.confirm(Slot::B).unwrap(), Confirmed::Trial);
    let state = store.read().unwrap().state;
    assert_eq!(
        (state.boot, state.trial, state.other_ok),
        (Slot::B, None, true)
    );
    assert_eq!(store.confirm(Slot::B).unwrap(), Confirmed::Again);
    let error = store.begin_trial(Slot::B).unwrap_err().to_string();
    assert!(error.contains("slot A"), "{error}");
}

#[test]
fn good_boots_after_a_lost_trial_never_end_in_recovery() {
    let state = State {
        trial: Some(Slot::B),
        ..State::NEW
    };
    for tries in 4..=EXHAUSTED {
        let (_medium, store) = store(&files(state, tries));
        assert_eq!(store.confirm(Slot::A).unwrap(), Confirmed::TrialOpen);
        let found = store.read().unwrap();
        assert_eq!(found.tries, decision::STARTS);
        assert_eq!(found.next(), decision::Next::Slot(Slot::A));
    }
}

#[test]
fn the_last_resort_takes_over_but_a_slot_started_by_hand_does_not() {
    let state = State {
        other_ok: true,
        ..State::NEW
    };
    let confirm = |tries| {
        let (_medium, store) = store(&files(state, tries));
        let confirmed = store.confirm(Slot::B).unwrap();
        (confirmed, store.read().unwrap().state.boot)
    };
    assert_eq!(confirm(1), (Confirmed::ByHand, Slot::A));
    assert_eq!(confirm(4), (Confirmed::LastResort, Slot::B));
}

#[test]
fn a_directory_holds_the_state_and_mends_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    assert_eq!(store.read().unwrap().damaged, Copy::ALL);
    store.heal().unwrap();
    store.begin_trial(Slot::B).unwrap();
    for copy in Copy::ALL {
        for part in [Part::State, Part::Sum, Part::Tries] {
            let path = dir.path().join(copy.directory()).join(part.name());
            let whole = std::fs::read(&path).unwrap();
            for broken in [
                None,
                Some(Vec::new()),
                Some(vec![0; 512]),
                Some(vec![b'x'; 4096]),
            ] {
                match broken {
                    None => std::fs::remove_file(&path).unwrap(),
                    Some(bytes) => std::fs::write(&path, bytes).unwrap(),
                }
                let found = store.read().unwrap();
                assert_eq!(found.damaged, [copy], "{path:?}");
                assert_eq!(found.state.trial, Some(Slot::B));
                assert!(store.heal().unwrap().damaged.is_empty());
                if part == Part::Tries {
                    assert_eq!(std::fs::metadata(&path).unwrap().len(), 512);
                } else {
                    assert_eq!(std::fs::read(&path).unwrap(), whole, "{path:?}");
                }
            }
        }
    }
    let away = Store::new(&dir.path().join("efi"));
    let error = away.read().unwrap_err().to_string();
    assert!(error.contains("EFI system partition"), "{error}");
}
