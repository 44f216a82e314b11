//! Certificates of the servers here.

use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use std::net::Ipv4Addr;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// How QEMU's user network shows this machine to its guest.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);

/// A certificate of its own, and what a server needs to show it.
pub(crate) fn identity() -> (String, ServerConfig) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let names = &mut params.subject_alt_names;
    names.push(SanType::IpAddress(GATEWAY.into()));
    // pgBackRest compares what it was told with the DNS names, also an address.
    names.push(SanType::DnsName(GATEWAY.to_string().try_into().unwrap()));
    params
        .distinguished_name
        .push(DnType::CommonName, "Onebox test server");
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (certificate.pem(), config)
}
