//! The files that follow from a configuration, on machines small and large.

use onebox_model::config::PublicKey;
use onebox_model::render::{self, RenderedFile};
use onebox_model::{Config, Machine, Sizing, paths, secret};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::LazyLock;

/// The least that is supported, the usual, and a large one.
const MACHINES: [Machine; 3] = [
    Machine::of(512, 1),
    Machine::of(1024, 2),
    Machine::of(262_144, 64),
];

/// The firewall that nobody changed.
static RULES: LazyLock<String> = LazyLock::new(|| {
    let config = Config::default();
    let sizing = Sizing::for_machine(&MACHINES[0], &config);
    let files = render::all(&config, "", &sizing, &[]);
    content(&files, paths::NFTABLES_CONF).to_owned()
});

/// Checks the files of a configuration and the text it was read from.
pub(crate) fn check(config: &Config, text: &str) {
    for machine in &MACHINES {
        let sizing = Sizing::for_machine(machine, config);
        assert_eq!(sizing, Sizing::for_machine(machine, config));
        fits(&sizing, config);
        let dropins = render::dropins(&sizing, "/run/systemd/generator");
        assert_eq!(dropins.len(), sizing.units.len());
        let files = all(config, text, &sizing);
        assert_eq!(files, all(config, text, &sizing));
        closed(&files);
        assert_eq!(content(&files, paths::EFFECTIVE_CONFIG), text);
        for path in [paths::POSTGRES_CONF, paths::REDIS_CONF] {
            settings(content(&files, path));
        }
        firewall(content(&files, paths::NFTABLES_CONF), config);
        keys(content(&files, paths::SSH_RUN_AUTHORIZED_KEYS), config);
    }
    credentials(config);
}

/// Every file under `/run/onebox`.
pub(crate) fn all(config: &Config, text: &str, sizing: &Sizing) -> Vec<RenderedFile> {
    render::all(config, text, sizing, &[])
}

/// A box must not be configured to death.
fn fits(sizing: &Sizing, config: &Config) {
    let budget = &sizing.budget;
    assert!(budget.planned() <= budget.total, "{budget:?}");
    if config.database.is_local() {
        assert!(sizing.postgres.peak() <= budget.postgres, "{sizing:?}");
    }
    if config.redis.is_local() {
        assert!(sizing.redis.peak() <= budget.redis, "{sizing:?}");
    }
    for unit in &sizing.units {
        assert!(unit.memory_high < unit.memory_max, "{unit:?}");
        assert!(unit.memory_max < budget.total, "{unit:?}");
    }
}

/// Each once, in its directory and not for everybody.
fn closed(files: &[RenderedFile]) {
    let mut paths = BTreeSet::new();
    for file in files {
        assert!(file.path.starts_with("/run/onebox/"), "{}", file.path);
        assert_eq!(file.mode & 0o037, 0, "{}", file.path);
        assert!(paths.insert(&file.path), "{} twice", file.path);
    }
}

/// Plain lines, no setting twice.
fn settings(content: &str) {
    let mut names = BTreeSet::new();
    for line in content.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.bytes().all(|b| (b' '..=b'~').contains(&b)), "{line:?}");
        let name = line.split(' ').next();
        assert!(names.insert(name), "{line} again");
    }
}

/// The usual rules, and one for each network that may reach SSH, in the only
/// form that `nft` takes.
fn firewall(content: &str, config: &Config) {
    if config.firewall.ssh_from.is_empty() {
        assert_eq!(content, RULES.as_str());
        return;
    }
    let usual: BTreeSet<&str> = RULES.lines().collect();
    let mut own = content.lines().filter(|line| !usual.contains(line));
    let public = own.next().map(str::trim);
    assert_eq!(public, Some("tcp dport { 80, 443 } accept"));
    let mut rules = 0;
    for line in own {
        let mut words = line.split_ascii_whitespace();
        let (family, saddr, network) = (words.next(), words.next(), words.next());
        assert_eq!(saddr, Some("saddr"), "{line:?}");
        assert_eq!(family, family_of(network.unwrap_or_default()), "{line:?}");
        let rest: Vec<&str> = words.collect();
        assert_eq!(rest, ["tcp", "dport", "22", "accept"], "{line:?}");
        rules += 1;
    }
    assert_eq!(rules, config.firewall.ssh_from.len());
}

/// What nftables calls the family of a network that is one.
fn family_of(network: &str) -> Option<&'static str> {
    let (address, length) = match network.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (network, None),
    };
    let (family, bits) = match address.parse().ok()? {
        IpAddr::V4(_) => ("ip", 32),
        IpAddr::V6(_) => ("ip6", 128),
    };
    let Some(length) = length else {
        return Some(family);
    };
    let number: u8 = length.parse().ok().filter(|number| *number <= bits)?;
    (number.to_string() == length).then_some(family)
}

/// A line for each key, each one that sshd reads.
fn keys(content: &str, config: &Config) {
    let wanted: BTreeSet<String> = config.ssh.keys().map(|key| key.to_string()).collect();
    let lines: BTreeSet<String> = content.lines().map(str::to_owned).collect();
    assert_eq!(lines, wanted);
    for line in &lines {
        assert!(line.parse::<PublicKey>().is_ok(), "{line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        let mut words = line.split_ascii_whitespace();
        let (kind, body) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        assert!(begins_with(body, kind), "{line:?}");
    }
}

/// Whether base64 is that of bytes that begin with a length and the name of the
/// key's type (RFC 4253, 6.6), as sshd decodes it.
fn begins_with(body: &str, kind: &str) -> bool {
    let bytes = base64(body).unwrap_or_default();
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
        return false;
    };
    u32::from_be_bytes(*length) as usize == kind.len() && rest.starts_with(kind.as_bytes())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// Each unit of the application is given the same secrets, by names that are
/// plain.
fn credentials(config: &Config) {
    let named = config.named_secrets();
    let stored: BTreeMap<String, String> = named
        .iter()
        .map(|(_, name)| (name.clone(), "abc".to_owned()))
        .collect();
    for file in render::credentials(config, &stored, "/run/systemd/generator") {
        let given = file.content.lines();
        for line in given.filter(|line| !line.starts_with(['#', '['])) {
            let name = line
                .strip_prefix("LoadCredentialEncrypted=")
                .and_then(|pair| pair.split_once(':'))
                .filter(|(name, path)| *path == format!("{}/{name}", paths::CREDSTORE_DIR))
                .map(|(name, _)| name);
            assert!(name.is_some_and(secret::is_name), "{line:?}");
        }
    }
}

fn content<'f>(files: &'f [RenderedFile], path: &str) -> &'f str {
    let file = files.iter().find(|file| file.path == path);
    assert!(file.is_some(), "there is no {path}");
    file.map_or("", |file| &file.content)
}
