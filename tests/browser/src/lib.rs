//! The pages in a real browser, as a person uses them.
//!
//! The programs are named by environment variables that `cargo xtask test`
//! sets: `ONEBOX_WIZAMART` is the application, which runs as `wizamart dev`
//! with servers of its own; `ONEBOX_AXE` is the accessibility checker's script.
//! Chromium and its driver are the machine's. Pictures of every page that was
//! looked at stay under `target/screenshots`.
//!
//! Start reading at [`Browser`]; [`Site`] is what it looks at.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: a failure is a panic with its context"
)]

pub mod browser;
pub mod feed;
pub mod log;
pub mod site;

pub use browser::Browser;
pub use feed::Feed;
pub use site::Site;

use std::net::TcpListener;

/// A port that was free a moment ago.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind to loopback");
    listener.local_addr().expect("its address").port()
}
