//! A headless Chromium and its driver.

use crate::free_port;
use crate::log::ReadConsole;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a page or an element may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Without these, Chromium looks for hosts of its maker at every start.
const QUIET: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A wide window, dark on light.
    Light,
    /// A wide window, light on dark.
    Dark,
    /// A telephone, held upright.
    Phone,
}

/// A browser with one window.
pub struct Browser {
    client: Client,
    base: String,
    pictures: PathBuf,
    _driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one that looks at the site at `base`.
    pub async fn start(base: &str, look: Look) -> Self {
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("start chromedriver (Debian package chromium-driver)");
        let profile = tempfile::tempdir().unwrap();
        let mut arguments: Vec<String> = QUIET.iter().map(|&flag| flag.to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.push(match look {
            Look::Phone => "--window-size=390,844".to_owned(),
            Look::Light | Look::Dark => "--window-size=1280,900".to_owned(),
        });
        if look == Look::Dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments, "binary": "/usr/bin/chromium" },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let capabilities = capabilities.as_object().unwrap().clone();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let address = format!("http://127.0.0.1:{port}");
        let started = std::time::Instant::now();
        let client = loop {
            match builder.connect(&address).await {
                Ok(client) => break client,
                Err(error) => assert!(started.elapsed() < PATIENCE, "no browser: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let pictures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/screenshots");
        std::fs::create_dir_all(pictures).unwrap();
        Self {
            client,
            base: base.to_owned(),
            pictures: pictures.into(),
            _driver: driver,
            _profile: profile,
        }
    }

    /// Opens a path of the site.
    pub async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.client.goto(&url).await.unwrap();
    }

    /// The path of the page that is shown.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Waits for an element, by CSS selector, and gives its text.
    pub async fn text(&self, selector: &str) -> String {
        self.element(selector).await.text().await.unwrap()
    }

    /// Types into a field, instead of what it held.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.element(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses a file in a field for files.
    pub async fn choose_file(&self, selector: &str, file: &Path) {
        let path = file.to_str().unwrap();
        self.element(selector).await.send_keys(path).await.unwrap();
    }

    /// Waits until a picture of the page has arrived and can be shown.
    pub async fn sees(&self, selector: &str) {
        let started = std::time::Instant::now();
        let script = format!(
            "const picture = document.querySelector({});
             picture?.scrollIntoView();
             return Boolean(picture?.complete && picture.naturalWidth > 0);",
            json!(selector)
        );
        while self.run(&script).await != json!(true) {
            assert!(started.elapsed() < PATIENCE, "{selector} is no picture");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A drawing as a PNG file, made by the browser itself.
    pub async fn drawing(&self, width: u32, height: u32) -> Vec<u8> {
        let script = format!(
            "const canvas = new OffscreenCanvas({width}, {height});
             const pen = canvas.getContext('2d');
             const sky = pen.createLinearGradient(0, 0, 0, {height});
             sky.addColorStop(0, '#2b5f9e'); sky.addColorStop(1, '#f3b562');
             pen.fillStyle = sky; pen.fillRect(0, 0, {width}, {height});
             pen.fillStyle = '#fff3c4'; pen.beginPath();
             pen.arc({width} / 2, {height} / 2, {height} / 4, 0, 7); pen.fill();
             const done = arguments[arguments.length - 1];
             canvas.convertToBlob({{ type: 'image/png' }})
                 .then(blob => blob.arrayBuffer())
                 .then(bytes => done([...new Uint8Array(bytes)]));"
        );
        let bytes = self.client.execute_async(&script, Vec::new()).await;
        serde_json::from_value(bytes.unwrap()).unwrap()
    }

    /// Clicks.
    pub async fn click(&self, selector: &str) {
        self.element(selector).await.click().await.unwrap();
    }

    /// Clicks what leads to another page, and waits for that page.
    pub async fn follow(&self, selector: &str) {
        let before = self.page().await;
        self.click(selector).await;
        self.another_page(before, selector).await;
    }

    /// Sends keys that lead to another page, and waits for that page.
    pub async fn follow_keys(&self, keys: &str) {
        let before = self.page().await;
        self.keys(keys).await;
        self.another_page(before, "a key").await;
    }

    /// What tells a page from the next; null while there is none.
    async fn page(&self) -> Value {
        let script = "return document.readyState === 'complete' ? performance.timeOrigin : null";
        let page = self.client.execute(script, Vec::new()).await;
        page.unwrap_or_default()
    }

    async fn another_page(&self, before: Value, by: &str) {
        let started = std::time::Instant::now();
        loop {
            let now = self.page().await;
            if !now.is_null() && now != before {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{by} leads nowhere");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Reloads until a condition on the page's text holds.
    pub async fn reload_until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let started = std::time::Instant::now();
        loop {
            let text = self.text("main").await;
            if holds(&text) {
                return;
            }
            assert!(started.elapsed() < PATIENCE * 2, "{what}: {text}");
            tokio::time::sleep(Duration::from_millis(500)).await;
            self.client.refresh().await.unwrap();
        }
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Sends keys to whatever has the focus.
    pub async fn keys(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// Keeps a picture of the page.
    pub async fn picture(&self, name: &str) {
        let png = self.client.screenshot().await.unwrap();
        std::fs::write(self.pictures.join(format!("{name}.png")), png).unwrap();
    }

    /// Fails when the browser complained about the page: an error of a script,
    /// a file that is missing, something the content security policy forbids.
    pub async fn nothing_to_complain(&self, page: &str) {
        let lines = self.client.issue_cmd(ReadConsole).await.unwrap();
        let bad: Vec<&Value> = lines
            .as_array()
            .into_iter()
            .flatten()
            .filter(|line| line["level"] == "SEVERE" || line["source"] == "security")
            .collect();
        assert!(bad.is_empty(), "{page}: {bad:#?}");
    }

    /// Passes over what the browser complained about: it says so of every page
    /// that is a refusal.
    pub async fn refusal_is_meant(&self) {
        self.client.issue_cmd(ReadConsole).await.unwrap();
    }

    /// Fails on serious findings of the accessibility checker.
    pub async fn accessible(&self, page: &str) {
        let script = std::env::var("ONEBOX_AXE").expect("ONEBOX_AXE names axe.min.js");
        let axe = std::fs::read_to_string(script).unwrap();
        self.run(&axe).await;
        let findings = self
            .client
            .execute_async(
                "const done = arguments[arguments.length - 1];
                 axe.run({ resultTypes: ['violations'] }).then(
                     result => done(result.violations
                         .filter(one => ['serious', 'critical'].includes(one.impact))
                         .map(one => one.id + ': ' + one.help + ' ' + one.nodes.map(node => node.html).join(' | '))),
                     error => done(['axe: ' + error]));",
                Vec::new(),
            )
            .await
            .unwrap();
        assert_eq!(findings, json!([]), "{page}");
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.client.close().await.unwrap();
    }

    async fn element(&self, selector: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(PATIENCE);
        match found.for_element(Locator::Css(selector)).await {
            Ok(element) => element,
            Err(error) => {
                let url = self.client.current_url().await;
                let page = self.client.source().await.unwrap_or_default();
                panic!("no {selector} on {url:?}: {error}\n{page}")
            }
        }
    }
}
