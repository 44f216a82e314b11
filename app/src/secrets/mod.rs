//! Secrets that the database keeps and must not show: those of second factors,
//! keys that sign access tokens, and the texts of mails that leave nowhere (they
//! hold links that set passwords). They are sealed with keys that the database
//! does not have, so that a dump or a backup of it alone lets nobody in.
//!
//! [`sealed`] is the form, [`sealer`] has the keys, [`key_file`] makes their
//! file, [`sealing`] walks the rows: what an earlier release left in clear is
//! sealed, and what an old key sealed is sealed anew. Passwords, reset tokens,
//! refresh tokens and recovery codes are not here: of those only hashes are
//! kept. Passwords for other services are in the operator's file and never in
//! the database.

pub mod key_file;
pub mod place;
pub mod sealed;
pub mod sealer;
pub mod sealing;

pub use place::{Place, Spot};
pub use sealed::{OpenError, SealError};
pub use sealer::{KeyringError, Sealer};
