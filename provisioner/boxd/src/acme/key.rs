//! Private keys of certificates, and requests signed with them.

use super::error::OrderError;
use super::order::Wanted;
use onebox_model::config::AcmeKeyType;
use rcgen::{
    CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_RSA_SHA256, RsaKeySize,
};

/// A key as PEM and a request (DER, RFC 2986) for the names.
pub(crate) fn request(wanted: &Wanted) -> Result<(String, Vec<u8>), OrderError> {
    let key = match &wanted.old_key {
        Some(pem) => KeyPair::from_pem(pem),
        None => generate(wanted.key_type),
    }
    .map_err(|error| OrderError::Own(format!("no private key for the certificate: {error}")))?;
    let csr = sign(&wanted.names, &key)
        .map_err(|error| OrderError::Own(format!("no request for the certificate: {error}")))?;
    Ok((key.serialize_pem(), csr))
}

fn generate(kind: AcmeKeyType) -> Result<KeyPair, rcgen::Error> {
    match kind {
        AcmeKeyType::EcdsaP256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        AcmeKeyType::EcdsaP384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
        AcmeKeyType::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
    }
}

fn sign(names: &[String], key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    let mut params = CertificateParams::new(names.to_vec())?;
    // Authorities take names from the extension; a common name is limited to
    // 64 letters and of no use.
    params.distinguished_name = DistinguishedName::new();
    Ok(params.serialize_request(key)?.der().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_key_signs_a_request_and_is_read_back() {
        for kind in [
            AcmeKeyType::EcdsaP256,
            AcmeKeyType::EcdsaP384,
            AcmeKeyType::Rsa2048,
        ] {
            let mut wanted = Wanted {
                names: vec!["*.example.com".into(), "203.0.113.7".into()],
                replaces: None,
                profile: None,
                preferred_chain: None,
                key_type: kind,
                old_key: None,
            };
            let (key, _) = request(&wanted).unwrap();
            wanted.old_key = Some(key.clone());
            assert_eq!(request(&wanted).unwrap().0, key, "{kind:?}");
        }
    }
}
