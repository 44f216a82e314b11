//! Developer tasks: set up, lock, fetch, build, test.
fn main() {}
