//! The three ports a box answers on. Everything else is a unix socket.

/// Redirects to HTTPS and answers ACME challenges.
pub const HTTP: u16 = 80;
/// The application.
pub const HTTPS: u16 = 443;
/// The operator.
pub const SSH: u16 = 22;

/// Ports the firewall opens.
pub const PUBLIC: [u16; 3] = [SSH, HTTP, HTTPS];
