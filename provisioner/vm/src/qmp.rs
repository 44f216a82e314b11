//! QEMU's control socket: commands with answers, and events, each with a
//! deadline. QEMU serves one client at a time, so connect, ask, and let go.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::socket;

/// QEMU answers at once unless the machine is very busy.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A connection past the greeting and the negotiation of capabilities.
#[derive(Debug)]
pub struct Qmp {
    path: PathBuf,
    stream: BufReader<UnixStream>,
    /// The part of a line that came before a deadline.
    partial: Vec<u8>,
    /// Events that came while waiting for an answer.
    events: Vec<Value>,
}

impl Qmp {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// When nobody answers there or it is not QEMU.
    pub fn connect(path: &Path) -> Result<Self> {
        let broken = |detail: String| Error::QmpBroken {
            path: path.into(),
            detail,
        };
        let stream = socket::connect(path).map_err(|error| broken(error.to_string()))?;
        let mut qmp = Self {
            path: path.into(),
            stream: BufReader::new(stream),
            partial: Vec::new(),
            events: Vec::new(),
        };
        let deadline = Instant::now() + ANSWER_LIMIT;
        let greeting = qmp
            .message(deadline)?
            .ok_or_else(|| broken("no greeting; another client may be connected".into()))?;
        if greeting.get("QMP").is_none() {
            return Err(broken(format!("not a greeting: {greeting}")));
        }
        qmp.execute("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Executes `command` and returns what QEMU answers.
    ///
    /// # Errors
    /// When QEMU refuses it, does not answer, or ends.
    pub fn execute(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let request = json!({ "execute": command, "arguments": arguments });
        let sent = self
            .stream
            .get_mut()
            .write_all(format!("{request}\n").as_bytes());
        sent.map_err(|error| self.broken(error.to_string()))?;
        let deadline = Instant::now() + ANSWER_LIMIT;
        loop {
            let Some(mut message) = self.message(deadline)? else {
                let what = format!("QEMU's answer to {command}");
                return Err(Error::Timeout {
                    what,
                    limit: ANSWER_LIMIT,
                });
            };
            if let Some(error) = message.get("error") {
                let detail = error
                    .get("desc")
                    .and_then(Value::as_str)
                    .unwrap_or("no reason");
                let (command, detail) = (command.into(), detail.into());
                return Err(Error::Qmp { command, detail });
            }
            if let Some(answer) = message.get_mut("return") {
                return Ok(answer.take());
            }
            self.events.push(message);
        }
    }

    /// Waits for the event called `name`; `None` when it did not come in time.
    ///
    /// # Errors
    /// When QEMU ends meanwhile.
    pub fn wait_event(&mut self, name: &str, limit: Duration) -> Result<Option<Value>> {
        let deadline = Instant::now() + limit;
        let is = |message: &Value| message.get("event").and_then(Value::as_str) == Some(name);
        if let Some(at) = self.events.iter().position(is) {
            return Ok(Some(self.events.remove(at)));
        }
        while let Some(message) = self.message(deadline)? {
            if is(&message) {
                return Ok(Some(message));
            }
            self.events.push(message);
        }
        Ok(None)
    }

    /// The next line; `None` past the deadline.
    fn message(&mut self, deadline: Instant) -> Result<Option<Value>> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let timed = self.stream.get_ref().set_read_timeout(Some(left));
            timed.map_err(|error| self.broken(error.to_string()))?;
            match self.stream.read_until(b'\n', &mut self.partial) {
                Ok(_) if self.partial.ends_with(b"\n") => {
                    let line = std::mem::take(&mut self.partial);
                    return serde_json::from_slice(&line)
                        .map(Some)
                        .map_err(|error| self.broken(error.to_string()));
                }
                Ok(_) => return Err(self.broken("QEMU closed it".into())),
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(self.broken(error.to_string())),
            }
        }
    }

    fn broken(&self, detail: String) -> Error {
        Error::QmpBroken {
            path: self.path.clone(),
            detail,
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::thread;

    /// Serves one client: greets, then answers each line with the next script.
    fn serve(script: Vec<&'static str>) -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("qmp.sock");
        let listener = UnixListener::bind(&path).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"{\"QMP\": {}}\r\n").unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for answer in script {
                lines.next().unwrap().unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        (temp, path)
    }

    #[test]
    fn events_between_a_command_and_its_answer_are_kept() {
        let (_temp, path) = serve(vec![
            "{\"return\": {}}\r\n",
            "{\"event\": \"RESET\"}\r\n{\"event\": \"SHUTDOWN\"}\r\n{\"return\": {\"x\": 1}}\r\n",
        ]);
        let mut qmp = Qmp::connect(&path).unwrap();
        assert_eq!(qmp.execute("query", json!({})).unwrap()["x"], 1);
        let soon = Duration::from_millis(50);
        assert!(qmp.wait_event("SHUTDOWN", soon).unwrap().is_some());
        assert!(qmp.wait_event("RESET", soon).unwrap().is_some());
    }

    #[test]
    fn a_refused_command_carries_the_reason() {
        let (_temp, path) = serve(vec![
            "{\"return\": {}}\r\n",
            "{\"error\": {\"desc\": \"no such thing\"}}\r\n",
        ]);
        let error = Qmp::connect(&path)
            .unwrap()
            .execute("bad", json!({}))
            .unwrap_err();
        assert_eq!(error.to_string(), "QEMU refused bad: no such thing");
    }

    #[test]
    fn an_event_that_does_not_come_is_not_waited_for_for_ever() {
        // The server keeps the connection open, waiting for a second line.
        let (_temp, path) = serve(vec!["{\"return\": {}}\r\n", ""]);
        let mut qmp = Qmp::connect(&path).unwrap();
        assert!(
            qmp.wait_event("NEVER", Duration::from_millis(50))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn an_end_in_the_middle_is_told() {
        let (_temp, path) = serve(vec!["{\"return\": {}}\r\n", "{\"ret"]);
        let error = Qmp::connect(&path)
            .unwrap()
            .execute("x", json!({}))
            .unwrap_err();
        assert!(error.to_string().contains("qmp.sock"), "{error}");
    }
}
