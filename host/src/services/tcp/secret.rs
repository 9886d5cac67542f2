//! What is made of a secret for the wire: answers to challenges, and messages that hold it. Pure.

use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, Result};

/// What both methods take as a challenge, in bytes.
const CHALLENGE: usize = 20;

/// Answers `challenge` with `secret`.
///
/// - `mysql-native-password`: SHA1(secret) XOR SHA1(challenge, SHA1(SHA1(secret))) (MySQL internals, "Secure Password
///   Authentication"; MariaDB knowledge base, "mysql_native_password").
/// - `caching-sha2-password`: SHA256(secret) XOR SHA256(SHA256(SHA256(secret)), challenge) (MySQL internals, "Caching SHA-2
///   pluggable authentication").
///
/// # Errors
/// `unsupported` for another method, `invalid-options` for a challenge of another length.
pub(super) fn respond(secret: &str, method: &str, challenge: &[u8]) -> Result<Vec<u8>> {
    let answer = match method {
        "mysql-native-password" => native,
        "caching-sha2-password" => caching_sha2,
        _ => {
            return Err(Error::unsupported("the host knows no such method to answer a challenge")
                .with_hint("it knows mysql-native-password and caching-sha2-password"));
        }
    };
    if challenge.len() != CHALLENGE {
        return Err(Error::invalid_options(format!(
            "the challenge has {} bytes, and the method takes {CHALLENGE}",
            challenge.len()
        )));
    }
    Ok(answer(secret.as_bytes(), challenge))
}

fn native(secret: &[u8], challenge: &[u8]) -> Vec<u8> {
    let mut once = Sha1::digest(secret);
    let mut twice = Sha1::digest(once);
    let key = Sha1::new().chain_update(challenge).chain_update(twice).finalize();
    let answer = once.iter().zip(key).map(|(a, b)| a ^ b).collect();
    once.as_mut_slice().zeroize();
    twice.as_mut_slice().zeroize();
    answer
}

fn caching_sha2(secret: &[u8], challenge: &[u8]) -> Vec<u8> {
    let mut once = Sha256::digest(secret);
    let mut twice = Sha256::digest(once);
    let key = Sha256::new().chain_update(Sha256::digest(twice)).chain_update(challenge).finalize();
    let answer = once.iter().zip(key).map(|(a, b)| a ^ b).collect();
    once.as_mut_slice().zeroize();
    twice.as_mut_slice().zeroize();
    answer
}

/// A message with the secret in it.
///
/// # Errors
/// `unsupported` for another framing, `invalid-options` if it doesn't fit.
pub(super) fn message(before: &[u8], secret: &str, framing: &str, after: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let secret = secret.as_bytes();
    // Room for the length in front, so that nothing is moved and left behind in memory that isn't wiped.
    let mut message = Zeroizing::new(Vec::with_capacity(before.len() + secret.len() + after.len() + 32));
    match framing {
        "none" => {
            message.extend_from_slice(before);
            message.extend_from_slice(secret);
        }
        // RESP specification, "Bulk strings".
        "resp-bulk" => {
            message.extend_from_slice(before);
            message.extend_from_slice(format!("${}\r\n", secret.len()).as_bytes());
            message.extend_from_slice(secret);
            message.extend_from_slice(b"\r\n");
        }
        // MySQL internals, "Protocol packet": int<3> payload_length, int<1> sequence_id (which `before` holds).
        "mysql-packet" => {
            let length = u32::try_from(secret.len() + after.len()).ok().filter(|length| *length < 0xff_ffff);
            let length = length.ok_or_else(|| Error::invalid_options("the secret doesn't fit into a packet"))?;
            message.extend_from_slice(length.to_le_bytes().get(..3).unwrap_or_default());
            message.extend_from_slice(before);
            message.extend_from_slice(secret);
        }
        _ => {
            return Err(Error::unsupported("the host knows no such framing of a secret")
                .with_hint("it knows none, resp-bulk and mysql-packet"));
        }
    }
    message.extend_from_slice(after);
    Ok(message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const CHALLENGED: &[u8] = b"abcdefghijklmnopqrst";

    /// What a server does: it holds SHA1(SHA1(secret)), and gets SHA1(secret) back out of the answer.
    #[test]
    fn a_server_that_knows_only_the_double_hash_accepts_the_native_answer() {
        let stored = Sha1::digest(Sha1::digest(b"hunter2"));
        let answer = respond("hunter2", "mysql-native-password", CHALLENGED).unwrap();
        let key = Sha1::new().chain_update(CHALLENGED).chain_update(stored).finalize();
        let once: Vec<u8> = answer.iter().zip(key).map(|(a, b)| a ^ b).collect();
        assert_eq!(Sha1::digest(once), stored);
        assert_eq!(answer.len(), 20);
    }

    #[test]
    fn a_server_that_cached_the_double_hash_accepts_the_sha2_answer() {
        let cached = Sha256::digest(Sha256::digest(b"hunter2"));
        let answer = respond("hunter2", "caching-sha2-password", CHALLENGED).unwrap();
        let key = Sha256::new().chain_update(Sha256::digest(cached)).chain_update(CHALLENGED).finalize();
        let once: Vec<u8> = answer.iter().zip(key).map(|(a, b)| a ^ b).collect();
        assert_eq!(Sha256::digest(once), cached);
        assert_eq!(answer.len(), 32);
    }

    #[test]
    fn what_is_no_method_or_no_challenge_is_refused() {
        assert_eq!(respond("x", "plain", CHALLENGED).unwrap_err().code(), "unsupported");
        assert_eq!(respond("x", "mysql-native-password", b"short").unwrap_err().code(), "invalid-options");
        assert!(message(b"", "x", "u8", b"").is_err());
    }

    #[test]
    fn a_message_tells_the_secrets_length_as_its_protocol_does() {
        assert_eq!(
            *message(b"*2\r\n$4\r\nAUTH\r\n", "pass", "resp-bulk", b"").unwrap(),
            b"*2\r\n$4\r\nAUTH\r\n$4\r\npass\r\n"
        );
        assert_eq!(*message(b"\x03", "pass", "mysql-packet", b"\0").unwrap(), b"\x05\0\0\x03pass\0");
        assert_eq!(*message(b"<", "pass", "none", b">").unwrap(), b"<pass>");
    }
}
