//! AES-256-GCM with a random nonce in front, for the few small things sealed under a shared key.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};

use crate::error::{Error, Result};
use crate::repository::derive::{Key, random};

const NONCE: usize = 12;

/// Nonce, ciphertext and tag of `plain`, bound to `context`.
///
/// Nonces are random, so one key may seal 2^32 messages (NIST SP 800-38D, 8.3): manifests and key files are few.
pub(super) fn seal(key: &Key, context: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let nonce = random::<NONCE>()?;
    let sealed = Aes256Gcm::new(key.as_slice().into())
        .encrypt(Nonce::from_slice(nonce.as_slice()), Payload { msg: plain, aad: context })
        .map_err(|_| Error::internal("AES-256-GCM refused to seal"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// The plain bytes, or none if anything of key, context or content isn't what it was.
pub(super) fn open(key: &Key, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let payload = Payload { msg: sealed, aad: context };
    Aes256Gcm::new(key.as_slice().into()).decrypt(Nonce::from_slice(nonce), payload).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn every_flipped_bit_is_found() {
        let key = Key::new([7; 32]);
        let sealed = seal(&key, b"here", b"plain").unwrap();
        assert_eq!(open(&key, b"here", &sealed).unwrap(), b"plain");
        assert_eq!(open(&key, b"there", &sealed), None);
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&key, b"here", &bad), None, "bit {bit}");
        }
        assert_eq!(open(&key, b"here", &sealed[..11]), None);
    }
}
