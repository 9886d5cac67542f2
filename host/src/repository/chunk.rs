//! A chunk: its name, and how it is compressed and sealed.

use std::fmt;
use std::io::Cursor;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hpke::aead::AeadTag;
use hpke::kdf::HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{Error, Result};
use crate::repository::aead::Aes256Gcm;
use crate::repository::buffers::{Buffers, lend};
use crate::repository::config::Pin;
use crate::repository::derive::{Key, message};
use crate::repository::encoding::{hex, unhex_array};
use crate::repository::keyring::DataKem;

/// The first byte of a sealed chunk.
const VERSION: u8 = 1;
/// Length of the encapsulated key (RFC 9180, 7.1: Nenc of DHKEM(X25519)).
const ENCAPSULATED: usize = 32;
/// Version and encapsulated key.
const HEADER: usize = 1 + ENCAPSULATED;
/// Length of the AES-256-GCM tag (RFC 9180, 7.3: Nt).
const TAG: usize = 16;
/// What sealing adds at most: header, tag, and the byte that names the compression.
pub(super) const OVERHEAD: usize = HEADER + 1 + TAG;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const LEVEL: i32 = 1;

/// A chunk's name: the keyed BLAKE3 of its plain bytes, so that names tell an outsider nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId([u8; 32]);

impl ChunkId {
    /// The name of `plain` under the repository's naming key.
    pub(super) fn of(naming: &Key, plain: &[u8]) -> Self {
        Self(*blake3::keyed_hash(naming, plain).as_bytes())
    }

    /// The name's bytes.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hexadecimal digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        unhex_array(text).map(Self)
    }

    #[cfg(test)]
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChunkId({self})")
    }
}

impl Serialize for ChunkId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for ChunkId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("expected a chunk's name, 64 hexadecimal digits"))
    }
}

fn info(pin: Pin) -> Vec<u8> {
    message("chunk", &[pin.as_bytes()])
}

/// Compresses and seals chunks to the repository's public key. Keeps its compressor from one chunk to the next.
pub(super) struct Sealer {
    recipient: <DataKem as Kem>::PublicKey,
    info: Vec<u8>,
    compressor: zstd::bulk::Compressor<'static>,
}

impl Sealer {
    /// A sealer for repository `pin`, to its key `recipient`.
    pub fn new(pin: Pin, recipient: <DataKem as Kem>::PublicKey) -> Result<Self> {
        let compressor =
            zstd::bulk::Compressor::new(LEVEL).map_err(|e| Error::internal("zstd doesn't start").with_cause(e))?;
        Ok(Self { recipient, info: info(pin), compressor })
    }

    /// Puts the compressed form of `plain` into `out`, whose content is replaced, with room for a header.
    pub fn compress(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.reserve_exact(plain.len() + OVERHEAD);
        out.push(VERSION);
        out.resize(HEADER, 0);
        self.append(plain, out);
    }

    /// Seals what was compressed, which is chunk `id`, in its place.
    pub fn seal(&self, id: ChunkId, out: &mut Vec<u8>) -> Result<()> {
        let refused = || Error::internal(format!("chunk {id} can't be sealed"));
        let (header, body) = out.split_at_mut_checked(HEADER).ok_or_else(refused)?;
        let (key, tag) = hpke::single_shot_seal_in_place_detached::<Aes256Gcm, HkdfSha256, DataKem, _>(
            &OpModeS::Base,
            &self.recipient,
            &self.info,
            body,
            id.as_bytes(),
            &mut rand::rng(),
        )
        .map_err(|e| refused().with_cause(e.to_string()))?;
        key.write_exact(header.get_mut(1..).ok_or_else(refused)?);
        out.extend_from_slice(&tag.to_bytes());
        Ok(())
    }

    /// Appends the compression and the compressed data; or the data as it is, if it doesn't get shorter.
    fn append(&mut self, plain: &[u8], out: &mut Vec<u8>) {
        out.push(ZSTD);
        let start = out.len();
        let mut room = Cursor::new(&mut *out);
        room.set_position(start as u64);
        // The compressor writes into the buffer's spare capacity, which is as long as the data: more doesn't fit.
        let compressed = self.compressor.compress_to_buffer(plain, &mut room);
        if !compressed.is_ok_and(|length| length < plain.len()) {
            out.truncate(start - 1);
            out.push(PLAIN);
            out.extend_from_slice(plain);
        }
    }
}

/// Opens chunks of repository `pin` with its private key.
pub(super) struct Opener {
    key: <DataKem as Kem>::PrivateKey,
    info: Vec<u8>,
    naming: Key,
    buffers: Arc<Buffers>,
}

impl Opener {
    /// An opener with the private key `key`, which checks names with `naming`. Chunks have `longest` bytes at most.
    pub fn new(pin: Pin, key: <DataKem as Kem>::PrivateKey, naming: Key, longest: u32) -> Self {
        Self { key, info: info(pin), naming, buffers: Arc::new(Buffers::new(longest as usize)) }
    }

