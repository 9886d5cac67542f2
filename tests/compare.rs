//! Are two databases the same? Asked of tools that aren't ours: `pg_dump`, `psql`, `sort` and `sha256sum`.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::command::{run, succeed};
use crate::error::Result;
use crate::servers::Postgresql;

/// A dump of a schema or the digest of a table may take this long.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Every relation that holds rows of its own, quoted, NUL-terminated since a name may contain a newline.
const RELATIONS: &str = include_str!("compare/relations.sql");

/// The state of every sequence.
const SEQUENCES: &str = include_str!("compare/sequences.sql");

/// The rows of one relation, sorted and digested. psql prints what COPY gives, byte for byte.
const DIGEST: &str = r#"set -e
"$1" -X -q -v ON_ERROR_STOP=1 -c "COPY (SELECT * FROM ONLY $2) TO STDOUT" >"$3"
wc -l <"$3"
LC_ALL=C sort "$3" | sha256sum | cut -d ' ' -f 1
rm -f "$3""#;

/// What was compared, and what differs.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Lines of the schema's dump.
    pub schema_lines: usize,
    /// Tables and materialized views whose rows were compared.
    pub relations: usize,
    /// Their rows.
    pub rows: u64,
    /// Sequences whose state was compared.
    pub sequences: usize,
    /// Everything that isn't the same; empty if the databases are equal.
    pub differences: Vec<String>,
}

/// One database of one server.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The server.
    pub server: &'a Postgresql,
    /// The database's name.
    pub database: &'a str,
}

/// Compares two databases: the schema by `pg_dump --schema-only`, the state of the sequences, and the rows of each
/// table by a digest of its sorted COPY text.
///
/// # Errors
/// If one of the tools fails. A difference isn't an error.
pub fn compare(left: Side<'_>, right: Side<'_>) -> Result<Comparison> {
    let mut found = Comparison::default();
    let (schema, other) = (schema(left)?, schema(right)?);
    found.schema_lines = schema.lines().count();
    if schema != other {
        found.differences.push(format!("the schemas differ:\n{}", diff(&schema, &other)?));
    }
    let (sequences, other) = (left.server.sql(left.database, SEQUENCES)?, right.server.sql(right.database, SEQUENCES)?);
    found.sequences = sequences.lines().count();
    if sequences != other {
        found.differences.push(format!("sequences differ:\n{}", diff(&sequences, &other)?));
    }
    let (relations, other) = (relations(left)?, relations(right)?);
    if relations != other {
        found.differences.push("the tables aren't the same".into());
    }
    for relation in relations.iter().filter(|relation| other.contains(relation)) {
        let (digest, other) = (digest(left, relation)?, digest(right, relation)?);
        found.relations += 1;
        found.rows += digest.rows;
        if digest != other {
            found.differences.push(format!("{relation}: {digest:?} became {other:?}"));
        }
    }
    Ok(found)
}

/// `pg_dump --schema-only`, less the random words of its `\restrict` lines.
///
/// # Errors
/// If pg_dump fails.
pub fn schema(side: Side<'_>) -> Result<String> {
    let mut dump = side.server.client("pg_dump", side.database)?;
    let text = succeed(dump.arg("--schema-only"), TIMEOUT)?;
    let kept = text.lines().filter(|line| !line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict "));
    Ok(kept.fold(String::new(), |all, line| all + line + "\n"))
}

/// Rows of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Digest {
    rows: u64,
    sha256: String,
}

fn digest(side: Side<'_>, relation: &str) -> Result<Digest> {
    let psql = side.server.major().client("psql")?;
    let file = tempfile::NamedTempFile::new()?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", DIGEST, "digest"]).arg(psql).arg(relation).arg(file.path());
    side.server.connect(&mut shell, side.database);
    let text = succeed(&mut shell, TIMEOUT)?;
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        [rows, sha256] => Ok(Digest { rows: rows.parse()?, sha256: sha256.into() }),
        _ => Err(format!("no digest of {relation}: {text}").into()),
    }
}

fn relations(side: Side<'_>) -> Result<Vec<String>> {
    let mut psql = side.server.client("psql", side.database)?;
    psql.args(["-X", "-q", "-A", "-t", "-0", "-v", "ON_ERROR_STOP=1", "-c", RELATIONS]);
    let text = succeed(&mut psql, TIMEOUT)?;
    Ok(text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// The first differences, as `diff` shows them.
fn diff(left: &str, right: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let (a, b) = (folder.path().join("left"), folder.path().join("right"));
    fs::write(&a, left)?;
    fs::write(&b, right)?;
    let shown = run(Command::new("diff").arg("-u").args([a, b]), TIMEOUT)?.stdout;
    Ok(shown.lines().skip(2).take(60).collect::<Vec<_>>().join("\n"))
}
