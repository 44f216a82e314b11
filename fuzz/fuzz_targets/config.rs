//! The operator's file, whatever it says. A file that is not UTF-8 is refused
//! before it is parsed, so there is nothing to find in one.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            onebox_fuzz::config(text);
            Corpus::Keep
        }
        Err(_) => Corpus::Reject,
    }
});
