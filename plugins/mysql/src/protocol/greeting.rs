//! The first packet of a connection and our answer to it.

use cofferdam_sdk::{Error, Result};

use super::cursor::Cursor;

/// Capability flags ("Capabilities Flags").
mod flag {
    pub const LONG_PASSWORD: u32 = 1;
    pub const LONG_FLAG: u32 = 1 << 2;
    pub const CONNECT_WITH_DB: u32 = 1 << 3;
    pub const PROTOCOL_41: u32 = 1 << 9;
    pub const SSL: u32 = 1 << 11;
    pub const TRANSACTIONS: u32 = 1 << 13;
    pub const SECURE_CONNECTION: u32 = 1 << 15;
    pub const PLUGIN_AUTH: u32 = 1 << 19;
    pub const CONNECT_ATTRS: u32 = 1 << 20;
    pub const PLUGIN_AUTH_LENENC: u32 = 1 << 21;
}

/// utf8mb4_general_ci, which every server since 5.5 knows.
const UTF8MB4: u8 = 45;
/// The longest packet that we take; rows may be as long.
const MAX_PACKET: u32 = 1 << 30;

/// What a server says first.
#[derive(Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Its version, as text.
    pub version: String,
    /// What the answer to its challenge is made from, 20 bytes.
    pub challenge: Vec<u8>,
    /// The method that it would like.
    pub method: String,
    capabilities: u32,
}

impl Greeting {
    /// Reads `HandshakeV10`.
    ///
    /// # Errors
    /// "unsupported" for another protocol; "corrupt" if it can't be read.
    pub fn parse(payload: &[u8]) -> Result<Self> {
        let mut cursor = Cursor::new(payload);
        if cursor.int(1)? != 10 {
            return Err(Error::unsupported("the server doesn't greet as MySQL and MariaDB do")
                .with_hint("check the host and the port"));
        }
        let version = String::from_utf8_lossy(cursor.nul_terminated()?).into_owned();
        cursor.bytes(4)?;
        let mut challenge = cursor.bytes(8)?.to_vec();
        cursor.bytes(1)?;
        let low = cursor.int(2)?;
        cursor.bytes(3)?;
        let capabilities = u32::try_from(low | cursor.int(2)? << 16).unwrap_or_default();
        let length = usize::try_from(cursor.int(1)?).unwrap_or_default();
        cursor.bytes(10)?;
        // The rest of the challenge, with a NUL behind it.
        challenge.extend_from_slice(cursor.bytes(length.saturating_sub(8).max(13))?);
        challenge.truncate(20);
        let method = cursor.nul_terminated().unwrap_or_else(|_| cursor.rest());
        let method = String::from_utf8_lossy(method).into_owned();
        let greeting = Self { version, challenge, method, capabilities };
        if greeting.capabilities & (flag::PROTOCOL_41 | flag::PLUGIN_AUTH) != flag::PROTOCOL_41 | flag::PLUGIN_AUTH {
            return Err(Error::unsupported(format!("the server {} is too old", greeting.version)));
        }
        Ok(greeting)
    }

    /// Whether it offers TLS.
    pub fn offers_tls(&self) -> bool {
        self.capabilities & flag::SSL != 0
    }

    /// `SSLRequest`.
    pub fn tls_request(&self) -> Vec<u8> {
        self.front(flag::SSL)
    }

    /// `HandshakeResponse41`: who we are, and the answer to the challenge.
    pub fn response(
        &self,
        tls: bool,
        user: &str,
        answer: &[u8],
        method: &str,
        database: &str,
        program: &str,
    ) -> Vec<u8> {
        let mut payload = self.front(if tls { flag::SSL } else { 0 });
        payload.extend_from_slice(user.as_bytes());
        payload.push(0);
        text(&mut payload, answer);
        payload.extend_from_slice(database.as_bytes());
        payload.push(0);
        payload.extend_from_slice(method.as_bytes());
        payload.push(0);
        let mut attributes = Vec::new();
        text(&mut attributes, b"program_name");
        text(&mut attributes, program.as_bytes());
        text(&mut payload, &attributes);
        payload
    }

    fn front(&self, more: u32) -> Vec<u8> {
        let wanted = flag::LONG_PASSWORD
            | flag::LONG_FLAG
            | flag::CONNECT_WITH_DB
            | flag::PROTOCOL_41
            | flag::TRANSACTIONS
            | flag::SECURE_CONNECTION
            | flag::PLUGIN_AUTH
            | flag::CONNECT_ATTRS
            | flag::PLUGIN_AUTH_LENENC;
        let mut front = (wanted | more).to_le_bytes().to_vec();
        front.extend_from_slice(&MAX_PACKET.to_le_bytes());
        front.push(UTF8MB4);
        front.extend_from_slice(&[0; 23]);
        front
    }
}

/// `string<lenenc>` of at most 250 bytes, which all of ours are.
fn text(payload: &mut Vec<u8>, text: &[u8]) {
    let text = text.get(..250).unwrap_or(text);
    payload.push(u8::try_from(text.len()).unwrap_or_default());
    payload.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    /// As in the manual's example of a 5.5 server, with the challenge made readable.
    fn greeting() -> Vec<u8> {
        let mut payload = b"\x0a10.11.6-MariaDB\0\x01\0\0\0abcdefgh\0".to_vec();
        payload.extend_from_slice(b"\xfe\xff\x2d\x02\0\xff\x81\x15");
        payload.extend_from_slice(&[0; 10]);
        payload.extend_from_slice(b"ijklmnopqrst\0mysql_native_password\0");
        payload
    }

    #[test]
    fn a_greeting_gives_the_challenge_in_one_piece() {
        let greeting = Greeting::parse(&greeting()).unwrap();
        assert_eq!(greeting.version, "10.11.6-MariaDB");
        assert_eq!(greeting.challenge, b"abcdefghijklmnopqrst");
        assert_eq!(greeting.method, "mysql_native_password");
        assert!(greeting.offers_tls());
    }

    #[test]
    fn a_greeting_that_is_cut_short_is_refused() {
        let whole = greeting();
        for end in 0..whole.len() - 22 {
            assert!(Greeting::parse(&whole[..end]).is_err(), "{end}");
        }
        assert_eq!(Greeting::parse(b"\x09x").unwrap_err().code, "unsupported");
    }

    #[test]
    fn a_response_says_who_and_what() {
        let greeting = Greeting::parse(&greeting()).unwrap();
        assert_eq!(greeting.tls_request().len(), 32);
        let response = greeting.response(false, "joe", b"12345678901234567890", "mysql_native_password", "shop", "x");
        assert_eq!(&response[32..57], b"joe\0\x1412345678901234567890");
        assert!(response.windows(27).any(|w| w == b"shop\0mysql_native_password\0"));
    }
}
