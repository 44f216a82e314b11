//! Files answered from memory: compressed once, with their size, a strong
//! tag and every header ready, so that a request costs a look-up and a write.
//!
//! The directory of `[web] static_dir` is under `/static/`. A file is read
//! when it is first asked for and looked at again (size and time of change)
//! at most once a second; large files are streamed from the disk.

mod cache;
mod encoding;
mod kind;
mod pack;
mod path;
mod serve;

pub use cache::Statics;
pub use pack::{Lasting, Pack};
