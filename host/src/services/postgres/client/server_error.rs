//! What the server says went wrong (PostgreSQL docs 55.8, error and notice fields; appendix A, SQLSTATEs).
//!
//! The fields DETAIL, CONTEXT and INTERNAL QUERY are never read: they hold row values, and errors end up in logs.

use std::io;

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorFields;

use crate::error::Error;

/// Longest text that is kept of a field, in characters.
const LONGEST: usize = 4000;

/// An ErrorResponse without what may hold row values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerError {
    severity: String,
    sqlstate: String,
    message: String,
    hint: Option<String>,
    objects: Vec<String>,
}

impl ServerError {
    pub(super) fn read(mut fields: ErrorFields<'_>) -> io::Result<Self> {
        let mut error = Self::default();
        let (mut schema, mut table) = (None, None);
        while let Some(field) = fields.next()? {
            let value = || String::from_utf8_lossy(field.value_bytes()).chars().take(LONGEST).collect::<String>();
            match field.type_() {
                b'V' => error.severity = value(),
                b'C' => error.sqlstate = value(),
                b'M' => error.message = value(),
                b'H' => error.hint = Some(value()),
                b's' => schema = Some(value()),
                b't' => table = Some(value()),
                b'c' => error.objects.push(format!("column \"{}\"", value())),
                b'd' => error.objects.push(format!("type \"{}\"", value())),
                b'n' => error.objects.push(format!("constraint \"{}\"", value())),
                _ => {}
            }
        }
        let place = match (schema, table) {
            (Some(schema), Some(table)) => Some(format!("table \"{schema}\".\"{table}\"")),
            (Some(schema), None) => Some(format!("schema \"{schema}\"")),
            (None, _) => None,
        };
        if let Some(place) = place {
            error.objects.insert(0, place);
        }
        if quotes_values(&error.sqlstate) {
            error.message = without_quoted(&error.message);
        }
        Ok(error)
    }

    /// Whether the server ends the session with it.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self.severity.as_str(), "FATAL" | "PANIC")
    }

    /// The primary message, without row values.
    pub(super) fn into_message(self) -> String {
        self.message
    }
}

/// Data exceptions quote the datum in the primary message: `invalid input syntax for type integer: "..."`. Not so
/// 22P04, which quotes a column, and 22021, which quotes an encoding.
fn quotes_values(sqlstate: &str) -> bool {
    sqlstate.starts_with("22") && !matches!(sqlstate, "22P04" | "22021")
}

/// Cuts from the first quotation mark to the last, in whatever language the server speaks: a value may hold quotation
/// marks itself.
fn without_quoted(message: &str) -> String {
    const MARKS: [char; 6] = ['"', '«', '»', '„', '“', '”'];
    match (message.split_once(MARKS), message.rsplit_once(MARKS)) {
        (Some((before, _)), Some((_, after))) => format!("{before}\"...\"{after}"),
        _ => message.to_owned(),
    }
}

impl From<ServerError> for Error {
    fn from(error: ServerError) -> Self {
        let message = match error.objects.as_slice() {
            [] => error.message,
            objects => format!("{} ({})", error.message, objects.join(", ")),
        };
        let ours = hint(&error.sqlstate);
        let made = Self::from_code(code(&error.sqlstate), message)
            .retryable(is_retryable(&error.sqlstate))
            .with_engine_code(error.sqlstate);
        match error.hint.or_else(|| ours.map(Into::into)) {
            Some(hint) => made.with_hint(hint),
            None => made,
        }
    }
}

fn code(sqlstate: &str) -> &'static str {
    match sqlstate {
        "3D000" | "3F000" | "42P01" | "42704" | "42703" | "42883" => "not-found",
        "42P04" | "42P06" | "42P07" | "42710" | "42723" => "already-exists",
        "42501" | "25006" => "permission-denied",
        "53100" => "storage",
        "55P03" | "55006" | "57014" => "conflict",
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => "unreachable",
        "XX001" | "XX002" => "corrupt",
        _ => match sqlstate.get(..2) {
            Some("08") => "unreachable",
            Some("0A") => "unsupported",
            Some("22" | "23") => "corrupt",
            Some("28") => "authentication-failed",
            Some("40" | "53") => "conflict",
            _ => "internal",
        },
    }
}

fn is_retryable(sqlstate: &str) -> bool {
    matches!(sqlstate, "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03")
        || matches!(sqlstate.get(..2), Some("08" | "53"))
}

