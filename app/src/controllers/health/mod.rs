//! What monitors and the box's keeper ask.

pub mod live;
pub mod ready;
pub mod version;
