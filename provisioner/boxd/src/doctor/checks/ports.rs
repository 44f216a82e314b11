//! Which ports are listened on, by what the kernel says (proc_net_tcp(5)).

use super::{Doctor, Found, Remedy, or_ok};
use onebox_model::{ports, units};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// `TCP_LISTEN`.
const LISTEN: &str = "0A";

pub(super) async fn check(_: &Doctor) -> Vec<Found> {
    let mut listening = Vec::new();
    for path in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
        match tokio::fs::read_to_string(path).await {
            Ok(text) => listening.extend(parse(&text)),
            // A kernel without IPv6 has no such file.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return vec![Found::unknown(format!("cannot read {path}: {error}"))],
        }
    }
    or_ok(
        judge(&listening),
        "22, 80 and 443 are listened on, and nothing else is from outside",
    )
}

fn judge(listening: &[SocketAddr]) -> Vec<Found> {
    let reachable = |port: u16| {
        listening
            .iter()
            .any(|at| at.port() == port && !at.ip().is_loopback())
    };
    let mut found = Vec::new();
    for (port, unit, what) in [
        (
            ports::HTTPS,
            units::HTTPS_SOCKET,
            "visitors are refused (\"connection refused\")",
        ),
        (
            ports::HTTP,
            units::HTTP_SOCKET,
            "visitors that type no https:// are refused, and certificates cannot be renewed over port 80",
        ),
        (ports::SSH, units::SSH, "nobody can log in"),
    ] {
        if !reachable(port) {
            found.push(
                Found::critical(
                    "connection-refused",
                    format!("nothing listens on port {port}"),
                )
                .evidence([format!("{unit} holds it open on a box that works")])
                .consequence(what)
                .fix(
                    "start what listens there",
                    &[&format!("boxctl service status {unit}")],
                )
                .remedy(Remedy::Start(unit.to_owned())),
            );
        }
    }
    let mut foreign: Vec<&SocketAddr> = listening
        .iter()
        .filter(|at| !at.ip().is_loopback() && !ports::PUBLIC.contains(&at.port()))
        .collect();
    foreign.sort();
    if !foreign.is_empty() {
        found.push(
            Found::warning(
                "port-unexpected",
                "something listens on ports that are not the box's",
            )
            .evidence(foreign.iter().map(|at| format!("listened on: {at}")))
            .consequence("the firewall keeps it from the world, and nothing else does")
            .fix(
                "see what it is, and stop it if it is not wanted",
                &["ss -ltnp"],
            ),
        );
    }
    found
}

/// Addresses that are listened on.
fn parse(text: &str) -> Vec<SocketAddr> {
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let mut parts = line.split_whitespace().skip(1);
            let (local, state) = (parts.next()?, parts.nth(1)?);
            (state == LISTEN).then(|| address(local))?
        })
        .collect()
}

/// `0100007F:1F90`: the address in the machine's order of bytes, the port not.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Vec<u32> = host
        .as_bytes()
        .chunks(8)
        .map(|word| {
            let word = std::str::from_utf8(word).ok()?;
            u32::from_str_radix(word, 16).ok()
        })
        .collect::<Option<_>>()?;
    let ip: IpAddr = match words.as_slice() {
        [word] => Ipv4Addr::from(word.to_ne_bytes()).into(),
        [a, b, c, d] => {
            let mut bytes = [0; 16];
            for (place, word) in bytes.chunks_exact_mut(4).zip([a, b, c, d]) {
                place.copy_from_slice(&word.to_ne_bytes());
            }
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   2: 0F02000A:0016 0202000A:E0B2 01 00000000:00000000 02:000A7D35 00000000     0
";
    const TCP6: &str =
        "  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0
   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0
";

    #[test]
    fn the_kernels_tables_are_read() {
        let listening = [parse(TCP), parse(TCP6)].concat();
        let shown: Vec<String> = listening.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "127.0.0.1:5432",
                "0.0.0.0:22",
                "[::]:443",
                "[::1]:8080",
                "[::]:80"
            ]
        );
        assert!(judge(&listening).is_empty());
    }

    #[test]
    fn refused_and_foreign_ports_are_named() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let found = judge(&[at("0.0.0.0:22"), at("[::]:80"), at("0.0.0.0:5432")]);
        let shown: Vec<(String, String)> = found
            .into_iter()
            .map(|one| (one.finding.problem.unwrap(), one.finding.summary))
            .collect();
        assert_eq!(shown[0].0, "connection-refused");
        assert!(shown[0].1.contains("443"));
        assert_eq!(shown[1].0, "port-unexpected");
        assert_eq!(shown.len(), 2);
    }

    #[test]
    fn a_real_listener_is_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let text = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
        assert!(parse(&text).contains(&listener.local_addr().unwrap()));
    }
}
