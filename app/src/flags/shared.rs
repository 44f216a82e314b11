//! What all processes remember of flags, in Redis: one hash with a field per
//! vendor, so that one command forgets all of it, and a version that grows
//! with each change.

use super::REMEMBER;
use crate::cache::{Cache, CacheError};
use crate::domain::ids::VendorId;
use crate::storage::flags::FlagRow;

/// Where changes are told.
pub(super) const CHANNEL: &str = "flags:changed";
const VERSION: &str = "flags:version";
const RESOLVED: &str = "flags:resolved";

/// Remembers an answer unless something has changed since it was read.
const PUT: &str = "
if (redis.call('GET', KEYS[1]) or '') == ARGV[1] then
    redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
    if redis.call('TTL', KEYS[2]) < 0 then redis.call('EXPIRE', KEYS[2], ARGV[4]) end
end
return 0";

/// What is remembered of a vendor, and the version to hand to [`put`].
pub(super) async fn get(
    cache: &Cache,
    vendor: VendorId,
) -> Result<(Option<Vec<FlagRow>>, String), CacheError> {
    let mut pipe = redis::pipe();
    pipe.cmd("GET").arg(VERSION);
    pipe.cmd("HGET").arg(RESOLVED).arg(vendor.0);
    let (version, text): (Option<String>, Option<String>) = cache.pipe("read flags", &pipe).await?;
    // What another version wrote and this one cannot read is not known.
    let flags = text.and_then(|text| serde_json::from_str(&text).ok());
    Ok((flags, version.unwrap_or_default()))
}

pub(super) async fn put(
    cache: &Cache,
    vendor: VendorId,
    flags: &[FlagRow],
    version: &str,
) -> Result<(), CacheError> {
    let mut command = redis::cmd("EVAL");
    command
        .arg(PUT)
        .arg(2)
        .arg(VERSION)
        .arg(RESOLVED)
        .arg(version)
        .arg(vendor.0)
        .arg(serde_json::json!(flags).to_string())
        .arg(REMEMBER.whole_seconds());
    cache.run("remember flags", &command).await
}

/// Forgets everything and tells everybody.
pub(super) async fn forget(cache: &Cache) -> Result<(), CacheError> {
    let mut pipe = redis::pipe();
    pipe.atomic();
    pipe.cmd("INCR").arg(VERSION).ignore();
    pipe.cmd("DEL").arg(RESOLVED).ignore();
    pipe.cmd("PUBLISH").arg(CHANNEL).arg("").ignore();
    cache.pipe("tell of changed flags", &pipe).await
}
