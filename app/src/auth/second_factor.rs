//! The second factor: codes of six digits that an app on a phone makes from a
//! shared secret and the time (TOTP, RFC 6238), and ten recovery codes for when
//! the phone is gone. Every code works once.
//!
//! The secret is stored sealed ([`crate::secrets`]), so that whoever reads the
//! table of accounts can make no codes. Recovery codes are stored as hashes;
//! they have 80 bits, so a plain hash is enough. They work also when the keys
//! of the seals are lost.

use super::audit::{self, Entry};
use super::identity::Identity;
use crate::errors::{AppError, AppResult};
use crate::random::{self, NoRandomness};
use crate::secrets::{OpenError, Place, Spot};
use crate::state::AppState;
use crate::storage::second_factor::{SecondFactorRow, Stored};
use crate::storage::{Doing, sealing, second_factor};
use time::OffsetDateTime;
use totp_rs::{Builder, Totp};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Recovery codes given at a time.
const CODES: usize = 10;
/// Letters that are not mistaken for one another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const ISSUER: &str = "Wizamart";

/// A secret to be put into an app. It has no `Debug`.
pub struct Enrolment {
    /// The secret in base 32, for typing.
    pub secret: String,
    /// The same as an `otpauth:` address, for scanning.
    pub uri: String,
}

/// Makes a secret that is in force once it is confirmed.
///
/// # Errors
/// 409 when one is in force already.
pub async fn enrol(state: &AppState, identity: &Identity) -> AppResult<Enrolment> {
    let secret = Zeroizing::new(random::bytes::<20>()?);
    let secret = secret.as_slice();
    let user = identity.session.user_id;
    let sealed = state.services.sealer.seal(spot(user), secret)?;
    let stored = match sealing::plain_allowed(&state.pool, state.clock.now()).await? {
        true => Stored::Plain(secret),
        false => Stored::Sealed(&sealed),
    };
    if !second_factor::enrol(&state.pool, user, stored).await? {
        return Err(AppError::conflict(
            "A second factor is in force; remove it first.",
        ));
    }
    enrolment(secret, &identity.session.email)
}

/// The secret that waits to be confirmed, for showing it again.
///
/// # Errors
/// When the database fails.
pub async fn pending(state: &AppState, identity: &Identity) -> AppResult<Option<Enrolment>> {
    let user = identity.session.user_id;
    let row = second_factor::find(&state.pool, user).await?;
    let Some(row) = row.filter(|row| !row.confirmed) else {
        return Ok(None);
    };
    match open(state, user, &row)? {
        Some(secret) => enrolment(&secret, &identity.session.email).map(Some),
        None => Ok(None),
    }
}

/// Puts the secret in force that `code` was made with, and gives the recovery
/// codes. They are not shown again.
///
/// # Errors
/// 422 when the code does not fit, 409 when there is nothing to confirm.
pub async fn confirm(state: &AppState, identity: &Identity, code: &str) -> AppResult<Vec<String>> {
    let now = state.clock.now();
    let user = identity.session.user_id;
    let nothing = || AppError::conflict("There is no new second factor to confirm.");
    let row = second_factor::find(&state.pool, user).await?;
    let row = row.filter(|row| !row.confirmed).ok_or_else(nothing)?;
    let secret = open(state, user, &row)?.ok_or_else(nothing)?;
    let step = step_of(&secret, code, now)?
        .ok_or_else(|| AppError::invalid("code", "does not fit; is the phone's clock right?"))?;
    let codes = recovery_codes()?;
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    if !second_factor::confirm(&mut *transaction, user, &row, step, now).await? {
        return Err(nothing());
    }
    second_factor::replace_codes(&mut transaction, user, &hashes(&codes)).await?;
    let entry = Entry::by(identity, "second_factor.enable", now).subject(user);
    audit::record(&mut transaction, entry).await?;
    transaction
        .commit()
        .await
        .doing("confirm a second factor")?;
    Ok(codes)
}

/// Removes the second factor. The caller has checked the password.
///
/// # Errors
/// When the database fails.
pub async fn disable(state: &AppState, identity: &Identity) -> AppResult<()> {
    let user = identity.session.user_id;
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    second_factor::disable(&mut transaction, user).await?;
    let entry = Entry::by(identity, "second_factor.disable", state.clock.now()).subject(user);
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("remove a second factor")?;
    Ok(())
}

/// Gives new recovery codes; the old ones are void. The caller has checked the
/// password.
///
/// # Errors
/// 409 without a second factor.
pub async fn regenerate(state: &AppState, identity: &Identity) -> AppResult<Vec<String>> {
    let user = identity.session.user_id;
    let row = second_factor::find(&state.pool, user).await?;
    if !row.is_some_and(|row| row.confirmed) {
        return Err(AppError::conflict("There is no second factor."));
    }
    let codes = recovery_codes()?;
    let mut transaction = state.pool.begin().await.doing("begin a transaction")?;
    second_factor::replace_codes(&mut transaction, user, &hashes(&codes)).await?;
    let entry = Entry::by(identity, "recovery_codes.replace", state.clock.now()).subject(user);
    audit::record(&mut transaction, entry).await?;
    transaction.commit().await.doing("store recovery codes")?;
    Ok(codes)
}

