//! Packets: three bytes of length, one that counts, and the payload. A payload of 16 MiB and more is spread over several.

/// The longest payload of one packet; one that is as long goes on in the next ("Sending more than 16Mb").
pub const LONGEST: usize = 0xff_ffff;

/// A payload as packets. The first bears `sequence`, and what comes back is the number of the one after the last.
pub fn framed(payload: &[u8], mut sequence: u8) -> (Vec<u8>, u8) {
    let mut framed = Vec::with_capacity(payload.len() + 4 * (payload.len() / LONGEST + 1));
    let mut rest = payload;
    loop {
        let (piece, after) = rest.split_at(rest.len().min(LONGEST));
        let length = u32::try_from(piece.len()).unwrap_or_default().to_le_bytes();
        framed.extend_from_slice(length.get(..3).unwrap_or_default());
        framed.push(sequence);
        framed.extend_from_slice(piece);
        sequence = sequence.wrapping_add(1);
        if piece.len() < LONGEST {
            return (framed, sequence);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn a_short_payload_is_one_packet() {
        assert_eq!(framed(b"\x03SELECT 1", 0), (b"\x09\x00\x00\x00\x03SELECT 1".to_vec(), 1));
    }

    #[test]
    fn a_payload_of_the_longest_length_is_followed_by_an_empty_packet() {
        let (framed, next) = framed(&vec![7; LONGEST], 255);
        assert_eq!(framed.len(), LONGEST + 8);
        assert_eq!(framed[..4], [0xff, 0xff, 0xff, 255]);
        assert_eq!(framed[LONGEST + 4..], [0, 0, 0, 0]);
        assert_eq!(next, 1);
    }
}
