//! Passwords people type once from a screen, and the randomness of keys.

use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

/// No 0/O, 1/l/I, o: what looks alike is left out.
const ALPHABET: &[u8; 56] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
/// Bytes from here on would favour the letters at the alphabet's beginning.
const UNBIASED: u8 = 224;
const GROUPS: usize = 6;
const GROUP: usize = 4;

/// A new password of 24 letters and digits in groups of four: 139 bits.
///
/// # Errors
/// When the kernel's generator refuses.
pub(crate) fn generate() -> Result<String, Errno> {
    let mut password = String::with_capacity(GROUPS * (GROUP + 1));
    let mut letters = 0;
    while letters < GROUPS * GROUP {
        let mut buffer = [0u8; 64];
        // Blocks until the generator is seeded, early in a first boot.
        let filled = getrandom(&mut buffer, GetRandomFlags::empty())?;
        for byte in buffer.iter().take(filled).filter(|byte| **byte < UNBIASED) {
            let Some(letter) = ALPHABET.get(usize::from(*byte) % ALPHABET.len()) else {
                continue;
            };
            if letters == GROUPS * GROUP {
                break;
            }
            if letters > 0 && letters % GROUP == 0 {
                password.push('-');
            }
            password.push(char::from(*letter));
            letters += 1;
        }
    }
    Ok(password)
}

/// `N` random bytes.
///
/// # Errors
/// When the kernel's generator refuses.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Errno> {
    let mut bytes = [0; N];
    let mut done = 0;
    while let Some(rest) = bytes.get_mut(done..).filter(|rest| !rest.is_empty()) {
        done += getrandom(rest, GetRandomFlags::empty())?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_password_has_its_form_and_no_letter_that_looks_like_another() {
        let password = generate().unwrap();
        let groups: Vec<&str> = password.split('-').collect();
        assert_eq!(groups.len(), GROUPS);
        assert!(groups.iter().all(|group| group.len() == GROUP));
        assert!(!password.contains(['0', 'O', '1', 'l', 'I', 'o']));
    }

    #[test]
    fn no_two_passwords_are_alike_and_every_letter_is_used() {
        let passwords: HashSet<String> = (0..200).map(|_| generate().unwrap()).collect();
        assert_eq!(passwords.len(), 200);
        let used: HashSet<char> = passwords.iter().flat_map(|p| p.chars()).collect();
        assert_eq!(used.len(), ALPHABET.len() + 1);
    }

    #[test]
    fn every_byte_is_filled_and_no_two_draws_are_alike() {
        let all: HashSet<[u8; 32]> = (0..100).map(|_| bytes().unwrap()).collect();
        assert_eq!(all.len(), 100);
        assert!((0..32).all(|at| all.iter().any(|drawn| drawn[at] != 0)));
    }

    #[test]
    fn the_alphabet_has_each_letter_once() {
        assert_eq!(ALPHABET.iter().collect::<HashSet<_>>().len(), 56);
        assert_eq!(usize::from(UNBIASED) % ALPHABET.len(), 0);
    }
}