fn hint(sqlstate: &str) -> Option<&'static str> {
    match sqlstate {
        "28P01" => Some("check the user and the password that its reference gives"),
        "28000" => Some("check the role and the server's pg_hba.conf"),
        "3D000" => Some("check the database's name"),
        "53100" => Some("make room on the server's disk"),
        "53300" => Some("use fewer jobs, or raise max_connections or the role's connection limit"),
        "57P03" => Some("the server is starting or stopping; try again later"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use bytes::BytesMut;
    use postgres_protocol::message::backend::Message;

    use super::*;

    fn read(fields: &[(u8, &str)]) -> ServerError {
        let mut body = Vec::new();
        for (tag, value) in fields {
            body.push(*tag);
            body.extend_from_slice(value.as_bytes());
            body.push(0);
        }
        body.push(0);
        let length = u32::try_from(body.len() + 4).unwrap();
        let mut message = BytesMut::from(&[&b"E"[..], &length.to_be_bytes(), &body].concat()[..]);
        match Message::parse(&mut message).unwrap().unwrap() {
            Message::ErrorResponse(body) => ServerError::read(body.fields()).unwrap(),
            _ => panic!("not an ErrorResponse"),
        }
    }

    fn error(fields: &[(u8, &str)]) -> Error {
        read(fields).into()
    }

    #[test]
    fn objects_are_named_and_row_values_are_not() {
        let error = error(&[
            (b'S', "FEHLER"),
            (b'V', "ERROR"),
            (b'C', "23505"),
            (b'M', "duplicate key value violates unique constraint \"people_pkey\""),
            (b'D', "Key (name)=(Erika Mustermann) already exists."),
            (b'W', "COPY people, line 3: \"Erika Mustermann\""),
            (b'q', "SELECT 'Erika Mustermann'"),
            (b's', "public"),
            (b't', "people"),
            (b'n', "people_pkey"),
        ]);
        assert!(!format!("{error:?}{error}").contains("Erika"));
        assert!(error.message().ends_with("(table \"public\".\"people\", constraint \"people_pkey\")"), "{error}");
        assert_eq!((error.code(), error.engine_code()), ("corrupt", Some("23505")));
    }

    #[test]
    fn a_data_exceptions_message_loses_the_datum() {
        for (message, kept) in [
            ("invalid input syntax for type integer: \"Erika\"", "invalid input syntax for type integer: \"...\""),
            ("invalid input syntax for type date: \"a \"b\" c\"", "invalid input syntax for type date: \"...\""),
            (
                "value \"99999999999\" is out of range for type integer",
                "value \"...\" is out of range for type integer",
            ),
            ("ungültige Eingabesyntax für Typ integer: »Erika«", "ungültige Eingabesyntax für Typ integer: \"...\""),
            ("syntaxe en entrée invalide : « Erika »", "syntaxe en entrée invalide : \"...\""),
            ("division by zero", "division by zero"),
        ] {
            assert_eq!(error(&[(b'C', "22P02"), (b'M', message)]).message(), kept);
        }
        let named = error(&[(b'C', "22P04"), (b'M', "missing data for column \"b\"")]);
        assert_eq!(named.message(), "missing data for column \"b\"");
    }

    #[test]
    fn a_sqlstate_decides_the_code() {
        for (sqlstate, code, retryable) in [
            ("28P01", "authentication-failed", false),
            ("28000", "authentication-failed", false),
            ("3D000", "not-found", false),
            ("42P01", "not-found", false),
            ("42P07", "already-exists", false),
            ("42501", "permission-denied", false),
            ("40P01", "conflict", true),
            ("55P03", "conflict", true),
            ("53100", "storage", true),
            ("53300", "conflict", true),
            ("57014", "conflict", false),
            ("57P01", "unreachable", true),
            ("08006", "unreachable", true),
            ("42601", "internal", false),
            ("", "internal", false),
            ("é", "internal", false),
        ] {
            let error = error(&[(b'C', sqlstate), (b'M', "x")]);
            assert_eq!((error.code(), error.is_retryable()), (code, retryable), "{sqlstate}");
        }
    }

    #[test]
    fn the_servers_hint_goes_before_ours() {
        assert_eq!(error(&[(b'C', "3D000"), (b'M', "x"), (b'H', "theirs")]).hint(), Some("theirs"));
        assert!(error(&[(b'C', "3D000"), (b'M', "x")]).hint().is_some());
    }
}
