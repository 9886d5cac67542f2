//! Packets: three bytes of length, one that counts, and the payload. A payload of 16 MiB and more is spread over several.

/// The longest payload of one packet; one that is as long goes on in the next ("Sending more than 16Mb").
pub const LONGEST: usize = 0xff_ffff;

/// One packet of a payload.
#[derive(Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The command's byte, before the body of the first packet.
    command: Option<u8>,
    /// Its part of the payload.
    pub body: &'a [u8],
}

impl Packet<'_> {
    /// What stands before its body, the command's byte with it.
    pub fn header(&self, sequence: u8) -> Vec<u8> {
        let length = self.body.len() + usize::from(self.command.is_some());
        let length = u32::try_from(length).unwrap_or_default().to_le_bytes();
        let mut header = length.get(..3).unwrap_or_default().to_vec();
        header.push(sequence);
        header.extend(self.command);
        header
    }

    fn is_last(&self) -> bool {
        self.body.len() + usize::from(self.command.is_some()) < LONGEST
    }
}

/// The packets of a command's byte, if it is one, and a payload.
pub fn packets(command: Option<u8>, payload: &[u8]) -> impl Iterator<Item = Packet<'_>> {
    let (mut command, mut rest) = (command, Some(payload));
    std::iter::from_fn(move || {
        let left = rest?;
        let command = command.take();
        let (body, after) = left.split_at(left.len().min(LONGEST - usize::from(command.is_some())));
        let packet = Packet { command, body };
        rest = (!packet.is_last()).then_some(after);
        Some(packet)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(command: Option<u8>, payload: &[u8]) -> Vec<(Vec<u8>, usize)> {
        packets(command, payload).map(|packet| (packet.header(7), packet.body.len())).collect()
    }

    #[test]
    fn a_short_payload_is_one_packet() {
        assert_eq!(lengths(Some(3), b"SELECT 1"), [(b"\x09\x00\x00\x07\x03".to_vec(), 8)]);
        assert_eq!(lengths(None, b""), [(b"\x00\x00\x00\x07".to_vec(), 0)]);
    }

    #[test]
    fn a_payload_of_the_longest_length_is_followed_by_an_empty_packet() {
        let full = (b"\xff\xff\xff\x07".to_vec(), LONGEST);
        let empty = (b"\x00\x00\x00\x07".to_vec(), 0);
        assert_eq!(lengths(None, &vec![7; LONGEST]), [full.clone(), empty.clone()]);
        let commanded = (b"\xff\xff\xff\x07\x03".to_vec(), LONGEST - 1);
        assert_eq!(lengths(Some(3), &vec![7; LONGEST - 1]), [commanded.clone(), empty]);
        assert_eq!(lengths(Some(3), &vec![7; LONGEST]), [commanded, (b"\x01\x00\x00\x07".to_vec(), 1)]);
    }
}
