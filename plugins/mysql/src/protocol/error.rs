//! What a server says when something failed, as the contract's errors.

use cofferdam_sdk::Error;

use super::cursor::Cursor;

/// Errors whose message holds a value out of a row, which doesn't belong into a log.
const TELLING: [u64; 8] = [1062, 1264, 1265, 1292, 1366, 1406, 1411, 1586];

/// Reads `ERR_Packet`, without its first byte 0xff.
pub fn parse(payload: &[u8]) -> Error {
    let mut cursor = Cursor::new(payload);
    let Ok(number) = cursor.int(2) else { return Error::corrupt("the server sent an error that can't be read") };
    // "#" and the SQLSTATE, which isn't there before we are let in.
    if cursor.rest().first() == Some(&b'#') {
        let _ = cursor.bytes(6);
    }
    let said = String::from_utf8_lossy(cursor.rest());
    let message = if TELLING.contains(&number) {
        format!("the server refuses a value with error {number}")
    } else {
        format!("the server says: {said}")
    };
    let mut error = Error::from_code(code(number), message);
    error.engine_code = Some(number.to_string());
    error.retryable = matches!(number, 1040 | 1205 | 1213);
    match number {
        1045 => error.with_hint("check the user in the URL, and the password reference beside it"),
        1227 => {
            error.with_hint("`cofferdam instance check` says which privileges the user needs, and how to grant them")
        }
        1412 => error.with_hint("somebody altered the table after the backup had begun; make the backup again"),
        _ => error,
    }
}

/// Numbers as in the manual's "Server Error Message Reference".
fn code(number: u64) -> &'static str {
    match number {
        1045 | 1698 | 1251 => "authentication-failed",
        1044 | 1130 | 1142 | 1143 | 1227 | 1370 | 1410 => "permission-denied",
        1049 | 1146 => "not-found",
        1007 | 1050 => "already-exists",
        1040 | 1205 | 1213 | 1412 => "conflict",
        1053 | 1077 | 1079 => "unreachable",
        1317 => "cancelled",
        1062 | 1264 | 1265 | 1292 | 1366 | 1406 | 1411 | 1586 => "corrupt",
        _ => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_login_says_what_to_check() {
        let error = parse(b"\x15\x04#28000Access denied for user 'joe'@'localhost' (using password: YES)");
        assert_eq!((error.code.as_str(), error.engine_code.as_deref()), ("authentication-failed", Some("1045")));
        assert!(error.message.contains("joe") && error.hint.is_some());
    }

    #[test]
    fn a_value_out_of_a_row_is_not_repeated() {
        let error = parse(b"\x26\x04#23000Duplicate entry 'joe@example.org' for key 'PRIMARY'");
        assert!(!error.message.contains("joe"), "{}", error.message);
        assert_eq!(error.engine_code.as_deref(), Some("1062"));
    }

    #[test]
    fn an_error_before_the_login_has_no_state() {
        assert_eq!(parse(b"\x10\x04Too many connections").code, "conflict");
        assert_eq!(parse(b"\x10").code, "corrupt");
    }
}
