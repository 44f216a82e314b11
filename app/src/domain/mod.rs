//! The words of the trade, as types: whose a row is, what it costs, what
//! products, orders and vendors must be like. No I/O.

pub mod fault;
pub mod ids;
pub mod money;
pub mod order;
pub mod product;
pub mod vendor;
pub mod words;
pub mod zone;
