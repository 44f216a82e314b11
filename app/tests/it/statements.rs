//! Every SQL file is one that PostgreSQL understands on the current schema.

use crate::support::postgres::Database;
use sqlx::AssertSqlSafe;
use std::path::{Path, PathBuf};

fn statements() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage/sql");
    std::fs::read_dir(folder)
        .unwrap()
        .flat_map(|table| std::fs::read_dir(table.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect()
}

#[tokio::test]
async fn every_statement_prepares_against_the_schema() {
    let database = Database::migrated().await;
    let mut connection = database.pool.acquire().await.unwrap();
    let files = statements();
    assert!(files.len() > 25, "the statements are not where they were");
    for file in files {
        let sql = std::fs::read_to_string(&file).unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("PREPARE one AS {sql}")))
            .execute(&mut *connection)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        sqlx::raw_sql("DEALLOCATE one")
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}

#[test]
fn every_statement_is_used() {
    let storage = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/storage");
    let source: String = std::fs::read_dir(&storage)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    for file in statements() {
        let name = file.strip_prefix(&storage).unwrap().display().to_string();
        assert!(
            source.contains(&format!("\"{name}\"")),
            "{name} is used by nothing"
        );
    }
}
