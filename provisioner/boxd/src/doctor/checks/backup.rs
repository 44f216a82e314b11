//! Backups. This version of the box makes none by itself, and says so.

use super::{Doctor, Found};

pub(super) async fn check(_: &Doctor) -> Vec<Found> {
    vec![
        Found::notice("backup-missing", "this box makes no backups by itself")
            .consequence("what is lost with its disk is lost")
            .fix(
                "copy the database, uploads and the box's own state elsewhere, from a machine that can log in here",
                &["ssh root@BOX 'pg_dump --host=/run/postgresql --username=wizamart --format=custom wizamart' >shop.dump"],
            ),
    ]
}
