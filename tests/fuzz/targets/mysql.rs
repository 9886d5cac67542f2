//! What a MySQL server sends: a greeting, an error, a column's definition, a row. A plugin's crate can't be linked
//! natively, so its protocol is taken in as it is.
#![no_main]
#![allow(dead_code)]

use cofferdam_sdk::Result;
use libfuzzer_sys::fuzz_target;

#[path = "../../../plugins/mysql/src/protocol/mod.rs"]
mod protocol;

use protocol::cursor::Cursor;

/// All values of a row, as a result set has them.
fn row(bytes: &[u8]) -> Result<usize> {
    let mut cursor = Cursor::new(bytes);
    let mut length = 0;
    while !cursor.rest().is_empty() {
        length += cursor.value()?.map_or(0, <[u8]>::len);
    }
    Ok(length)
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(greeting) = protocol::greeting::Greeting::parse(bytes) {
        let _ = (greeting.offers_tls(), greeting.tls_request());
    }
    let _ = protocol::error::parse(bytes);
    if let Ok(length) = row(bytes) {
        assert!(length <= bytes.len());
    }
    let Some((size, value)) = bytes.split_first() else { return };
    let (definition, value) = value.split_at(value.len().min(usize::from(*size)));
    if let Ok(column) = protocol::column::Written::of_column(definition) {
        column.write(Some(value), &mut Vec::new());
    }
    let sent: usize =
        protocol::packet::packets(Some(*size), bytes).map(|packet| packet.header(0).len() + packet.body.len()).sum();
    assert!(sent > bytes.len());
});
