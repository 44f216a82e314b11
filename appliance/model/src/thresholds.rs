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

/// Days before its end at which a certificate of usual life should long have
/// been renewed.
const CERTIFICATE_DAYS: i64 = 14;

/// Hours before its end at which a certificate that holds for so many hours
/// should long have been renewed: a quarter of its life, 14 days at most. The
/// keeper renews when a third is left, or when the authority says.
#[must_use]
pub const fn certificate_floor_hours(lifetime_hours: i64) -> i64 {
    let quarter = lifetime_hours / 4;
    if quarter < CERTIFICATE_DAYS * 24 {
        quarter
    } else {
        CERTIFICATE_DAYS * 24
    }
}

/// Restarts by systemd itself since boot that are no accident any more.
pub const UNIT_RESTARTS: u32 = 3;

/// Free room, in percent, below which a file system is as good as full.
pub const DISK_FULL_PERCENT: u64 = 3;

/// Share of the connections, in percent, that may be taken before somebody has
/// to look.
pub const CONNECTIONS_PERCENT: i64 = 80;

/// Seconds a query may run. Pages and jobs are done in far less.
pub const QUERY_SECONDS: i64 = 10;

/// Statements of a second and more, in an hour, that are no accident.
pub const SLOW_STATEMENTS_PER_HOUR: usize = 10;

/// Seconds a session may wait for a lock.
pub const LOCK_SECONDS: i64 = 5;

/// Seconds a transaction may do nothing.
pub const IDLE_TRANSACTION_SECONDS: i64 = 60;

/// Rows that are dead and not cleared away, at least, for a table to count as
/// bloated; they must also be half as many as the living.
pub const BLOAT_ROWS: i64 = 50_000;

/// Transactions since the oldest row was frozen (`age(datfrozenxid)`): vacuum
/// should have run at 200 million, PostgreSQL stops writing at about 2 billion.
pub const WRAPAROUND_WARNING: i64 = 500_000_000;

/// The same, when little time is left.
pub const WRAPAROUND_CRITICAL: i64 = 1_500_000_000;

/// Share of Redis' memory, in percent, that may be taken.
pub const REDIS_MEMORY_PERCENT: u64 = 90;

/// Milliseconds in which `/ready` should answer on the box itself.
pub const SITE_SLOW_MS: u64 = 2000;

/// Refused logins over SSH in a day that are more than the usual noise.
pub const REFUSED_LOGINS_PER_DAY: usize = 1000;

/// Seconds that a piece of the database's log may wait for the archive.
pub const ARCHIVE_LAG_SECONDS: u64 = 300;

/// Hours after which there should have been another backup: they are daily.
pub const BACKUP_AGE_HOURS: i64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_of_a_certificate_follows_its_life() {
        assert_eq!(certificate_floor_hours(90 * 24), 14 * 24);
        assert_eq!(certificate_floor_hours(6 * 24), 36);
    }
}