    /// The plain bytes of chunk `id`, which must be `length` bytes. Everything about them is verified.
    ///
    /// The error, "corrupt", says what is wrong; the caller says with what.
    pub fn open(&self, id: ChunkId, length: u32, sealed: Bytes) -> Result<Bytes> {
        let short = || Error::corrupt("the object is too short for a sealed chunk");
        let mut sealed = BytesMut::from(sealed);
        if sealed.len() < OVERHEAD {
            return Err(short());
        }
        let (header, rest) = sealed.split_at_mut_checked(HEADER).ok_or_else(short)?;
        let (version, encapsulated) = header.split_first().ok_or_else(short)?;
        if *version != VERSION {
            return Err(Error::corrupt(format!("the object's format is {version}, not {VERSION}"))
                .with_hint("a newer Cofferdam may read it"));
        }
        let middle = rest.len().saturating_sub(TAG);
        let (body, tag) = rest.split_at_mut_checked(middle).ok_or_else(short)?;
        let damaged = |e: hpke::HpkeError| {
            Error::corrupt("the object was changed, or was sealed for somebody else").with_cause(e.to_string())
        };
        let encapsulated = <DataKem as Kem>::EncappedKey::from_bytes(encapsulated).map_err(damaged)?;
        let tag = AeadTag::<Aes256Gcm>::from_bytes(tag).map_err(damaged)?;
        hpke::single_shot_open_in_place_detached::<Aes256Gcm, HkdfSha256, DataKem>(
            &OpModeR::Base,
            &self.key,
            &encapsulated,
            &self.info,
            body,
            id.as_bytes(),
            &tag,
        )
        .map_err(damaged)?;
        let plain = self.decompress(body, length as usize)?;
        if plain.len() != length as usize || ChunkId::of(&self.naming, &plain) != id {
            return Err(Error::corrupt("the object holds another chunk's data"));
        }
        Ok(plain)
    }

    fn decompress(&self, body: &[u8], length: usize) -> Result<Bytes> {
        let mut plain = self.buffers.take();
        plain.reserve_exact(length);
        match body.split_first() {
            Some((&PLAIN, data)) if data.len() <= length => plain.extend_from_slice(data),
            Some((&PLAIN, _)) => return Err(Error::corrupt("the object holds more than its chunk")),
            Some((&ZSTD, frame)) => {
                zstd::bulk::Decompressor::new()
                    .and_then(|mut opened| opened.decompress_to_buffer(frame, &mut plain))
                    .map_err(|e| Error::corrupt("the object doesn't decompress").with_cause(e))?;
            }
            Some((codec, _)) => {
                return Err(Error::corrupt(format!("the object's compression is {codec}, which is unknown"))
                    .with_hint("a newer Cofferdam may read it"));
            }
            None => return Err(Error::corrupt("the object is empty")),
        }
        Ok(lend(plain, &self.buffers))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::repository::keyring::{Keyring, Root};

    fn pair() -> (Sealer, Opener, Key) {
        let root = Root::generate().unwrap();
        let public = <DataKem as Kem>::PublicKey::from_bytes(&root.data_keys().1).unwrap();
        let keys = Keyring::owner(root);
        let pin = Pin::from_bytes([3; 16]);
        let opener = Opener::new(pin, keys.data_key().unwrap(), keys.naming.clone(), 4 << 20);
        (Sealer::new(pin, public).unwrap(), opener, keys.naming.clone())
    }

    fn seal(sealer: &mut Sealer, id: ChunkId, plain: &[u8]) -> Vec<u8> {
        let mut out = b"what was there before".to_vec();
        sealer.compress(plain, &mut out);
        sealer.seal(id, &mut out).unwrap();
        out
    }

    #[test]
    fn chunks_of_every_kind_read_back() {
        let (mut sealer, opener, naming) = pair();
        let noise: Vec<u8> = (0..5000u32).flat_map(|i| *blake3::hash(&i.to_le_bytes()).as_bytes()).collect();
        for plain in [&b""[..], b"x", &[7; 100_000], &noise] {
            let id = ChunkId::of(&naming, plain);
            let sealed = seal(&mut sealer, id, plain);
            assert!(sealed.len() <= plain.len() + OVERHEAD);
            let opened = opener.open(id, plain.len() as u32, Bytes::from(sealed)).unwrap();
            assert_eq!(opened, plain);
        }
    }

    #[test]
    fn a_flipped_bit_is_found() {
        let (mut sealer, opener, naming) = pair();
        let id = ChunkId::of(&naming, b"data");
        let sealed = seal(&mut sealer, id, b"data");
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(opener.open(id, 4, Bytes::from(bad)).unwrap_err().code(), "corrupt", "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(opener.open(id, 4, Bytes::copy_from_slice(&sealed[..length])).is_err());
        }
    }

    #[test]
    fn a_chunk_in_anothers_place_is_found() {
        let (mut sealer, opener, naming) = pair();
        let (a, b) = (ChunkId::of(&naming, b"aaaa"), ChunkId::of(&naming, b"bbbb"));
        let sealed = seal(&mut sealer, a, b"aaaa");
        assert!(opener.open(b, 4, Bytes::from(sealed.clone())).is_err());
        assert!(opener.open(a, 5, Bytes::from(sealed)).is_err());
        // Whoever can seal still can't choose a name for other data.
        let lie = seal(&mut sealer, a, b"bbbb");
        assert!(opener.open(a, 4, Bytes::from(lie)).is_err());
    }

    #[test]
    fn another_key_doesnt_open() {
        let (mut sealer, _, naming) = pair();
        let (_, other, _) = pair();
        let id = ChunkId::of(&naming, b"data");
        assert!(other.open(id, 4, Bytes::from(seal(&mut sealer, id, b"data"))).is_err());
    }
}
