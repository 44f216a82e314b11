//! What happens to every request and answer, whatever the endpoint.

pub mod deadline;
pub mod error_pages;
pub mod hold;
pub mod panics;
pub mod rate_limit;
pub mod request_id;
pub mod schema;
pub mod security_headers;
pub mod visitor;
