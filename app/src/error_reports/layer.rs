//! Every error in the log is a report, with the route or the kind of job it
//! happened in. Panics are errors in the log.

use super::Reporter;
use std::collections::BTreeMap;
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// What of a span's fields goes along. Nothing that is about a person.
const TAGS: [&str; 5] = ["route", "method", "kind", "queue", "attempt"];

/// Listens to the log.
#[derive(Clone, Debug)]
pub struct ErrorLayer(Reporter);

#[derive(Default)]
struct Tags(BTreeMap<String, String>);

#[derive(Default)]
struct Text {
    message: String,
    at: String,
}

impl ErrorLayer {
    /// One that reports there.
    #[must_use]
    pub fn new(reporter: Reporter) -> Self {
        Self(reporter)
    }
}

impl<S> Layer<S> for ErrorLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut tags = Tags::default();
        attributes.record(&mut tags);
        if let Some(span) = context.span(id)
            && !tags.0.is_empty()
        {
            span.extensions_mut().insert(tags);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let mut tags = BTreeMap::new();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(found) = span.extensions().get::<Tags>() {
                tags.extend(found.0.clone());
            }
        }
        tags.insert("module".to_owned(), event.metadata().target().to_owned());
        if !text.at.is_empty() {
            tags.insert("at".to_owned(), text.at);
        }
        self.0.error(&text.message, tags);
    }
}

impl Visit for Tags {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if TAGS.contains(&field.name()) {
            self.0.insert(field.name().to_owned(), format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if TAGS.contains(&field.name()) {
            self.0.insert(field.name().to_owned(), value.to_owned());
        }
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "at" => self.at = format!("{value:?}"),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            "at" => value.clone_into(&mut self.at),
            _ => {}
        }
    }
}
