//! What the application's answer says.

use super::Unready;
use super::https::Answer;
use serde_json::Value;

/// Where the application tells whether it can serve.
pub(super) const PATH: &str = "/ready";

/// What is not ready; nothing when all is.
pub(super) fn judge(url: &str, answer: &Answer) -> Vec<Unready> {
    if answer.status == 200 {
        return Vec::new();
    }
    let failing = failing(&answer.body);
    let why = if failing.is_empty() {
        format!("answered {}", answer.status)
    } else {
        format!("answered {}: {}", answer.status, failing.join(", "))
    };
    vec![Unready::new(url, why)]
}

/// Checks that are not ok, with their details where the answer has them.
fn failing(body: &[u8]) -> Vec<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Vec::new();
    };
    let Some(checks) = body.get("checks").and_then(Value::as_object) else {
        return Vec::new();
    };
    checks
        .iter()
        .filter(|(_, check)| check.get("status").and_then(Value::as_str) != Some("ok"))
        .map(
            |(name, check)| match check.get("detail").and_then(Value::as_str) {
                Some(detail) => format!("{name} ({detail})"),
                None => name.clone(),
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn two_hundred_is_ready() {
        assert!(judge("u", &answer(200, "{}")).is_empty());
    }

    #[test]
    fn failing_checks_are_named() {
        let body = r#"{"status":"not_ready","checks":{
            "postgresql":{"status":"ok"},
            "queue":{"status":"failed"},
            "redis":{"status":"failed","detail":"no such socket"}}}"#;
        let unready = judge("u", &answer(503, body));
        let text = unready.first().map(ToString::to_string).unwrap_or_default();
        assert_eq!(text, "u: answered 503: queue, redis (no such socket)");
    }

    #[test]
    fn another_answer_is_told_by_its_status() {
        for body in ["", "<html>", "[]", "{\"checks\":3}"] {
            let unready = judge("u", &answer(502, body));
            assert_eq!(
                unready.first().map(ToString::to_string).as_deref(),
                Some("u: answered 502")
            );
        }
    }
}
