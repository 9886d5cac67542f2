//! Reads the fields of a packet.

use cofferdam_sdk::{Error, Result};

/// What is still unread of a packet.
pub struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// At the beginning of a packet's payload.
    pub fn new(payload: &'a [u8]) -> Self {
        Self(payload)
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// "corrupt" if there are fewer.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }

    /// `int<1>` to `int<8>`: a little-endian integer of so many bytes.
    ///
    /// # Errors
    /// "corrupt" if there are fewer bytes.
    pub fn int(&mut self, bytes: usize) -> Result<u64> {
        Ok(self.bytes(bytes)?.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// `string<NUL>`.
    ///
    /// # Errors
    /// "corrupt" if there is no NUL.
    pub fn nul_terminated(&mut self) -> Result<&'a [u8]> {
        let length = self.0.iter().position(|byte| *byte == 0).ok_or_else(short)?;
        let text = self.bytes(length)?;
        self.bytes(1)?;
        Ok(text)
    }

    /// `string<lenenc>`, or none for NULL (0xfb, which stands for it in a row).
    ///
    /// # Errors
    /// "corrupt" if it is cut short.
    pub fn value(&mut self) -> Result<Option<&'a [u8]>> {
        if self.0.first() == Some(&0xfb) {
            self.bytes(1)?;
            return Ok(None);
        }
        let length = usize::try_from(self.length()?).map_err(|_| short())?;
        self.bytes(length).map(Some)
    }

    /// `int<lenenc>`.
    ///
    /// # Errors
    /// "corrupt" if it is cut short, or is none.
    pub fn length(&mut self) -> Result<u64> {
        match self.int(1)? {
            0xfc => self.int(2),
            0xfd => self.int(3),
            0xfe => self.int(8),
            0xfb | 0xff => Err(short()),
            small => Ok(small),
        }
    }
}

fn short() -> Error {
    Error::corrupt("the server sent a packet that can't be read")
        .with_hint("check that it is a MySQL or MariaDB server")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn lengths_have_one_to_nine_bytes() {
        for (bytes, length) in [
            (&b"\xfa"[..], 250),
            (b"\xfc\xfb\x00", 251),
            (b"\xfd\x00\x00\x01", 65_536),
            (b"\xfe\x00\x00\x00\x01\x00\x00\x00\x00", 16_777_216),
        ] {
            assert_eq!(Cursor::new(bytes).length().unwrap(), length);
        }
    }

    #[test]
    fn what_is_cut_short_is_corrupt_wherever_it_is_cut() {
        let row = b"\x03abc\xfb\xfc\x01\x00x";
        for end in 0..row.len() {
            let mut cursor = Cursor::new(row.get(..end).unwrap());
            let values = (cursor.value(), cursor.value(), cursor.value());
            assert!(values.0.is_err() || values.1.is_err() || values.2.is_err(), "{end}");
        }
        let mut cursor = Cursor::new(row);
        assert_eq!(cursor.value().unwrap(), Some(&b"abc"[..]));
        assert_eq!(cursor.value().unwrap(), None);
        assert_eq!(cursor.value().unwrap(), Some(&b"x"[..]));
        assert!(cursor.rest().is_empty());
    }
}
