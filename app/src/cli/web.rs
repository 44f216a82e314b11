//! `wizamart web`.

use super::{CliError, runtime, system};
use crate::cache::Cache;
use crate::clock::SystemClock;
use crate::controllers;
use crate::edge::acme::{self, Proofs};
use crate::edge::limits::Limits;
use crate::edge::listeners::{self, Listeners};
use crate::edge::serve::{Service, serve};
use crate::edge::tls::{Certificates, Tls};
use crate::edge::{redirect, reload};
use crate::hold::Hold;
use crate::lifecycle;
use crate::metrics::latency;
use crate::metrics::listen;
use crate::migrations::gate::Gate;
use crate::secrets::Sealer;
use crate::services::Services;
use crate::settings::Settings;
use crate::state::AppState;
use crate::storage::connect;
use crate::systemd::{notify, watchdog};
use axum::Router;
use onebox_model::paths;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Serve plain HTTP here when systemd passes no socket named http. With
    /// HTTPS beside it, this only redirects; alone, it serves everything
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen_http: Option<SocketAddr>,
    /// Serve HTTPS here when systemd passes no socket named https
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen_https: Option<SocketAddr>,
    /// Where fullchain.pem and privkey.pem are; directories in it with such a
    /// pair are for the names in their certificates
    #[arg(long, value_name = "DIR", default_value = paths::TLS_DIR)]
    tls_dir: PathBuf,
    /// Where the keeper puts proofs for certificate authorities
    #[arg(long, value_name = "DIR", default_value = paths::ACME_RUN_DIR)]
    acme_dir: PathBuf,
    /// Where the application keeps files; its disk is watched
    #[arg(long, value_name = "DIR", default_value = paths::APP_STATE_DIR)]
    state_dir: PathBuf,
    /// Where workers show their metrics
    #[arg(long, value_name = "DIR", default_value = paths::APP_RUN_DIR)]
    run_dir: PathBuf,
    /// What the keeper counts, shown with the metrics
    #[arg(long, value_name = "DIR", default_value = paths::KEEPER_METRICS)]
    keeper_metrics: PathBuf,
    /// Where the keeper says that an upgrade is on trial
    #[arg(long, value_name = "DIR", default_value = paths::TRIAL_DIR)]
    trial_dir: PathBuf,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<(), CliError> {
    // Before any other descriptor is opened or thread started.
    let listeners = listeners::open(args.listen_http, args.listen_https)?;
    let sealer = Sealer::load(&settings.config)?;
    runtime::multi(settings.cores, web(args, settings, listeners, sealer))?
}

async fn web(
    args: &Args,
    settings: &Settings,
    listeners: Listeners,
    sealer: Sealer,
) -> Result<(), CliError> {
    let (trigger, shutdown) = lifecycle::shutdown();
    lifecycle::stop_on_signals(trigger.clone()).map_err(system("listen for signals"))?;
    watchdog::start();

    let hold = Hold::below(&args.trial_dir);
    tokio::spawn(hold.clone().watch(shutdown.clone()));
    let pool = connect::lazy_pool(
        &settings.database,
        settings.sizing.app.web_pool,
        "wizamart web",
    );
    let cache = Cache::from(&settings.redis)?;
    let services = Services::new(
        pool.clone(),
        cache,
        Arc::new(SystemClock),
        Arc::new(settings.config.clone()),
        args.state_dir.clone(),
        sealer,
    )
    .reaching(settings)
    .behind(Gate::closed())
    .held_by(hold.clone());
    tokio::spawn(
        services
            .schema
            .clone()
            .watch(pool.clone(), shutdown.clone()),
    );
    let state = AppState::new(services, settings.release.clone());
    let news = tokio::spawn(state.hub.clone().run(shutdown.clone()));
    if let Some(address) = settings.config.metrics.address() {
        let keeper = args.keeper_metrics.clone();
        let pages = listen::router(state.services.clone(), args.run_dir.clone(), keeper);
        // The site is worth more than its numbers.
        if let Err(error) = listen::start(address, pages, shutdown.clone()) {
            tracing::warn!("no metrics: cannot listen on {address}: {error}");
        }
    }
    tokio::spawn(latency::keep(state.services.clone()));
    let limits = Limits::from(&settings.config.web.limits);
    let (statics, counters) = (
        state.services.statics.clone(),
        state.services.metrics.edge.clone(),
    );
    let cloudflare = state.services.cloudflare.clone();
    tokio::spawn(cloudflare.clone().keep_looking());
    let proofs = Proofs::below(&args.acme_dir);
    // Here too: an authority follows a redirect that somebody in front made.
    let app = controllers::router(state.clone(), &limits).merge(acme::router(proofs.clone()));
    let tls = match &listeners.https {
        Some(_) => Some(tls_acceptor(args, proofs.clone())?),
        None => {
            tracing::warn!("no HTTPS socket: serving without TLS");
            None
        }
    };

    let mut servers = tokio::task::JoinSet::new();
    let mut spawn = |listener, router: Router, tls: Option<Tls>| {
        let (trigger, shutdown) = (trigger.clone(), shutdown.clone());
        let (statics, counters) = (statics.clone(), counters.clone());
        let (cloudflare, hold) = (cloudflare.clone(), hold.clone());
        servers.spawn(async move {
            let result = serve(
                listener,
                Service {
                    router,
                    tls,
                    limits,
                    statics,
                    counters,
                    cloudflare,
                    hold,
                },
                shutdown,
            )
            .await;
            // One socket lost takes the process down; systemd starts it anew.
            trigger.stop();
            result
        });
    };
    if let Some(http) = listeners.http {
        let router = if listeners.https.is_some() {
            redirect::router(proofs)
        } else {
            app.clone()
        };
        spawn(http, router, None);
    }
    if let Some(https) = listeners.https {
        spawn(https, app, tls);
    }

    let summary = state.health.report().await.summary();
    tracing::info!("serving; {summary}");
    notify::ready(&summary);
    shutdown.requested().await;
    notify::stopping("finishing open requests");
    while let Some(ended) = servers.join_next().await {
        ended
            .map_err(|error| CliError::Input(format!("a server ended by itself: {error}")))?
            .map_err(system("serve"))?;
    }
    if let Err(error) = news.await {
        tracing::error!("hearing events ended by itself: {error}");
    }
    pool.close().await;
    tracing::info!("stopped");
    Ok(())
}

fn tls_acceptor(args: &Args, proofs: Proofs) -> Result<Tls, CliError> {
    let certificates = Certificates::new(&args.tls_dir);
    if let Err(error) = certificates.reload() {
        tracing::error!("{error}; HTTPS fails until there is a good certificate");
    }
    reload::start(Arc::clone(&certificates)).map_err(system("listen for signals"))?;
    Ok(Tls::new(certificates, proofs)?)
}
