//! Answers to requests that take long: one JSON object a line, steps as they
//! happen and the result at the end.

use crate::Problem;
use serde::{Deserialize, Serialize};

/// The media type of such an answer.
pub const MEDIA_TYPE: &str = "application/x-ndjson";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event<T> {
    /// Something is being done.
    Step(String),
    /// It is done; the last line.
    Done(T),
    /// It failed; the last line.
    Failed(Problem),
}
