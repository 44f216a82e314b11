//! Writing findings down, so that a check reads as what it says.

use super::remedy::Remedy;
use onebox_api::doctor::{Finding, Fix, State};

/// A finding, with what may be done about it at once.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) finding: Finding,
    pub(super) remedy: Option<Remedy>,
}

impl Found {
    /// All is well.
    pub(super) fn ok(summary: impl Into<String>) -> Self {
        Self::new(State::Ok, None, summary)
    }

    /// It could not be looked at.
    pub(super) fn unknown(summary: impl Into<String>) -> Self {
        Self::new(State::Unknown, None, summary)
    }

    /// Something is worth knowing.
    pub(super) fn notice(problem: &str, summary: impl Into<String>) -> Self {
        Self::new(State::Notice, Some(problem), summary)
    }

    /// Something will not work for ever.
    pub(super) fn warning(problem: &str, summary: impl Into<String>) -> Self {
        Self::new(State::Warning, Some(problem), summary)
    }

    /// Something does not work.
    pub(super) fn critical(problem: &str, summary: impl Into<String>) -> Self {
        Self::new(State::Critical, Some(problem), summary)
    }

    fn new(state: State, problem: Option<&str>, summary: impl Into<String>) -> Self {
        Self {
            finding: Finding {
                state,
                problem: problem.map(str::to_owned),
                summary: summary.into(),
                ..Finding::default()
            },
            remedy: None,
        }
    }

    /// What shows it.
    pub(super) fn evidence<I>(mut self, lines: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        for text in lines.into_iter().map(Into::into) {
            let lines = text.lines().map(str::to_owned);
            self.finding.evidence.extend(lines);
        }
        self
    }

    /// What comes of it.
    pub(super) fn consequence(mut self, text: impl Into<String>) -> Self {
        self.finding.consequence = Some(text.into());
        self
    }

    /// What to do, and commands for it.
    pub(super) fn fix(mut self, text: impl Into<String>, commands: &[&str]) -> Self {
        let fix = self.finding.fix.get_or_insert_default();
        fix.text = text.into();
        let commands = commands.iter().map(|command| (*command).to_owned());
        fix.commands.extend(commands);
        self
    }

    /// What the doctor does by itself when asked to.
    pub(super) fn remedy(mut self, remedy: Remedy) -> Self {
        let fix = self.finding.fix.get_or_insert_with(|| Fix {
            text: remedy.in_words(),
            ..Fix::default()
        });
        fix.automatic = true;
        fix.commands.insert(0, remedy.to_string());
        self.remedy = Some(remedy);
        self
    }
}

/// What a check found, or that all is well.
pub(super) fn or_ok(found: Vec<Found>, summary: impl Into<String>) -> Vec<Found> {
    if found.is_empty() {
        vec![Found::ok(summary)]
    } else {
        found
    }
}
