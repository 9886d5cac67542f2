//! Channel binding of type `tls-server-end-point` (RFC 5929, section 4.1): the server's certificate, hashed with the
//! hash function of the certificate's own signature, where MD5 and SHA-1 count as SHA-256.

use sha2::{Digest, Sha256, Sha384, Sha512};

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;

/// PKCS #1 signatures, 1.2.840.113549.1.1.x (RFC 8017).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// ECDSA with SHA-2, 1.2.840.10045.4.3.x (RFC 5758).
const ECDSA_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
/// ECDSA with SHA-1, 1.2.840.10045.4.1 (RFC 3279).
const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];

/// The binding data of a certificate in DER; none where the RFC leaves it undefined, as for Ed25519.
pub(super) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let oid = signature_algorithm(certificate)?;
    if oid == ECDSA_SHA1 {
        return Some(Sha256::digest(certificate).to_vec());
    }
    let (last, arc) = oid.split_last()?;
    match (arc, last) {
        (RSA, 4 | 5 | 11) | (ECDSA_SHA2, 2) => Some(Sha256::digest(certificate).to_vec()),
        (RSA, 12) | (ECDSA_SHA2, 3) => Some(Sha384::digest(certificate).to_vec()),
        (RSA, 13) | (ECDSA_SHA2, 4) => Some(Sha512::digest(certificate).to_vec()),
        _ => None,
    }
}

/// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OBJECT IDENTIFIER, ... }, ... }
/// (RFC 5280, section 4.1).
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let (fields, _) = element(certificate, SEQUENCE)?;
    let (_, after_tbs) = element(fields, SEQUENCE)?;
    let (algorithm, _) = element(after_tbs, SEQUENCE)?;
    Some(element(algorithm, OBJECT_IDENTIFIER)?.0)
}

/// The content of the DER element that `input` begins with, and what follows it.
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, short], rest) = input.split_first_chunk()?;
    if found != tag {
        return None;
    }
    if short < 0x80 {
        return rest.split_at_checked(usize::from(short));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    let length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    /// SEQUENCE { SEQUENCE {}, SEQUENCE { OID } }, with a long-form outer length.
    fn certificate(oid: &[u8]) -> Vec<u8> {
        let oid_length = u8::try_from(oid.len()).unwrap();
        let mut inner = vec![0x30, 0x00, 0x30, oid_length + 2, 0x06, oid_length];
        inner.extend_from_slice(oid);
        let mut whole = vec![0x30, 0x82, 0x00, u8::try_from(inner.len()).unwrap()];
        whole.extend(inner);
        whole
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        for (arc, last, bytes) in [(RSA, 11, 32), (RSA, 12, 48), (RSA, 13, 64), (ECDSA_SHA2, 3, 48)] {
            let oid: Vec<u8> = arc.iter().copied().chain([last]).collect();
            assert_eq!(server_end_point(&certificate(&oid)).unwrap().len(), bytes);
        }
    }

    #[test]
    fn sha1_counts_as_sha256() {
        let rsa: Vec<u8> = RSA.iter().copied().chain([5]).collect();
        for certificate in [certificate(&rsa), certificate(ECDSA_SHA1)] {
            assert_eq!(server_end_point(&certificate).unwrap(), Sha256::digest(&certificate).to_vec());
        }
    }

    #[test]
    fn ed25519_has_no_binding() {
        assert_eq!(server_end_point(&certificate(&[0x2b, 0x65, 0x70])), None);
    }

    #[test]
    fn a_certificate_that_was_cut_off_has_no_binding() {
        let whole = certificate(ECDSA_SHA1);
        for length in 0..whole.len() {
            assert_eq!(server_end_point(&whole[..length]), None, "{length}");
        }
    }
}
