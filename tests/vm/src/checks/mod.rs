//! What every box must be, asked of a running one.

mod backups;
mod changes;
mod data;
mod doctor;
mod exposure;
mod hardening;
mod keeper;
mod storage;

pub use backups::{after_a_restore_that_was_cut, backups, in_the_middle_of_a_restore};
pub use changes::{changes, ready_again};
pub use data::{clean_boot, postgresql};
pub use doctor::doctor;
pub use exposure::{firewall, listeners, passwords, plain_http_redirects, versions};
pub use hardening::{confined, only_public_ports_answer};
pub use keeper::keeper;
pub use storage::{data_fills_the_disk, read_only, traces_are_gone, try_to_leave_traces};
