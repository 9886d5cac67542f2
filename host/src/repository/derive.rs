//! Key derivation, fingerprints and the unambiguous layout of what is signed or bound.

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::repository::encoding::hex;

/// A 256-bit secret that is wiped when it goes.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// Every context string begins like this; the version changes if what is derived changes.
const PREFIX: &str = "cofferdam repository v1 ";

/// The sub-key of `key` for `purpose`: BLAKE3's key derivation mode.
pub(super) fn derive(purpose: &str, key: &[u8; 32]) -> Key {
    Zeroizing::new(blake3::derive_key(&format!("{PREFIX}{purpose}"), key))
}

/// The first `N` bytes that tell `parts` apart from everything else with the same `purpose`.
pub(super) fn fingerprint<const N: usize>(purpose: &str, parts: &[&[u8]]) -> [u8; N] {
    let mut out = [0; N];
    blake3::Hasher::new().update(&message(purpose, parts)).finalize_xof().fill(&mut out);
    out
}

/// Purpose and parts in one byte string, each with its length, so that no two lists give the same string.
pub(super) fn message(purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in std::iter::once(&[PREFIX, purpose].concat().into_bytes()[..]).chain(parts.iter().copied()) {
        out.extend_from_slice(&(part.len() as u64).to_le_bytes());
        out.extend_from_slice(part);
    }
    out
}

/// The id of a signing key: 16 hexadecimal digits.
pub(super) fn key_id(public_key: &[u8; 32]) -> String {
    hex(&fingerprint::<8>("key id", &[public_key]))
}

/// `N` bytes from the operating system's generator.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>> {
    let mut out = Zeroizing::new([0; N]);
    getrandom::fill(out.as_mut_slice())
        .map_err(|e| Error::internal("the operating system has no random numbers").with_cause(e))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_borders_matter() {
        assert_ne!(*derive("a", &[1; 32]), *derive("b", &[1; 32]));
        assert_ne!(message("x", &[b"ab", b"c"]), message("x", &[b"a", b"bc"]));
        assert_ne!(fingerprint::<8>("x", &[b"a"]), fingerprint::<8>("y", &[b"a"]));
    }
}
