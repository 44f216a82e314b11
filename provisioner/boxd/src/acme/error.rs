//! Why there is no certificate, by what follows from it: who is asked again,
//! and when.

use instant_acme::{Error as Acme, Problem};
use time::Duration;

/// A name and what was said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unproven {
    pub(crate) name: String,
    pub(crate) problem: String,
    /// Whether the authority looked and counts it.
    pub(crate) counted: bool,
}

/// An authority gave no certificate.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum OrderError {
    /// Some names stand in the way; without them it may work.
    #[error("{}", .0.iter().map(|one| format!("{}: {}", one.name, one.problem)).collect::<Vec<_>>().join("; "))]
    Unproven(Vec<Unproven>),
    /// It refuses, and another request would be refused as well.
    #[error("{0}")]
    Refused(String),
    /// It refuses for now.
    #[error("{problem}")]
    Limited {
        problem: String,
        retry_after: Option<Duration>,
    },
    /// Its servers, or the way there, do not work.
    #[error("{problem}")]
    Unavailable {
        problem: String,
        retry_after: Option<Duration>,
    },
    /// This box cannot do its part.
    #[error("{0}")]
    Own(String),
}

/// An answer over HTTP that is none, or a refusal that says when to come back.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// No answer.
    #[error("{url}: {why}")]
    NoAnswer { url: String, why: String },
    /// An answer that the protocol does not know, or that is to be waited for.
    #[error("{url} answered {status}: {problem}")]
    Status {
        url: String,
        status: u16,
        problem: String,
        retry_after: Option<Duration>,
    },
}

/// The last part of an ACME problem type (RFC 8555, 6.7).
pub(crate) fn kind(problem: &Problem) -> &str {
    let kind = problem.r#type.as_deref().unwrap_or_default();
    kind.rsplit(':').next().unwrap_or_default()
}

/// An authority's own words, with what it says of single names.
pub(crate) fn words(problem: &Problem) -> String {
    let detail = problem.detail.as_deref().unwrap_or("no reason was given");
    let mut text = match kind(problem) {
        "" => detail.to_owned(),
        kind => format!("{detail} ({kind})"),
    };
    for sub in &problem.subproblems {
        text.push_str("; ");
        text.push_str(&sub.to_string());
    }
    text
}

/// The names that a problem is about, with what is said of each.
pub(crate) fn names(problem: &Problem) -> Vec<Unproven> {
    let of = |sub: &instant_acme::Subproblem| {
        let identifier = sub.identifier.as_ref()?;
        let detail = sub.detail.as_deref().or(problem.detail.as_deref());
        Some(Unproven {
            name: identifier.authorized(false).to_string(),
            problem: detail.unwrap_or("refused").to_owned(),
            counted: false,
        })
    };
    problem.subproblems.iter().filter_map(of).collect()
}

impl From<Acme> for OrderError {
    fn from(error: Acme) -> Self {
        match error {
            Acme::Api(problem) => match kind(&problem) {
                "serverInternal" => Self::Unavailable {
                    problem: words(&problem),
                    retry_after: None,
                },
                // After that many tries it is the authority that is broken.
                "badNonce" => Self::Unavailable {
                    problem: words(&problem),
                    retry_after: None,
                },
                "rateLimited" => Self::Limited {
                    problem: words(&problem),
                    retry_after: None,
                },
                _ => match names(&problem) {
                    names if names.is_empty() => Self::Refused(words(&problem)),
                    names => Self::Unproven(names),
                },
            },
            Acme::Other(inner) => match inner.downcast_ref::<HttpError>() {
                Some(HttpError::Status {
                    status: 429,
                    retry_after,
                    ..
                }) => Self::Limited {
                    problem: inner.to_string(),
                    retry_after: *retry_after,
                },
                Some(HttpError::Status { retry_after, .. }) => Self::Unavailable {
                    problem: inner.to_string(),
                    retry_after: *retry_after,
                },
                _ => Self::Unavailable {
                    problem: inner.to_string(),
                    retry_after: None,
                },
            },
            Acme::Timeout(_) => Self::Unavailable {
                problem: "the order was not processed in time".to_owned(),
                retry_after: None,
            },
            other => Self::Unavailable {
                problem: format!("the authority's answer makes no sense: {other}"),
                retry_after: None,
            },
        }
    }
}

/// Whether the authority answered with a status from 400 to 499.
pub(crate) fn is_refusal(error: &Acme) -> bool {
    match error {
        Acme::Api(problem) => kind(problem) != "serverInternal",
        Acme::Other(inner) => matches!(
            inner.downcast_ref::<HttpError>(),
            Some(HttpError::Status {
                status: 400..=499,
                ..
            })
        ),
        _ => false,
    }
}
