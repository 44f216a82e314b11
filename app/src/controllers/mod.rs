//! The endpoints, as `noun/verb.rs`: one endpoint a file. A handler checks who
//! asks, calls storage or the queue, and shapes the answer; it holds no SQL
//! and no rules. [`router`] is the whole map.

#![allow(
    unused_qualifications,
    reason = "what utoipa writes for query parameters has them"
)]

pub mod account;
pub mod admin;
pub mod assets;
pub mod audit;
pub mod auth;
pub mod billing;
pub mod credit_notes;
pub mod cron;
pub mod customers;
pub mod extract;
pub mod files;
pub mod flags;
pub mod health;
pub mod imports;
pub mod invoices;
pub mod jobs;
pub mod mail;
pub mod multipart;
pub mod openapi;
pub mod orders;
pub mod paging;
pub mod password;
pub mod plans;
pub mod products;
pub mod queues;
pub mod reports;
pub mod shop;
pub mod statics;
pub mod tags;
pub mod uploads;
pub mod users;
pub mod vendors;
pub mod webhooks;
pub mod workers;
pub mod ws;

use crate::edge::limits::Limits;
use crate::errors::{AppError, Problem};
use crate::middleware::{
    deadline, error_pages, hold, panics, rate_limit, request_id, schema, security_headers, visitor,
};
use crate::state::AppState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::{from_fn, from_fn_with_state};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use utoipa_axum::router::OpenApiRouter;

/// Every endpoint, with what applies to all of them.
pub fn router(state: AppState, limits: &Limits) -> Router {
    let observers = request_id::Observers::of(&state.services);
    // Turned off where something in front of the box does it.
    let compresses = state.services.config.web.compression;
    let compression = CompressionLayer::new().compress_when(
        DefaultPredicate::new()
            .and(move |_: StatusCode, _: Version, _: &HeaderMap, _: &Extensions| compresses),
    );
    let held = hold::HoldLayer::new(state.services.hold.clone(), state.services.metrics.clone());
    let (api, _description) = api().split_for_parts();
    let cloudflare = state.services.cloudflare.clone();
    let router = Router::new()
        .merge(shop::routes())
        .merge(health::routes())
        .merge(assets::routes())
        .merge(statics::routes())
        .merge(account::routes())
        .merge(admin::routes())
        .merge(audit::routes())
        .merge(files::routes())
        .merge(webhooks::routes())
        .merge(ws::routes())
        .merge(password::routes())
        .merge(api)
        .merge(openapi::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .with_state(state.clone())
        // As one stack: a layer that is added to the router by itself is a box
        // for every route, and every request copies all boxes that it passes.
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(observers, request_id::apply))
                .layer(from_fn(security_headers::apply))
                .layer(from_fn(error_pages::apply))
                .layer(CatchPanicLayer::custom(panics::answer))
                // Waiting here is no time that the handler takes.
                .layer(held)
                .layer(from_fn_with_state(limits.request, deadline::apply))
                .layer(compression)
                .layer(DefaultBodyLimit::max(limits.body_bytes))
                .layer(from_fn_with_state(state.clone(), schema::apply))
                .layer(from_fn_with_state(state, rate_limit::apply)),
        );
    match cloudflare.is_on() {
        true => router.layer(from_fn_with_state(cloudflare, visitor::apply)),
        false => router,
    }
}

/// The programs' interface, and with it its description: a route cannot be
/// added to one without the other.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(audit::api_routes())
        .merge(auth::routes())
        .merge(imports::routes())
        .merge(credit_notes::routes())
        .merge(cron::routes())
        .merge(customers::routes())
        .merge(flags::routes())
        .merge(invoices::routes())
        .merge(jobs::routes())
        .merge(users::routes())
        .merge(reports::routes())
        .merge(uploads::routes())
        .merge(billing::routes())
        .merge(queues::routes())
        .merge(workers::routes())
        .merge(mail::routes())
        .merge(orders::routes())
        .merge(plans::routes())
        .merge(products::routes())
        .merge(vendors::routes())
}

async fn not_found() -> AppError {
    AppError::not_found("There is nothing at this address.")
}

async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED).detail("This address does not take that method.")
}
