//! The firewall: three ports in, everything out.

use crate::config::Firewall;
use crate::ports;

/// The whole ruleset; `nft -f` swaps it in one transaction.
pub(super) fn ruleset(firewall: &Firewall) -> String {
    let open: Vec<String> = ports::PUBLIC
        .into_iter()
        .filter(|port| firewall.ssh_from.is_empty() || *port != ports::SSH)
        .map(|port| port.to_string())
        .collect();
    let mut accepted = format!("        tcp dport {{ {} }} accept\n", open.join(", "));
    // A rule each: in a set networks must not overlap, in rules they may.
    let (v4, v6) = firewall.networks();
    for (family, networks) in [("ip", v4), ("ip6", v6)] {
        for network in networks {
            let ssh = ports::SSH;
            accepted += &format!("        {family} saddr {network} tcp dport {ssh} accept\n");
        }
    }
    RULES.replace("@ACCEPTED@", &accepted)
}

// Neighbour discovery is never tracked and must be let in by itself, or IPv6
// dies when the neighbour cache runs out. DHCPv6 asks by multicast and is
// answered by unicast, which connection tracking does not see as one flow.
const RULES: &str = "\
flush ruleset

table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;

        iif lo accept
        ct state vmap { established : accept, related : accept, invalid : drop }

        icmp type { echo-request, destination-unreachable, time-exceeded, parameter-problem } accept
        icmpv6 type { echo-request, destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept
        icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } ip6 hoplimit { 1, 255 } accept
        ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept

@ACCEPTED@    }

    chain forward {
        type filter hook forward priority filter; policy drop;
    }

    chain output {
        type filter hook output priority filter; policy accept;
    }
}
";
