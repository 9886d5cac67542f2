//! A manifest as it is stored: compressed, sealed with the manifests' key, signed by its writer.

use std::io::Read;

use crate::error::{Error, Result};
use crate::repository::config::Pin;
use crate::repository::derive::message;
use crate::repository::encoding::{hex, unhex};
use crate::repository::keyring::Keyring;
use crate::repository::manifest::{BackupId, Manifest, VERSION};
use crate::repository::symmetric;
use crate::repository::writers::Writers;

/// The first byte of the object.
const FORMAT: u8 = 1;
/// Format and writer id.
const HEADER: usize = 1 + 8;
const SIGNATURE: usize = 64;
const LEVEL: i32 = 3;

/// The largest manifest object that is read: a backup of some 10 TB.
pub(super) const LIMIT: u64 = 1 << 30;
/// The longest JSON that is read from one.
const PLAIN_LIMIT: u64 = 4 << 30;

/// The object for `manifest`.
pub(super) fn seal(pin: Pin, keys: &Keyring, manifest: &Manifest) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(manifest)
        .map_err(|e| Error::internal("the manifest can't be written as JSON").with_cause(e))?;
    let packed = zstd::bulk::compress(&json, LEVEL)
        .map_err(|e| Error::internal("the manifest can't be compressed").with_cause(e))?;
    let writer = unhex(&manifest.writer).ok_or_else(|| Error::internal("the manifest's writer id is no id"))?;
    let header = [&[FORMAT][..], &writer].concat();
    let sealed = symmetric::seal(&keys.manifests, &context("manifest", pin, &manifest.id, &header), &packed)?;
    let body = [header, sealed].concat();
    let signature = keys.sign(&context("manifest signature", pin, &manifest.id, &body));
    Ok([&body[..], &signature].concat())
}

/// Reads the object of backup `id`: the signature first, so that nothing unsigned reaches a parser.
pub(super) fn open(pin: Pin, keys: &Keyring, writers: &Writers, id: &BackupId, object: &[u8]) -> Result<Manifest> {
    let broken = |why: &str| Error::corrupt(format!("the manifest of backup {id} {why}"));
    let (body, signature) = object.split_last_chunk::<SIGNATURE>().ok_or_else(|| broken("is too short"))?;
    let (header, sealed) = body.split_at_checked(HEADER).ok_or_else(|| broken("is too short"))?;
    let (format, writer) = header.split_first().ok_or_else(|| broken("is too short"))?;
    if *format != FORMAT {
        return Err(broken(&format!("has format {format}, which is unknown")).with_hint("use a newer Cofferdam"));
    }
    let writer = hex(writer);
    let signed = context("manifest signature", pin, id, body);
    writers.verify(&writer, &signed, signature, id.as_str(), blake3::hash(object).as_bytes())?;

    let packed = symmetric::open(&keys.manifests, &context("manifest", pin, id, header), sealed)
        .ok_or_else(|| broken("doesn't open"))?;
    let mut json = Vec::new();
    zstd::Decoder::new(packed.as_slice())
        .and_then(|d| d.take(PLAIN_LIMIT).read_to_end(&mut json))
        .map_err(|e| broken("doesn't decompress").with_cause(e))?;
    let manifest: Manifest = serde_json::from_slice(&json).map_err(|e| broken("isn't understood").with_cause(e))?;
    if manifest.version != VERSION {
        let text = format!("backup {id} has version {}, this program reads {VERSION}", manifest.version);
        return Err(Error::unsupported(text).with_hint("use a newer Cofferdam"));
    }
    if manifest.id != *id || manifest.writer != writer {
        return Err(broken("is another backup's"));
    }
    manifest.check_ranges()?;
    Ok(manifest)
}

fn context(purpose: &str, pin: Pin, id: &BackupId, bytes: &[u8]) -> Vec<u8> {
    message(purpose, &[pin.as_bytes(), id.as_str().as_bytes(), bytes])
}
