//! Reports: files that are made in the background and fetched later. Lines
//! stream from the database through a channel to the writer, which runs beside
//! the worker because it compresses and waits for the disk.
//!
//! Start reading at [`sales`].

pub mod csv_file;
pub mod request;
pub mod sales;
pub mod workbook;

use crate::files::FileError;
use crate::files::key::BadKey;
use crate::storage::StorageError;
use std::io;

/// A report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The sales cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The file cannot be written.
    #[error("cannot write the report: {0}")]
    Write(#[from] io::Error),
    /// The file cannot be kept.
    #[error(transparent)]
    Keep(#[from] FileError),
    /// The row holds what makes no name of a file.
    #[error(transparent)]
    Key(#[from] BadKey),
    /// The table cannot be written.
    #[error("cannot write the report: {0}")]
    Csv(#[from] csv::Error),
    /// The workbook cannot be written.
    #[error("cannot write the report: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The writer is gone.
    #[error("the writer of the report ended too early")]
    Writer,
}
