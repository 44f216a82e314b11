//! The Wizamart application: web, worker, scheduler and migrations in one binary.
fn main() {}
