//! Logging in, for programs.

pub mod login;
