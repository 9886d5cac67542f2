//! Rows and definitions as the host tells them apart: the same whatever pieces they come in.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    cofferdam::operation::fuzzing::measure(bytes, usize::from(*size).max(1));
});
