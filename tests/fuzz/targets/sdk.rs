//! What plugins are lent by the SDK: lines, patterns, and bytes that are no UTF-8 as text.
#![no_main]

use cofferdam_sdk::{fuzzing, lossless, pattern};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let size = usize::from(*size);
    fuzzing::lines(bytes, size.max(1));
    assert_eq!(*lossless::bytes(&lossless::text(bytes.to_vec())), *bytes);
    let (of, name) = bytes.split_at(bytes.len().min(size));
    if let (Ok(of), Ok(name)) = (std::str::from_utf8(of), std::str::from_utf8(name)) {
        let _ = pattern::matches(of, name);
    }
});
