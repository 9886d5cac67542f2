//! What a PostgreSQL server sends. The first byte says in which pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((size, bytes)) = bytes.split_first() else { return };
    cofferdam::services::postgres::client::fuzzing::receive(bytes.chunks(usize::from(*size).max(1)));
});
