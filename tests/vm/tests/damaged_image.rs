//! The real image, cut short: refused with a reason and without a trace.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test")]

use std::fs::{self, File, OpenOptions};
use std::io;

use onebox_vm::image::sparse::{self, Target};
use onebox_vm::{Settings, State, Vm};
use onebox_vm_tests::scenario::image;

#[test]
fn an_image_that_was_cut_short_is_refused() {
    let dir =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/vm/damaged_image");
    fs::create_dir_all(&dir).unwrap();
    let cut = dir.join("cut.raw");
    copy(&cut).unwrap();
    let whole = fs::metadata(&cut).unwrap().len();
    OpenOptions::new()
        .write(true)
        .open(&cut)
        .unwrap()
        .set_len(whole - (1 << 20))
        .unwrap();
    let state = State::new(dir.join("machine"));
    let error = Vm::create(state.clone(), Settings::default(), &cut)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cut short") && error.contains("cut.raw"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(!state.exists() && !state.unpacking().exists());
    fs::remove_dir_all(dir).unwrap();
}

fn copy(to: &std::path::Path) -> io::Result<()> {
    let file = File::create(to)?;
    let length = sparse::copy(&mut File::open(image())?, &file, 0, Target::Empty)?;
    file.set_len(length)
}
