//! The script that loads all others.

use super::text::{Fence, comment, reached};
use crate::quote::{ident, literal};
use crate::restore::{Facts, Target};
use cofferdam_sdk::engine::Source;

/// Its name.
pub const NAME: &str = "restore.sql";

/// What loading needs of a session, whatever the server's, the role's or the reader's own settings are. The values are
/// those that the texts were made with.
const SETTINGS: &str = "
SET standard_conforming_strings = on;
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET timezone = 'UTC';
SET lc_monetary = 'C';
SET array_nulls = on;
SET row_security = off;
SET search_path = '';
SET check_function_bodies = off;
SET xmloption = content;
SET client_min_messages = warning;
SET default_table_access_method = heap;
SET default_tablespace = '';
SET default_transaction_read_only = off;
";

/// What must be true before anything is made. `wanted_roles` and `wanted_extensions` are arrays of names.
const CHECKS: &str = include_str!("checks.sql");

/// The script. `files` are the paths of the others, in their order and numbered from 1; they are made of characters that
/// mean nothing to psql.
pub fn script(source: &Source, facts: &Facts, files: &[String], fence: &Fence) -> String {
    let mut text = comment(&format!("Database {} of PostgreSQL {}.", ident(&facts.database), source.server_version));
    text.push_str("-- Load it with psql into a database that was made for it:\n--\n");
    let create =
        Target::in_place(&facts.database, &facts.encoding, 0).create(facts, None, facts.major.unwrap_or_default());
    text.push_str(&comment(&format!("    {create};")));
    text.push_str(&comment(&format!("    psql -X -d NAME -f {NAME}")));
    text.push_str(
        "--\n-- psql must know \\restrict, which keeps what came out of the database from running commands on this\n\
         -- machine: 13.22, 14.19, 15.14, 16.10, 17.6, 18, or later ones. If it stops at a line with\n\
         -- \"was_reached\", the file that is named above that line isn't whole.\n\n\
         \\set ON_ERROR_STOP on\n\\set AUTOCOMMIT on\n",
    );
    text.push_str(&fence.begin());
    let encoding = if facts.encoding == "SQL_ASCII" { "SQL_ASCII" } else { "UTF8" };
    text.push_str(&format!("SET client_encoding = '{encoding}';{SETTINGS}\n"));
    let extensions = facts.extensions.iter().map(|extension| extension.name.as_str());
    let checks = format!(
        "\nDECLARE\n    found text;\n    wanted_roles text[] := {};\n    wanted_extensions text[] := {};\n{CHECKS}",
        array(facts.roles.iter().map(String::as_str)),
        array(extensions)
    );
    text.push_str(&format!("DO {};\n", literal(&checks)));
    text.push_str(&fence.end());
    text.push('\n');
    for (number, file) in (1..).zip(files) {
        text.push_str(&format!("\\ir '{file}'\n{}", reached(number)));
    }
    text.push_str("\\echo 'Everything is loaded.'\n");
    text
}

fn array<'a>(items: impl Iterator<Item = &'a str>) -> String {
    format!("ARRAY[{}]::text[]", items.map(literal).collect::<Vec<_>>().join(", "))
}
