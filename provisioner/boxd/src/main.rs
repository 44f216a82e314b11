//! The keeper of the box.
fn main() {}
