//! The list that a process goes by, and when it reads it anew.

use super::list::{List, ListError};
use super::visitor::Visitor;
use axum::http::HeaderMap;
use onebox_model::config::Cloudflare as Chosen;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Whether the box is behind Cloudflare, and which networks are Cloudflare's.
/// Cheap to clone: the list is shared. The default is that it is not.
#[derive(Clone, Debug, Default)]
pub struct Cloudflare(Option<Arc<Known>>);

#[derive(Debug)]
struct Known {
    file: PathBuf,
    list: RwLock<Arc<List>>,
    stamp: Mutex<Stamp>,
}

/// Tells whether the file has changed since; `None` while it is not there.
type Stamp = Option<(SystemTime, u64)>;

/// A list and where it is.
#[derive(Debug)]
pub struct InForce {
    /// The list.
    pub list: List,
    /// The file; none for the shipped one.
    pub file: Option<PathBuf>,
    /// Why the file is not used although it is there.
    pub fault: Option<ListError>,
}

impl InForce {
    /// The file's list, unless it is not sound or older than the program's.
    #[must_use]
    pub fn find(file: &Path) -> Self {
        let shipped = List::shipped();
        let (list, fault) = match List::load(file) {
            Ok(Some(list)) if list.as_of >= shipped.as_of => {
                return Self {
                    list,
                    file: Some(file.to_owned()),
                    fault: None,
                };
            }
            Ok(_) => (shipped, None),
            Err(error) => (shipped, Some(error)),
        };
        Self {
            list,
            file: None,
            fault,
        }
    }
}

impl Cloudflare {
    /// As the operator chose.
    #[must_use]
    pub fn new(chosen: &Chosen, state_dir: &Path) -> Self {
        if !chosen.enabled {
            return Self::default();
        }
        let file = List::file(state_dir);
        let stamp = stamp(&file);
        Self(Some(Arc::new(Known {
            list: RwLock::new(Arc::new(read(&file))),
            stamp: Mutex::new(stamp),
            file,
        })))
    }

    /// One whose servers are on this machine, which no sound list could say.
    #[cfg(test)]
    pub(crate) fn on_this_machine() -> Self {
        let mut list = List::shipped();
        list.ranges = super::ranges::Ranges::loopback();
        Self(Some(Arc::new(Known {
            file: PathBuf::from("/nonexistent"),
            list: RwLock::new(Arc::new(list)),
            stamp: Mutex::default(),
        })))
    }

    /// Whether the box is behind it.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Whether a connection comes from one of its servers.
    #[must_use]
    pub fn carries(&self, peer: IpAddr) -> bool {
        let Some(known) = &self.0 else {
            return false;
        };
        let list = known.list.read().unwrap_or_else(PoisonError::into_inner);
        list.ranges.contains(peer)
    }

    /// Who asks, if the connection is one of Cloudflare's and its word is
    /// sound; else nobody but the connection's other end.
    #[must_use]
    pub fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Visitor> {
        if !self.carries(peer) {
            return None;
        }
        let visitor = Visitor::read(headers);
        if visitor.is_none() {
            tracing::debug!(%peer, "Cloudflare does not say who asks: its own address counts");
        }
        visitor
    }

    /// Reads the list anew if its file has changed, appeared or gone.
    pub fn look(&self) {
        let Some(known) = &self.0 else {
            return;
        };
        // Taken first: what changes while it is read looks changed afterwards.
        let now = stamp(&known.file);
        {
            let mut before = known.stamp.lock().unwrap_or_else(PoisonError::into_inner);
            if *before == now {
                return;
            }
            *before = now;
        }
        let list = Arc::new(read(&known.file));
        *known.list.write().unwrap_or_else(PoisonError::into_inner) = list;
    }

    /// Looks again and again, for as long as the process runs.
    pub async fn keep_looking(self) {
        if !self.is_on() {
            return;
        }
        loop {
            tokio::time::sleep(LOOK).await;
            self.look();
        }
    }
}

fn read(file: &Path) -> List {
    let found = InForce::find(file);
    if let Some(fault) = found.fault {
        tracing::warn!(
            "{} is not used: {fault}; Cloudflare's networks are those shipped with the program",
            file.display()
        );
    }
    tracing::info!(
        as_of = %found.list.as_of,
        source = found.list.source,
        "Cloudflare's networks"
    );
    found.list
}

fn stamp(file: &Path) -> Stamp {
    let meta = std::fs::metadata(file).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(dir: &Path) -> Cloudflare {
        let chosen = Chosen {
            enabled: true,
            ..Chosen::default()
        };
        Cloudflare::new(&chosen, dir)
    }

    fn list(year: u16, network: &str) -> String {
        format!(
            r#"{{"source":"test","as_of":"{year}-01-01T00:00:00Z",
                "ipv4":["{network}"],"ipv6":["2400:cb00::/32"]}}"#
        )
    }

    #[test]
    fn a_new_file_is_used_and_a_bad_one_never_believed() {
        let dir = tempfile::tempdir().unwrap();
        let file = List::file(dir.path());
        let cloudflare = on(dir.path());
        let carries = |text: &str| {
            cloudflare.look();
            cloudflare.carries(text.parse().unwrap())
        };
        assert!(carries("104.16.0.1") && !carries("8.8.8.8"));
        std::fs::write(&file, list(2026, "8.8.8.0/24")).unwrap();
        assert!(carries("8.8.8.8") && !carries("104.16.0.1"));
        // Everything that is wrong with it leads back to the shipped one.
        for bad in [
            String::new(),
            "{}".to_owned(),
            list(2026, "8.8.8.0/24").replace("source", "sauce"),
            list(2026, "0.0.0.0/0"),
            list(2026, "10.0.0.0/16"),
            list(2026, "8.8.8.0/24").replace("2400:cb00::/32", "nonsense"),
            format!("{}{}", list(2026, "8.8.8.0/24"), " ".repeat(70_000)),
            // Older than the program's.
            list(2020, "8.8.8.0/24").replace("\n", "\n\n"),
        ] {
            std::fs::write(&file, &bad).unwrap();
            assert!(carries("104.16.0.1") && !carries("8.8.8.8"), "{bad}");
            assert!(!carries("10.0.0.1"), "{bad}");
        }
        std::fs::write(&file, list(2027, "8.8.4.0/24")).unwrap();
        assert!(carries("8.8.4.4"));
        std::fs::remove_file(&file).unwrap();
        assert!(carries("104.16.0.1") && !carries("8.8.4.4"));
    }

    #[test]
    fn nobody_is_believed_while_it_is_off() {
        let dir = tempfile::tempdir().unwrap();
        let off = Cloudflare::new(&Chosen::default(), dir.path());
        assert!(!off.is_on() && !off.carries("104.16.0.1".parse().unwrap()));
    }
}
