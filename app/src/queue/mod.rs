//! Background jobs in PostgreSQL.
//!
//! A job is enqueued inside the transaction of what caused it, and is run at
//! least once: a worker holds it under a lease that it renews, and a lease
//! that runs out returns the job to the queue. Jobs must therefore bear being
//! run twice. The rules in one place:
//!
//! - outcomes are done, retry, fail and snooze ([`outcome`]); a panic is a retry;
//! - retries wait attempt⁴ seconds and a bit ([`backoff`]); after the last of
//!   25 attempts the job is dead, and kept seven days to be looked at;
//! - a job may be unique while it waits, or once per period ([`enqueue`]);
//! - the best priority runs first, equals in the order they became due; what
//!   has waited for a minute gains a step with each heartbeat, so that nothing
//!   waits for ever;
//! - one scheduler leads and enqueues what is periodic ([`scheduler`]).
//!
//! Start reading at [`worker`]. To add a job, write a file under [`jobs`] and
//! name it in [`registry::Registry::standard`].

pub mod backoff;
pub mod control;
pub mod enqueue;
pub mod feedback;
pub mod job;
pub mod jobs;
pub mod outcome;
pub mod registry;
pub mod scheduler;
pub mod wakeup;
pub mod worker;
