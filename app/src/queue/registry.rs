//! Which kinds of jobs this version knows. A row names its kind; the registry
//! finds the code. A kind it does not know (a newer version wrote the row)
//! stays in the queue with an error and is tried again later.

use super::job::{Context, Job};
use super::jobs::bench::{Noop, Stamp};
use super::jobs::clean_up::CleanUp;
use super::jobs::cleanup_expired_sessions::CleanupExpiredSessions;
use super::jobs::credit_note_mail::CreditNoteMail;
use super::jobs::delete_files::DeleteFiles;
use super::jobs::demo_mail::DemoMail;
use super::jobs::due_credit_notes::DueCreditNotes;
use super::jobs::file_retention::FileRetention;
use super::jobs::import_mail::ImportMail;
use super::jobs::import_orders::ImportOrders;
use super::jobs::import_products::ImportProducts;
use super::jobs::invoice_mail::InvoiceMail;
use super::jobs::mail_retention::MailRetention;
use super::jobs::order_confirmation::OrderConfirmation;
use super::jobs::password_reset::PasswordReset;
use super::jobs::refresh_cloudflare::RefreshCloudflare;
use super::jobs::rotate_signing_keys::RotateSigningKeys;
use super::jobs::sales_report::SalesReport;
use super::jobs::sample::TakeSamples;
use super::jobs::self_test::SelfTest;
use super::jobs::stripe_event::StripeEvent;
use super::jobs::sync_subscription::SyncSubscriptions;
use super::jobs::test_mail::TestMail;
use super::jobs::thumbnails::Thumbnails;
use super::outcome::Outcome;
use onebox_model::QueueName;
use onebox_model::alert_mail::AlertMail;
use serde_json::Value;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

type Run = Pin<Box<dyn Future<Output = Outcome> + Send>>;

struct Handler {
    queue: QueueName,
    run: fn(Value, Context) -> Run,
    check: fn(Value) -> Result<(), String>,
}

/// The known kinds.
#[derive(Default)]
pub struct Registry(HashMap<&'static str, Handler>);

impl Registry {
    /// Every kind of the product.
    #[must_use]
    pub fn standard() -> Self {
        Self::default()
            .with::<CleanUp>()
            .with::<TakeSamples>()
            .with::<SelfTest>()
            .with::<CleanupExpiredSessions>()
            .with::<DemoMail>()
            .with::<DueCreditNotes>()
            .with::<PasswordReset>()
            .with::<RefreshCloudflare>()
            .with::<RotateSigningKeys>()
            .with::<ImportOrders>()
            .with::<ImportProducts>()
            .with::<SalesReport>()
            .with::<DeleteFiles>()
            .with::<FileRetention>()
            .with::<StripeEvent>()
            .with::<SyncSubscriptions>()
            .with::<Thumbnails>()
            .with::<Noop>()
            .with::<Stamp>()
            .with::<AlertMail>()
            .with::<CreditNoteMail>()
            .with::<InvoiceMail>()
            .with::<ImportMail>()
            .with::<MailRetention>()
            .with::<TestMail>()
            .with::<OrderConfirmation>()
    }

    /// Adds a kind.
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        let handler = Handler {
            queue: J::QUEUE,
            run: run::<J>,
            check: check::<J>,
        };
        self.0.insert(J::KIND, handler);
        self
    }

    /// Runs a job.
    pub async fn run(&self, kind: &str, args: Value, context: Context) -> Outcome {
        match self.0.get(kind) {
            Some(handler) => (handler.run)(args, context).await,
            None => Outcome::Retry {
                error: format!("this version knows no job {kind:?}"),
                after: None,
            },
        }
    }

    /// The usual queue of a kind; `None` when the kind is unknown.
    #[must_use]
    pub fn queue(&self, kind: &str) -> Option<QueueName> {
        self.0.get(kind).map(|handler| handler.queue)
    }

    /// Whether arguments from outside fit their kind.
    ///
    /// # Errors
    /// What is wrong, in words for the one who sent them.
    pub fn check(&self, kind: &str, args: Value) -> Result<(), String> {
        match self.0.get(kind) {
            Some(handler) => (handler.check)(args),
            None => Err(format!(
                "no job is named {kind:?}; known: {}",
                self.kinds().join(", ")
            )),
        }
    }

    fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<_> = self.0.keys().copied().collect();
        kinds.sort_unstable();
        kinds
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Registry").field(&self.kinds()).finish()
    }
}

fn run<J: Job>(args: Value, context: Context) -> Run {
    Box::pin(async move {
        match serde_json::from_value::<J>(args) {
            Ok(job) => job.run(context).await.into(),
            Err(error) => Outcome::Fail {
                error: format!("the arguments are not those of a {} job: {error}", J::KIND),
            },
        }
    })
}

fn check<J: Job>(args: Value) -> Result<(), String> {
    serde_json::from_value::<J>(args)
        .map_err(|error| error.to_string())?
        .check()
}
