//! Resume tokens: how far a change stream is. Pure.
//!
//! The `_data` of a token is hexadecimal and in the order of its events (MongoDB manual, "Change Streams", "Resume Tokens"). It
//! begins with the cluster time: the byte that stands for a timestamp, and the timestamp with its highest byte first (the
//! server's `resume_token.h` and `key_string`, since MongoDB 3.7). Nothing promises that for versions to come. So each token of
//! an event is held against the time that the event itself says, and one that says otherwise fails the backup.

use crate::bson;

/// What stands for a timestamp.
const TIMESTAMP: &str = "82";

/// Digits of a timestamp.
const DIGITS: usize = 16;

/// The cluster time of a token. Everything before it has come; of what is of the same time something may be to come.
pub fn time(token: &[u8]) -> Option<u64> {
    let digits = bson::get(token, "_data")?.text()?.strip_prefix(TIMESTAMP)?.get(..DIGITS)?;
    // What `from_str_radix` takes besides digits.
    u64::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bson::Builder;

    fn of(data: &str) -> Option<u64> {
        time(&Builder::new().text("_data", data).finish())
    }

    #[test]
    fn a_token_says_its_time() {
        let event = "82612F617F000000022B022C0100296E5A100492EF51FC540B4ED5AC1D50BA2C9C519C46645F69640004";
        assert_eq!(of(event), Some(0x612F_617F << 32 | 2));
        assert_eq!(of("82612F617F000000012B0229296E04"), Some(0x612F_617F << 32 | 1));
    }

    #[test]
    fn what_is_no_token_says_none() {
        for data in
            ["", "82", "82612F617F0000000", "83612F617F000000012B", "82+12F617F0000000104", "82612F617Fx0000001"]
        {
            assert_eq!(of(data), None, "{data}");
        }
        assert_eq!(time(&Builder::new().int("_data", 1).finish()), None);
    }
}
