//! When the keeper tells the operator. One place for the watches and the doctor.

/// A file system with less free room, in percent, is getting full: `/ready` says
/// so below 5, and PostgreSQL stops at 0.
pub const DISK_FREE_PERCENT: u64 = 10;

/// The same for inodes: many small files use them up with room to spare.
pub const INODES_FREE_PERCENT: u64 = 10;

/// Less memory available, in percent of all of it, and the kernel will soon
/// have to end something.
pub const MEMORY_AVAILABLE_PERCENT: u64 = 8;

/// Seconds a due job may wait before its queue does not keep up.
pub const QUEUE_AGE_SECONDS: i64 = 300;

/// Days before its end at which a certificate should long have been renewed.
pub const CERTIFICATE_DAYS: i64 = 14;

/// Restarts by systemd itself since boot that are no accident any more.
pub const UNIT_RESTARTS: u32 = 3;
