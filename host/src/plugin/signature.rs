//! A publisher's signature on a component: its last custom section, over everything before it.
//!
//! There is one way to write it, so that of any signed file each byte counts: the section is the outermost component's
//! last 119 bytes, and they are
//!
//! ```text
//! 00 75 13 "cofferdam:signature"   a custom section of 117 bytes, and its name
//! 01                               the signature's version
//! 32 bytes                         the publisher's public key
//! 64 bytes                         Ed25519 (RFC 8032) over "cofferdam plugin v1" LF and the SHA-256 of what comes before
//! ```
//!
//! The plugin's description ([`super::about`]) is another section before it, so it is signed too.

use ed25519_dalek::{Signature, Signer};
use sha2::{Digest as _, Sha256};

use super::publisher::{Publisher, PublisherKey};
use super::section;
use crate::error::{Error, Result};

/// The custom section's name.
const SECTION: &str = "cofferdam:signature";
/// What the section begins with: id, size, the name with its length, the version.
const HEAD: [u8; 23] = *b"\x00\x75\x13cofferdam:signature\x01";
const KEY: usize = 32;
const SIGNATURE: usize = 64;

/// What is signed is told from whatever else an Ed25519 key may sign.
const PURPOSE: &[u8] = b"cofferdam plugin v1\n";

/// Who signed a component; nobody if it has no signature.
///
/// # Errors
/// "corrupt" if a signature is there and isn't good, or doesn't stand where and how it has to; "plugin" if the bytes
/// aren't a whole component.
pub fn publisher(component: &[u8]) -> Result<Option<Publisher>> {
    let refuse = |why: &str| {
        Error::corrupt(format!("the plugin's signature isn't good: {why}"))
            .with_hint("don't use this file; get it again from its publisher")
    };
    let sections = section::outermost(component, SECTION)?;
    let Some(found) = sections.first() else { return Ok(None) };
    let (signed, tail) = component
        .len()
        .checked_sub(HEAD.len() + KEY + SIGNATURE)
        .and_then(|at| component.split_at_checked(at))
        .ok_or_else(|| refuse("the file is too short"))?;
    let whole =
        sections.len() == 1 && found.range.end == component.len() as u64 && found.data.len() == 1 + KEY + SIGNATURE;
    let rest = tail.strip_prefix(&HEAD).filter(|_| whole).ok_or_else(|| {
        refuse("it isn't the one last section of the file, or is of a version that this host doesn't know")
    })?;
    let (key, signature) = rest.split_first_chunk::<KEY>().ok_or_else(|| refuse("it has no key"))?;
    let publisher = Publisher::from_bytes(key).map_err(|_| refuse("its key is none"))?;
    let signature = Signature::from_slice(signature).map_err(|_| refuse("it is cut off"))?;
    publisher
        .0
        .verify_strict(&message(signed), &signature)
        .map_err(|_| refuse("the file isn't what the publisher signed"))?;
    Ok(Some(publisher))
}

/// The component with `key`'s signature.
///
/// # Errors
/// "already-exists" if it is signed; "plugin" if the bytes aren't a whole component.
pub fn sign(component: &[u8], key: &PublisherKey) -> Result<Vec<u8>> {
    if !section::outermost(component, SECTION)?.is_empty() {
        return Err(Error::already_exists("the plugin is signed already")
            .with_hint("sign the file that `cofferdam plugin build` makes"));
    }
    let signature = key.0.sign(&message(component));
    Ok([component, &HEAD, key.publisher().0.as_bytes(), &signature.to_bytes()].concat())
}

fn message(signed: &[u8]) -> Vec<u8> {
    [PURPOSE, &Sha256::digest(signed)].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::plugin::about::About;
    use wasm_encoder::{Component, ComponentSection, CustomSection};

    /// The smallest component that says who it is.
    fn component() -> Vec<u8> {
        let mut component = Component::new().finish();
        let about = br#"{ "name": "tiny", "title": "Tiny", "version": "1.0.0" }"#;
        CustomSection { name: crate::plugin::about::SECTION.into(), data: about.into() }
            .append_to_component(&mut component);
        component
    }

    #[test]
    fn a_signature_names_its_publisher() {
        let key = PublisherKey::generate().unwrap();
        assert_eq!(publisher(&component()).unwrap(), None);
        let signed = sign(&component(), &key).unwrap();
        assert_eq!(publisher(&signed).unwrap(), Some(key.publisher()));
        assert_eq!(About::of(&signed).unwrap().name, "tiny");
        assert_eq!(sign(&signed, &key).unwrap_err().code(), "already-exists");
    }

    #[test]
    fn a_file_with_any_bit_flipped_is_no_file_of_its_publisher() {
        let key = PublisherKey::generate().unwrap();
        let signed = sign(&component(), &key).unwrap();
        for at in 0..signed.len() {
            for bit in 0..8 {
                let mut flipped = signed.clone();
                flipped[at] ^= 1 << bit;
                let found = publisher(&flipped);
                assert!(!matches!(found, Ok(Some(_))), "byte {at}, bit {bit}: {found:?}");
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_off_or_longer_is_none_of_its_publisher() {
        let signed = sign(&component(), &PublisherKey::generate().unwrap()).unwrap();
        for length in 0..signed.len() {
            assert!(!matches!(publisher(&signed[..length]), Ok(Some(_))), "{length} bytes");
        }
        // A section that nobody reads is as much a change as any other.
        let mut longer = signed;
        CustomSection { name: "more".into(), data: b"x".as_slice().into() }.append_to_component(&mut longer);
        assert_eq!(publisher(&longer).unwrap_err().code(), "corrupt");
    }

    #[test]
    fn another_publishers_signature_is_not_taken_over() {
        let (one, other) = (PublisherKey::generate().unwrap(), PublisherKey::generate().unwrap());
        let signed = sign(&component(), &one).unwrap();
        let mut renamed = signed.clone();
        let key = signed.len() - SIGNATURE - KEY;
        renamed[key..key + KEY].copy_from_slice(other.publisher().0.as_bytes());
        assert_eq!(publisher(&renamed).unwrap_err().code(), "corrupt");
        // A second signature makes the first one part of what is signed, and there is only one.
        let tail = sign(&component(), &other).unwrap()[component().len()..].to_vec();
        assert_eq!(publisher(&[signed, tail].concat()).unwrap_err().code(), "corrupt");
    }

    #[test]
    fn a_signature_within_another_section_is_none() {
        let mut hidden = component();
        let tail = sign(&component(), &PublisherKey::generate().unwrap()).unwrap()[component().len()..].to_vec();
        CustomSection { name: "cover".into(), data: tail.into() }.append_to_component(&mut hidden);
        assert_eq!(publisher(&hidden).unwrap(), None);
    }
}
