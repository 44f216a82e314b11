//! The site as programs see it, over its own HTTPS.

use crate::hold::token;
use crate::outbound::{self, OutboundError};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// More of an answer than this is not told.
const TOLD: usize = 300;

/// Where to knock. No `Debug`: it holds the trial's token.
pub struct Site {
    client: Client,
    url: String,
    trial: Option<String>,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The site cannot be asked, or does not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// There is no client.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The trial's token is there and out of reach.
    #[error("cannot read the trial's token {}: {source}; it is for root and the group wizamart", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Nobody answers, or with another certificate.
    #[error("{method} {path}: {why}")]
    NoAnswer {
        /// What was asked.
        method: Method,
        /// Where.
        path: &'static str,
        /// What went wrong, and what was behind that.
        why: String,
    },
    /// The answer is another one.
    #[error("{method} {path} was answered with {status} instead of {wanted}: {text}")]
    Answer {
        /// What was asked.
        method: Method,
        /// Where.
        path: &'static str,
        /// How it was answered.
        status: StatusCode,
        /// How it should have been.
        wanted: StatusCode,
        /// The beginning of the answer.
        text: String,
    },
}

/// What a login gave. No `Debug`: it is a secret.
#[derive(Deserialize)]
pub struct Token {
    access_token: String,
}

/// A product that was added.
#[derive(Debug, Deserialize)]
pub struct Product {
    id: i64,
    /// Its article number.
    pub sku: String,
}

impl Site {
    /// The site at `url`, known by the first certificate in the file `chain`;
    /// with the token of the trial, when there is one.
    ///
    /// # Errors
    /// When certificate or token cannot be read.
    pub fn at(url: &str, chain: &Path, token: &Path) -> Result<Self, SiteError> {
        let trial = token::read(token).map_err(|source| SiteError::Token {
            path: token.to_owned(),
            source,
        })?;
        Ok(Self {
            client: outbound::pinned(chain)?,
            url: url.trim_end_matches('/').to_owned(),
            trial,
        })
    }

    pub(super) async fn ready(&self) -> Result<(), super::StepError> {
        let path = "/ready";
        let answer = self
            .send(Method::GET, path, path, |request| request)
            .await?;
        expect(answer, Method::GET, path, StatusCode::OK).await?;
        Ok(())
    }

    pub(super) async fn log_in(&self, email: &str, password: &str) -> Result<Token, SiteError> {
        let path = "/api/v1/auth/login";
        let body = json!({"email": email, "password": password});
        let answer = self
            .send(Method::POST, path, path, |request| request.json(&body))
            .await?;
        let answer = expect(answer, Method::POST, path, StatusCode::OK).await?;
        read(answer, Method::POST, path).await
    }

    pub(super) async fn add_product(
        &self,
        token: &Token,
        mark: &str,
    ) -> Result<Product, SiteError> {
        let path = "/api/v1/products";
        let body: Value = json!({
            "sku": format!("self-test-{mark}"),
            "name": "Self-test",
            "price_cents": 100,
            "stock": 1,
            "is_active": false,
        });
        let answer = self
            .send(Method::POST, path, path, |request| {
                request.bearer_auth(&token.access_token).json(&body)
            })
            .await?;
        let answer = expect(answer, Method::POST, path, StatusCode::CREATED).await?;
        read(answer, Method::POST, path).await
    }

    /// Every product of the token's vendor, as CSV: also those not on sale.
    pub(super) async fn products(&self, token: &Token) -> Result<String, SiteError> {
        let path = "/api/v1/products/export";
        let answer = self
            .send(Method::GET, path, path, |request| {
                request.bearer_auth(&token.access_token)
            })
            .await?;
        let answer = expect(answer, Method::GET, path, StatusCode::OK).await?;
        answer
            .text()
            .await
            .map_err(|error| no_answer(Method::GET, path, &error))
    }

    pub(super) async fn remove_product(
        &self,
        token: &Token,
        product: &Product,
    ) -> Result<(), SiteError> {
        let path = "/api/v1/products/{id}";
        let address = format!("/api/v1/products/{}", product.id);
        let answer = self
            .send(Method::DELETE, path, &address, |request| {
                request.bearer_auth(&token.access_token)
            })
            .await?;
        expect(answer, Method::DELETE, path, StatusCode::NO_CONTENT).await?;
        Ok(())
    }

    async fn send(
        &self,
        method: Method,
        path: &'static str,
        address: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, SiteError> {
        let mut request = self
            .client
            .request(method.clone(), format!("{}{address}", self.url));
        if let Some(trial) = &self.trial {
            request = request.header(token::HEADER, trial);
        }
        let sent = with(request).send().await;
        sent.map_err(|error| no_answer(method, path, &error))
    }
}

fn no_answer(method: Method, path: &'static str, error: &reqwest::Error) -> SiteError {
    // reqwest says what it did, its sources say what was wrong.
    let mut why = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        why = format!("{why}: {cause}");
        source = cause.source();
    }
    SiteError::NoAnswer { method, path, why }
}

async fn expect(
    answer: Response,
    method: Method,
    path: &'static str,
    wanted: StatusCode,
) -> Result<Response, SiteError> {
    let status = answer.status();
    if status == wanted {
        return Ok(answer);
    }
    let text = answer.text().await.unwrap_or_default();
    Err(SiteError::Answer {
        method,
        path,
        status,
        wanted,
        text: text.chars().take(TOLD).collect(),
    })
}

async fn read<T: serde::de::DeserializeOwned>(
    answer: Response,
    method: Method,
    path: &'static str,
) -> Result<T, SiteError> {
    let read = answer.json().await;
    read.map_err(|error| no_answer(method, path, &error))
}
