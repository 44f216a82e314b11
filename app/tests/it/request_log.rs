//! What the lines of a request carry in the log.

use crate::support::market::Shop;
use axum::body::Body;
use axum::http::Request;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use wizamart::edge::Peer;

/// Fields of spans, as they are given.
#[derive(Clone, Default)]
struct Fields(Arc<Mutex<Vec<(String, String)>>>);

impl Fields {
    fn taken(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let pair = (field.name().to_owned(), format!("{value:?}"));
        self.0.lock().unwrap().push(pair);
    }
}

impl<S: Subscriber> Layer<S> for Fields {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        attributes.record(&mut self.clone());
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }
}

fn all(fields: &[(String, String)], name: &str) -> Vec<String> {
    let named = fields.iter().filter(|(field, _)| field == name);
    named.map(|(_, value)| value.clone()).collect()
}

#[tokio::test]
async fn a_requests_lines_say_whose_it_is_and_from_which_country() {
    let mut config = onebox_model::Config::default();
    config.cloudflare.enabled = true;
    let shop = Shop::on(crate::support::app::TestApp::configured(config).await).await;
    let fields = Fields::default();
    let subscriber = tracing_subscriber::registry().with(fields.clone());
    let _log = tracing::subscriber::set_default(subscriber);
    let ask = async |token: &str, path: &str, peer: &str| {
        let mut request = Request::get(path).header("cf-ipcountry", "LU");
        request = request.header("cf-connecting-ip", "198.51.100.7");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut request = request.body(Body::empty()).unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(Peer(peer));
        fields.taken();
        let answer = shop.app.send(request).await;
        (answer.status.as_u16(), fields.taken())
    };
    let vendor = shop.ann.vendor.to_string();
    let me = shop.app.get_as(&shop.ann.owner, "/api/v1/auth/me").await;
    let user = me.json()["id"].as_str().unwrap().to_owned();

    let inside = "104.16.0.9:1";
    let (status, said) = ask(&shop.ann.owner, "/api/v1/orders", inside).await;
    assert_eq!(status, 200);
    assert_eq!(all(&said, "route"), ["\"/api/v1/orders\""]);
    assert_eq!(all(&said, "user"), [user]);
    assert_eq!(all(&said, "vendor"), std::slice::from_ref(&vendor));
    assert_eq!(all(&said, "country"), ["LU"]);

    // An administrator, for a vendor; straight to the box.
    let path = format!("/api/v1/orders?vendor={vendor}");
    let (status, said) = ask(&shop.admin, &path, "192.0.2.1:1").await;
    assert_eq!(status, 200);
    assert_eq!(all(&said, "vendor"), [vendor]);
    assert_eq!(all(&said, "user").len(), 1);
    assert!(all(&said, "country").is_empty());

    let (status, said) = ask("", "/api/v1/orders", inside).await;
    assert_eq!(status, 401);
    assert!(all(&said, "user").is_empty() && all(&said, "vendor").is_empty());
}
