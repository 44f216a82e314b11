//! What storage reports: what was tried, and what the database said.

/// A database operation failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}: {source}")]
pub struct StorageError {
    /// What was tried.
    pub action: &'static str,
    /// What the database or the connection said.
    #[source]
    pub source: sqlx::Error,
}

impl StorageError {
    /// Whether a table or column is not there.
    #[must_use]
    pub fn is_of_schema(&self) -> bool {
        let code = match &self.source {
            sqlx::Error::Database(error) => error.code(),
            _ => None,
        };
        // undefined_column and undefined_table
        matches!(code.as_deref(), Some("42703" | "42P01"))
    }

    /// The constraint that the statement broke, if that was it.
    #[must_use]
    pub fn broken(&self) -> Option<&str> {
        match &self.source {
            sqlx::Error::Database(error) => error.constraint(),
            _ => None,
        }
    }
}

/// Says what was being done when the database failed.
pub trait Doing<T> {
    /// Wraps the error with the action, in words that follow "cannot".
    ///
    /// # Errors
    /// The wrapped one.
    fn doing(self, action: &'static str) -> Result<T, StorageError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, action: &'static str) -> Result<T, StorageError> {
        self.map_err(|source| StorageError { action, source })
    }
}
