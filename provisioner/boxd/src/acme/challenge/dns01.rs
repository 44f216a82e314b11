//! Proofs as TXT records (RFC 8555, 8.4): created at Cloudflare, waited for
//! until every name server of the zone has them, deleted whatever happens.

use super::{Cloudflare, Proof};
use crate::acme::dns::Dns;
use crate::acme::error::OrderError;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// Records spread in seconds; an authority that asks too early counts a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spreading {
    pub(crate) pause: Duration,
    pub(crate) longest: Duration,
}

impl Default for Spreading {
    fn default() -> Self {
        Self {
            pause: Duration::from_secs(2),
            longest: Duration::from_secs(180),
        }
    }
}

/// The way to proofs in DNS.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) cloudflare: Cloudflare,
    pub(crate) dns: Dns,
    pub(crate) spreading: Spreading,
}

/// A record that is to be deleted.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    zone: String,
    id: String,
    name: String,
}

impl Records {
    pub(super) async fn place(
        &self,
        proofs: &[Proof],
        say: &(dyn Fn(String) + Send + Sync),
    ) -> (Vec<Record>, Option<OrderError>) {
        let mut placed = Vec::new();
        for proof in proofs {
            if let Err(error) = self.create(proof, &mut placed).await {
                return (placed, Some(error));
            }
        }
        say("waiting until every name server of the zone has the records".to_owned());
        for proof in proofs {
            if let Err(error) = self.spread(proof).await {
                return (placed, Some(error));
            }
        }
        (placed, None)
    }

    /// Whether the zone of a name can be written; its words if not.
    pub(crate) async fn reaches(&self, name: &str) -> Result<(), String> {
        let zone = self.cloudflare.zone(base(name)).await;
        zone.map(|_| ()).map_err(|error| error.to_string())
    }

    async fn create(&self, proof: &Proof, placed: &mut Vec<Record>) -> Result<(), OrderError> {
        let name = record_name(&proof.name);
        let own = |error: super::cloudflare::CloudflareError| OrderError::Own(error.to_string());
        let zone = self.cloudflare.zone(base(&proof.name)).await.map_err(own)?;
        // What a run left that was cut off; deleting it is no condition.
        let found = self.cloudflare.records(&zone, &name).await.map_err(own)?;
        for old in found {
            if old.is_left_over(OffsetDateTime::now_utc())
                && let Err(error) = self.cloudflare.delete(&zone, &old.id).await
            {
                tracing::warn!("an old proof of {name} stays: {error}");
            }
        }
        let id = self
            .cloudflare
            .create(&zone, &name, &proof.record)
            .await
            .map_err(own)?;
        placed.push(Record { zone, id, name });
        Ok(())
    }

    async fn spread(&self, proof: &Proof) -> Result<(), OrderError> {
        let name = record_name(&proof.name);
        let start = Instant::now();
        loop {
            let missing = match self.dns.txt_everywhere(&name, &proof.record).await {
                Ok(()) => return Ok(()),
                Err(missing) => missing,
            };
            if start.elapsed() + self.spreading.pause > self.spreading.longest {
                return Err(OrderError::Own(format!(
                    "the record {name} was made and did not appear within {} s: {missing}",
                    self.spreading.longest.as_secs()
                )));
            }
            tokio::time::sleep(self.spreading.pause).await;
        }
    }

    /// Deletes records; one that cannot be deleted is found by a later run.
    pub(super) async fn take_away(&self, records: Vec<Record>) {
        for record in records {
            let mut deleted = self.cloudflare.delete(&record.zone, &record.id).await;
            if deleted.is_err() {
                tokio::time::sleep(self.spreading.pause).await;
                deleted = self.cloudflare.delete(&record.zone, &record.id).await;
            }
            if let Err(error) = deleted {
                tracing::warn!("the record {} stays for now: {error}", record.name);
            }
        }
    }
}

fn base(name: &str) -> &str {
    name.strip_prefix("*.").unwrap_or(name)
}

fn record_name(name: &str) -> String {
    format!("_acme-challenge.{}", base(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_proven_where_its_domain_is() {
        for name in ["example.com", "*.example.com"] {
            assert_eq!(record_name(name), "_acme-challenge.example.com");
        }
    }
}
