//! The keys that tests seal with: the same for all, in processes too.

use onebox_model::SealKey;
use sqlx::PgPool;
use std::path::Path;
use uuid::Uuid;
use wizamart::secrets::{Place, Sealer};

pub fn key() -> SealKey {
    SealKey::new([7; 32])
}

pub fn sealer() -> Sealer {
    sealer_of(&[key()])
}

/// With these keys, the newest last.
pub fn sealer_of(keys: &[SealKey]) -> Sealer {
    Sealer::with(keys, Path::new("/test/seal-keys")).unwrap()
}

/// Recipients, subjects and texts of all mails, the oldest first.
pub async fn mails(pool: &PgPool) -> Vec<(String, String, String)> {
    type Row = (Uuid, String, String, Option<Vec<u8>>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT job_id, recipient, subject, text_sealed FROM mails ORDER BY created_at, job_id",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(job, recipient, subject, sealed)| (recipient, subject, text(job, sealed)))
        .collect()
}

/// A mail's text; empty where it is not kept.
pub fn text(job: Uuid, sealed: Option<Vec<u8>>) -> String {
    sealed.map_or_else(String::new, |sealed| {
        let text = sealer().open(Place::MailTexts.of(job), &sealed).unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    })
}
