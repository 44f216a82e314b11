//! The words of the trade, as types: whose a row is, what it costs. No I/O.

pub mod ids;
pub mod money;
pub mod words;
