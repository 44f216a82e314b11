//! Who asks, when Cloudflare stands between: from here on the request comes
//! from the visitor. Limits, throttles, sessions, the audit log and the log
//! see the visitor's address by way of
//! [`crate::controllers::extract::ClientAddress`].

use crate::cloudflare::Cloudflare;
use crate::edge::Peer;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

/// Notes the visitor in the request's extensions, if there is one to believe.
pub async fn apply(
    State(cloudflare): State<Cloudflare>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let visitor =
        peer.and_then(|Peer(address)| cloudflare.visitor(address.ip(), request.headers()));
    if let Some(visitor) = visitor {
        request.extensions_mut().insert(visitor);
    }
    next.run(request).await
}
