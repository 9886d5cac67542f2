//! Are two databases the same? Asked of tools that aren't ours: `pg_dump`, `psql`, `sort` and `sha256sum`.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use crate::command::{run, succeed};
use crate::error::Result;
use crate::servers::Postgresql;

/// A dump of a schema or the digest of a table may take this long.
const TIMEOUT: Duration = Duration::from_secs(600);

/// Every relation that holds rows of its own, quoted; NUL-terminated by psql, since a name may contain a newline.
const RELATIONS: &str = include_str!("compare/relations.sql");

/// The state of every sequence.
const SEQUENCES: &str = include_str!("compare/sequences.sql");

/// The rows of one relation, as COPY gives them to psql: counted, sorted and digested.
const DIGEST: &str = r#"set -e
"$1" -X -q -v ON_ERROR_STOP=1 -c "COPY (SELECT * FROM ONLY $2) TO STDOUT" >"$3"
wc -l <"$3"
LC_ALL=C sort "$3" | sha256sum | cut -d ' ' -f 1"#;

/// What a database contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portrait {
    schema: String,
    sequences: String,
    relations: BTreeMap<String, Rows>,
}

/// The rows of one relation, in no order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rows {
    count: u64,
    sha256: String,
}

impl Portrait {
    /// Takes it: the schema by `pg_dump --schema-only`, the state of the sequences, and for each table a digest of the
    /// sorted COPY text of its rows.
    ///
    /// # Errors
    /// If one of the tools fails.
    pub fn take(server: &Postgresql, database: &str) -> Result<Self> {
        Ok(Self {
            schema: schema(server, database)?,
            sequences: server.sql(database, SEQUENCES)?,
            relations: all_rows(server, database)?,
        })
    }

    /// Everything that isn't the same in `other`; empty if the databases are equal.
    ///
    /// # Errors
    /// If the differences can't be shown.
    pub fn differences(&self, other: &Self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        if self.schema != other.schema {
            found.push(format!("the schemas differ:\n{}", diff(&self.schema, &other.schema)?));
        }
        if self.sequences != other.sequences {
            found.push(format!("sequences differ:\n{}", diff(&self.sequences, &other.sequences)?));
        }
        for (name, rows) in &self.relations {
            match other.relations.get(name) {
                None => found.push(format!("{name} is missing")),
                Some(others) if others != rows => {
                    found.push(format!("the rows of {name} differ: {} became {}", rows.count, others.count));
                }
                Some(_) => {}
            }
        }
        let new = other.relations.keys().filter(|name| !self.relations.contains_key(*name));
        found.extend(new.map(|name| format!("{name} wasn't there before")));
        Ok(found)
    }

    /// Lines of the schema's dump.
    #[must_use]
    pub fn schema_lines(&self) -> usize {
        self.schema.lines().count()
    }

    /// Number of sequences.
    #[must_use]
    pub fn sequences(&self) -> usize {
        self.sequences.lines().count()
    }

    /// Number of tables and materialized views.
    #[must_use]
    pub fn relations(&self) -> usize {
        self.relations.len()
    }

    /// Rows of all of them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.relations.values().map(|rows| rows.count).sum()
    }
}

/// Asserts that two databases are the same, and that there is something in them.
///
/// # Panics
/// If they aren't; the differences are told.
#[allow(clippy::panic, clippy::expect_used, reason = "an assertion")]
pub fn assert_same(source: (&Postgresql, &str), copy: (&Postgresql, &str)) {
    let before = Portrait::take(source.0, source.1).expect("the source can't be looked at");
    let after = Portrait::take(copy.0, copy.1).expect("the copy can't be looked at");
    assert!(before.relations() > 0 && before.rows() > 0, "an empty database proves nothing");
    let differences = before.differences(&after).expect("the differences can't be told");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// `pg_dump --schema-only`, less the random words of its `\restrict` lines.
fn schema(server: &Postgresql, database: &str) -> Result<String> {
    let text = succeed(server.client("pg_dump", database)?.arg("--schema-only"), TIMEOUT)?;
    let kept = text.lines().filter(|line| !line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict "));
    Ok(kept.fold(String::new(), |all, line| all + line + "\n"))
}

fn relations(server: &Postgresql, database: &str) -> Result<Vec<String>> {
    let mut psql = server.client("psql", database)?;
    psql.args(["-X", "-q", "-A", "-t", "-0", "-v", "ON_ERROR_STOP=1", "-c", RELATIONS]);
    let text = succeed(&mut psql, TIMEOUT)?;
    Ok(text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// The rows of every relation, one relation a core at a time.
fn all_rows(server: &Postgresql, database: &str) -> Result<BTreeMap<String, Rows>> {
    let queue = Mutex::new(relations(server, database)?);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let next = queue.lock().map_err(|_| "another worker broke off")?.pop();
            let Some(relation) = next else { return Ok(done) };
            let rows = rows(server, database, &relation)?;
            done.push((relation, rows));
        }
    };
    let cores = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let results = workers.into_iter().map(|worker| worker.join().map_err(|_| "a worker broke off")?);
        let digests = results.collect::<Result<Vec<_>>>()?;
        Ok(digests.into_iter().flatten().collect())
    })
}

fn rows(server: &Postgresql, database: &str, relation: &str) -> Result<Rows> {
    let psql = server.major().client("psql")?;
    let file = tempfile::NamedTempFile::new()?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", DIGEST, "digest"]).arg(psql).arg(relation).arg(file.path());
    server.connect(&mut shell, database);
    let text = succeed(&mut shell, TIMEOUT)?;
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        [count, sha256] => Ok(Rows { count: count.parse()?, sha256: sha256.into() }),
        _ => Err(format!("no digest of {relation}: {text}").into()),
    }
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
