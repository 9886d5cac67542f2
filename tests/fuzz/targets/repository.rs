//! What a repository's readers take from its store, which may be somebody else's.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| cofferdam::repository::fuzzing::read(bytes));
