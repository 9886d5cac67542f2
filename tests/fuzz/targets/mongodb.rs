//! Documents in a stream, in pieces of a size that the first byte says, and an instance's URL.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    cofferdam::services::mongodb::fuzzing::split(bytes, usize::from(*size).max(1));
    if let Ok(text) = std::str::from_utf8(bytes) {
        cofferdam::services::mongodb::fuzzing::url(text);
    }
});