/// Whether a code opens an account; it is used up by asking.
///
/// # Errors
/// When the database fails.
pub async fn check(state: &AppState, user: Uuid, code: &str) -> AppResult<bool> {
    let now = state.clock.now();
    let row = second_factor::find(&state.pool, user).await?;
    let Some(row) = row.filter(|row| row.confirmed) else {
        return Ok(false);
    };
    if digits(code).is_some() {
        let Some(secret) = open(state, user, &row)? else {
            return Ok(false);
        };
        return match step_of(&secret, code, now)? {
            Some(step) => Ok(second_factor::use_step(&state.pool, user, step).await?),
            None => Ok(false),
        };
    }
    let hash = hash(code);
    Ok(second_factor::use_code(&state.pool, user, &hash, now).await?)
}

/// Where an account's secret is.
fn spot(user: Uuid) -> Spot {
    Place::SecondFactors.of(user)
}

/// An account's secret. One in clear is newer than a sealed one beside it: an
/// earlier release wrote it.
fn open(
    state: &AppState,
    user: Uuid,
    row: &SecondFactorRow,
) -> Result<Option<Zeroizing<Vec<u8>>>, OpenError> {
    match (&row.plain, &row.sealed) {
        (Some(plain), _) => Ok(Some(Zeroizing::new(plain.clone()))),
        (None, Some(sealed)) => state.services.sealer.open(spot(user), sealed).map(Some),
        (None, None) => Ok(None),
    }
}

fn enrolment(secret: &[u8], email: &str) -> AppResult<Enrolment> {
    let totp = totp(secret, email)?;
    let uri = totp
        .to_url()
        .map_err(|error| AppError::Internal(format!("cannot write an otpauth address: {error}")))?;
    let secret = uri
        .split(['?', '&'])
        .find_map(|part| part.strip_prefix("secret="))
        .unwrap_or_default()
        .to_owned();
    Ok(Enrolment { secret, uri })
}

/// Six digits, 30 seconds, SHA-1: what every app understands. One step early or
/// late is let pass.
fn totp(secret: &[u8], email: &str) -> AppResult<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        // A colon would end the issuer's name.
        .with_account_name(email.replace(':', "_"))
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|error| AppError::Internal(format!("a second factor is damaged: {error}")))
}

/// The six digits of a code; `None` of what is none, such as a recovery code.
fn digits(code: &str) -> Option<String> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// The step that a code belongs to, near now.
fn step_of(secret: &[u8], code: &str, now: OffsetDateTime) -> AppResult<Option<i64>> {
    let Some(digits) = digits(code) else {
        return Ok(None);
    };
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or_default();
    let step = totp(secret, "-")?.check(&digits, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

fn recovery_codes() -> Result<Vec<String>, NoRandomness> {
    (0..CODES).map(|_| recovery_code()).collect()
}

/// Sixteen letters of five bits, in groups of four.
fn recovery_code() -> Result<String, NoRandomness> {
    let letters = random::bytes::<16>()?;
    let mut code = String::with_capacity(19);
    for (index, byte) in letters.iter().enumerate() {
        if index > 0 && index % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(LETTERS[usize::from(byte & 31)]));
    }
    Ok(code)
}

/// However it was typed.
fn hash(code: &str) -> String {
    let bare: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    random::sha256_hex(bare.as_bytes())
}

fn hashes(codes: &[String]) -> Vec<String> {
    codes.iter().map(|code| hash(code)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six digits of its eight.
        let secret = b"12345678901234567890";
        let at = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).unwrap();
        assert_eq!(step_of(secret, "287082", at(59)).unwrap(), Some(1));
        assert_eq!(step_of(secret, "287 082", at(89)).unwrap(), Some(1));
        assert_eq!(step_of(secret, "287082", at(120)).unwrap(), None);
        assert_eq!(
            step_of(secret, "081804", at(1_111_111_109)).unwrap(),
            Some(37_037_036)
        );
        assert_eq!(step_of(secret, "28708", at(59)).unwrap(), None);
        assert_eq!(step_of(secret, "２８７０８２", at(59)).unwrap(), None);
    }

    #[test]
    fn a_recovery_code_may_be_typed_in_any_form() {
        let code = recovery_code().unwrap();
        assert_eq!(code.len(), 19);
        assert_eq!(hash(&code), hash(&code.replace('-', " ").to_uppercase()));
        assert_ne!(code, recovery_code().unwrap());
    }

    #[test]
    fn the_address_for_the_app_names_the_account() {
        let made = enrolment(b"12345678901234567890", "a:b@example.org").unwrap();
        assert!(
            made.uri
                .starts_with("otpauth://totp/Wizamart:a_b%40example.org?"),
            "{}",
            made.uri
        );
        assert_eq!(made.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }
}
