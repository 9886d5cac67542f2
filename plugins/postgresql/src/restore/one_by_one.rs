//! Definitions of which some may be refused: each is tried by itself, and what the server doesn't take is passed over.

use super::definitions::{ANALYZE, Definitions};
use super::failure::{Failure, Missing, is_own, words};
use crate::entry::Entry;
use cofferdam_sdk::Result;

/// The name of the point that a refused statement goes back to.
const POINT: &str = "cofferdam";

impl Definitions<'_> {
    /// Runs the statements of entries in one transaction, without those that are refused. `last` is the unit's place among
    /// the last ones: their statements are only tried here, and kept for the end.
    pub(super) async fn one_by_one(
        &self,
        entries: &[Entry],
        (part, mark): (usize, &str),
        last: Option<usize>,
        mut missing: Missing<'_>,
    ) -> Result<Vec<Failure>> {
        let connection = &self.session.connection;
        let (mut failures, mut kept, mut tablespace) = (Vec::new(), Vec::new(), None);
        connection.run(format!("BEGIN; {mark}")).await?;
        for entry in self.possible(entries) {
            if let Some(lacks) = missing.of(entry).map(str::to_owned) {
                failures.extend(self.failure(entry, why(entry, &lacks), &mut missing));
                continue;
            }
            if entry.tablespace != tablespace {
                tablespace.clone_from(&entry.tablespace);
                connection.run(self.means.tablespaces.choose(tablespace.as_deref())).await?;
            }
            let own: Vec<&str> =
                entry.sql.iter().map(String::as_str).filter(|sql| self.analyze || !sql.starts_with(ANALYZE)).collect();
            if let Some(refusal) = self.attempt(&own.join(";\n")).await? {
                let stands_in = self.without_stand_in(entry).await?;
                failures.extend(self.failure(entry, format!("{refusal}{stands_in}"), &mut missing));
                continue;
            }
            kept.extend(own.into_iter().map(|sql| (entry, sql.to_owned())));
            for (sql, carries) in self.means.roles.for_roles(entry) {
                let Some(refusal) = self.attempt(&sql).await? else {
                    kept.push((entry, sql.into_owned()));
                    continue;
                };
                let mut failure =
                    Failure::of(&Entry::new(entry.object.clone(), Vec::new()), &self.means.roles, refusal);
                carries.into_iter().for_each(|kind| failure.counts.add(kind, 1));
                if carries.is_none() {
                    failure.reason = format!("without its owner or some rights: {}", failure.reason);
                }
                failures.push(failure);
            }
        }
        if let Some(place) = last {
            connection.run(format!("ROLLBACK; BEGIN; {mark}")).await?;
            for (entry, sql) in kept {
                connection.run(self.marker.keep(place, &entry.object, &sql)).await?;
            }
        }
        for failure in &failures {
            connection.run(self.marker.fail(&self.unit.name, part, failure)?).await?;
        }
        connection.run("COMMIT").await?;
        Ok(failures)
    }

    /// Runs statements within the transaction, or goes back to before them and gives the server's words.
    async fn attempt(&self, statements: &str) -> Result<Option<String>> {
        if statements.is_empty() {
            return Ok(None);
        }
        let connection = &self.session.connection;
        match connection.run(format!("SAVEPOINT {POINT};\n{statements};\nRELEASE {POINT}")).await {
            Ok(_) => Ok(None),
            Err(error) if is_own(&error) => {
                connection.run(format!("ROLLBACK TO {POINT}; RELEASE {POINT}")).await?;
                Ok(Some(words(&error)))
            }
            Err(error) => Err(error),
        }
    }

    /// Takes away what stood in for a view while others were made that refer to it; it has one row of nothing. Says so if it
    /// can't be taken away.
    async fn without_stand_in(&self, entry: &Entry) -> Result<String> {
        if !entry.sql.first().is_some_and(|sql| sql.starts_with("CREATE OR REPLACE VIEW")) {
            return Ok(String::new());
        }
        let refusal = self.attempt(&format!("DROP {}", entry.object)).await?;
        let told = |why| format!("; what stood in for it, a row of NULLs, is there still, since others use it: {why}");
        Ok(refusal.map(told).unwrap_or_default())
    }

    /// The failure of an entry; none of one that only helps others, which then tell it.
    fn failure(&self, entry: &Entry, reason: String, missing: &mut Missing<'_>) -> Option<Failure> {
        let failure = Failure::of(entry, &self.means.roles, reason);
        let said_of_it = !failure.whole && missing.failed.contains(&entry.object);
        if entry.aid || said_of_it && failure.counts.is_empty() {
            return None;
        }
        if failure.whole {
            missing.failed.insert(entry.object.clone());
        }
        Some(failure)
    }
}

/// Why an entry isn't tried.
fn why(entry: &Entry, lacks: &str) -> String {
    if entry.object == lacks {
        return "what is said of it failed with it".to_owned();
    }
    format!("it can't be made without {lacks}, which failed")
}
