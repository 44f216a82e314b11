//! What is taken and what is refused.

use super::*;

fn web(domains: &[&str]) -> Web {
    Web {
        domains: domains.iter().map(|name| (*name).to_owned()).collect(),
        ..Web::default()
    }
}

fn keys(acme: &Acme, domains: &[&str]) -> Vec<String> {
    let found = acme.validate(&web(domains)).into_iter();
    found.map(|finding| finding.key).collect()
}

fn by_dns() -> Acme {
    Acme {
        challenge: AcmeChallenge::Dns01,
        cloudflare: AcmeCloudflare {
            token: Some(Secret::given("token")),
            ..AcmeCloudflare::default()
        },
        ..Acme::default()
    }
}

#[test]
fn the_default_asks_lets_encrypt_and_nobody_else() {
    let acme = Acme::default();
    assert_eq!(keys(&acme, &["a.example"]), [""; 0]);
    let authorities = acme.authorities();
    assert_eq!(authorities.len(), 1);
    assert_eq!(
        authorities[0].directory,
        "https://acme-v02.api.letsencrypt.org/directory"
    );
}

#[test]
fn a_wildcard_needs_a_proof_in_dns() {
    let names = ["example.com", "*.example.com"];
    assert_eq!(keys(&Acme::default(), &names), ["web.domains"]);
    assert_eq!(keys(&by_dns(), &names), [""; 0]);
    let off = Acme {
        enabled: false,
        ..Acme::default()
    };
    assert_eq!(keys(&off, &names), [""; 0]);
}

#[test]
fn a_proof_in_dns_needs_a_token_and_is_none_of_an_address() {
    let mut acme = by_dns();
    acme.addresses = vec!["203.0.113.7".to_owned()];
    assert_eq!(keys(&acme, &[]), ["acme.addresses"]);
    acme.cloudflare.token = None;
    acme.addresses.clear();
    assert_eq!(keys(&acme, &[]), ["acme.challenge"]);
}

#[test]
fn the_fallback_has_everything_of_its_own() {
    let mut acme = Acme {
        directory: "staging".to_owned(),
        ..Acme::default()
    };
    acme.fallback.directory = Some("https://acme.zerossl.com/v2/DV90".to_owned());
    acme.fallback.eab.kid = Some("kid".to_owned());
    assert_eq!(keys(&acme, &[]), ["acme.fallback.eab"]);
    acme.fallback.eab.hmac_key = Some(Secret::given("key"));
    assert_eq!(keys(&acme, &[]), [""; 0]);
    let authorities = acme.authorities();
    assert_eq!((authorities.len(), &authorities[0].eab), (2, &None));
    assert!(authorities[1].eab.is_some());
}

#[test]
fn what_is_no_address_or_authority_is_refused() {
    let mut acme = Acme {
        email: Some("me".to_owned()),
        directory: "http://ca.example/directory".to_owned(),
        ca_file: Some("ca.pem".to_owned()),
        addresses: vec!["a.example".to_owned()],
        resolvers: vec!["dns.example".to_owned()],
        ..Acme::default()
    };
    acme.cloudflare.url = "http://api.cloudflare.com".to_owned();
    let expected = [
        "acme.email",
        "acme.directory",
        "acme.ca_file",
        "acme.addresses",
        "acme.resolvers",
        "acme.cloudflare.url",
    ];
    assert_eq!(keys(&acme, &[]), expected);
}

#[test]
fn a_name_server_may_have_a_port() {
    let acme = Acme {
        resolvers: ["9.9.9.9", "127.0.0.1:8053", "2620:fe::fe", "[::1]:53"]
            .map(str::to_owned)
            .to_vec(),
        ..Acme::default()
    };
    let ports: Vec<u16> = acme.name_servers().iter().map(SocketAddr::port).collect();
    assert_eq!(ports, [53, 8053, 53, 53]);
}
