//! The application as a client sees it.

use std::thread;
use std::time::{Duration, Instant};

use onebox_model::paths;
use onebox_vm::https::{Client, Response};
use serde_json::{Value, json};

use crate::Guest;

/// A login to the application.
#[derive(Clone, Debug)]
pub struct App {
    client: Client,
    token: String,
}

impl App {
    /// Logs in as the administrator the box made for itself.
    ///
    /// # Panics
    /// When that does not work.
    #[must_use]
    pub fn login(client: &Client, guest: &Guest) -> Self {
        let text = guest.run(&format!("cat {}", paths::INITIAL_ADMIN));
        let credential: Value = serde_json::from_str(&text).expect("the admin credential is JSON");
        let answer = client
            .post("/api/v1/auth/login", None, &credential)
            .expect("log in");
        assert_eq!(answer.status, 200, "login with {text}: {}", answer.text());
        let token = answer.json()["access_token"].as_str().map(str::to_owned);
        let token = token.unwrap_or_else(|| panic!("no token in {}", answer.text()));
        Self {
            client: client.clone(),
            token,
        }
    }

    /// Enqueues a demo mail and returns the job's id.
    ///
    /// # Panics
    /// When it is not accepted.
    #[must_use]
    pub fn post_mail(&self, subject: &str) -> String {
        let args = json!({ "to": "someone@example.org", "subject": subject });
        let body = json!({ "kind": "demo_mail", "args": args });
        let answer = self
            .client
            .post("/api/v1/jobs", Some(&self.token), &body)
            .expect("post");
        assert_eq!(answer.status, 202, "post a job: {}", answer.text());
        let id = answer.json()["id"].as_str().map(str::to_owned);
        id.unwrap_or_else(|| panic!("no id in {}", answer.text()))
    }

    /// Products that are on sale.
    ///
    /// # Panics
    /// When they are not shown.
    #[must_use]
    pub fn products(&self) -> Vec<i64> {
        let answer = self
            .client
            .get("/api/v1/products?limit=50", None)
            .expect("get products");
        assert_eq!(answer.status, 200, "products: {}", answer.text());
        let items = answer.json()["items"].as_array().cloned();
        let items = items.unwrap_or_else(|| panic!("no items in {}", answer.text()));
        items
            .iter()
            .filter_map(|item| item["id"].as_i64())
            .collect()
    }

    /// Places an order for one piece; its id when it was acknowledged.
    ///
    /// # Errors
    /// With what came instead.
    pub fn order(&self, product: i64) -> Result<i64, String> {
        let body = json!({ "items": [{ "product_id": product, "quantity": 1 }] });
        let answer = self
            .client
            .post("/api/v1/orders", Some(&self.token), &body)
            .map_err(|error| error.to_string())?;
        let id = answer.json()["id"].as_i64();
        match (answer.status, id) {
            (201, Some(id)) => Ok(id),
            (status, _) => Err(format!("{status}: {}", answer.text())),
        }
    }

    /// The job as the application shows it.
    ///
    /// # Panics
    /// When it is not found.
    #[must_use]
    pub fn job(&self, id: &str) -> Value {
        let path = format!("/api/v1/jobs/{id}");
        let answer: Response = self
            .client
            .get(&path, Some(&self.token))
            .expect("get a job");
        assert_eq!(answer.status, 200, "job {id}: {}", answer.text());
        answer.json()
    }

    /// Waits until the job is done and returns it.
    ///
    /// # Panics
    /// When it is not done in time.
    #[must_use]
    pub fn wait_done(&self, id: &str, limit: Duration) -> Value {
        let deadline = Instant::now() + limit;
        loop {
            let job = self.job(id);
            if job["state"] == "done" {
                return job;
            }
            assert!(
                Instant::now() < deadline,
                "job {id} is not done after {limit:?}: {job}"
            );
            thread::sleep(Duration::from_millis(500));
        }
    }
}

/// How many mails the job left in the outbox.
#[must_use]
pub fn mails_of(guest: &Guest, job: &str) -> String {
    guest.sql(&format!(
        "SELECT count(*) FROM outbox WHERE job_id = '{job}'"
    ))
}
