//! What the browser wrote on its console. No part of the WebDriver standard;
//! chromedriver has it as an extension.

use fantoccini::wd::WebDriverCompatibleCommand;
use url::{ParseError, Url};

/// Asks for the console's lines since the last time.
#[derive(Debug)]
pub struct ReadConsole;

impl WebDriverCompatibleCommand for ReadConsole {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &Url) -> (http::Method, Option<String>) {
        let body = r#"{"type":"browser"}"#.to_owned();
        (http::Method::POST, Some(body))
    }
}
