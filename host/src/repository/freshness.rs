//! Whether there are backups that are new enough. Pure: no clock and no store.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::repository::manifest::BackupId;
use crate::repository::retention::Kind;

/// Clocks of two machines may differ by so much.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// What the newest backup of a database is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freshness {
    /// It is there and new enough.
    Fresh,
    /// It is older than it may be.
    TooOld,
    /// It says that it was made later than now, so its age isn't known.
    InTheFuture,
    /// There is none.
    Missing,
}

/// How an instance, or one of its databases, stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The instance.
    pub instance: String,
    /// The database, where backups name one.
    pub database: Option<String>,
    /// Its newest backup and when that began.
    pub newest: Option<(BackupId, Timestamp)>,
    /// What that is worth.
    pub freshness: Freshness,
}

/// How `instances` stand at `now`, by their whole backups: one line for each database that there is a backup of, or one
/// that none is there. Backups of chosen objects, and imported ones, say nothing of a database's last state.
#[must_use]
pub fn standings(
    instances: &[String],
    whole: &[(Kind, BackupId, Timestamp)],
    now: Timestamp,
    max_age: Option<Duration>,
) -> Vec<Standing> {
    let mut newest: BTreeMap<(&str, Option<&str>), (&BackupId, Timestamp)> = BTreeMap::new();
    for (kind, id, at) in whole.iter().filter(|(kind, ..)| kind.choice.is_empty()) {
        let entry = newest.entry((&kind.instance, kind.database.as_deref())).or_insert((id, *at));
        if entry.1 < *at {
            *entry = (id, *at);
        }
    }
    let judged = |at: Timestamp| match Duration::try_from(now.duration_since(at)) {
        Ok(age) if max_age.is_some_and(|most| age > most) => Freshness::TooOld,
        Err(_) if at.duration_since(now).unsigned_abs() > SKEW => Freshness::InTheFuture,
        _ => Freshness::Fresh,
    };
    let mut standings = Vec::new();
    for instance in instances {
        let before = standings.len();
        for ((_, database), (id, at)) in newest.iter().filter(|((of, _), _)| of == instance) {
            standings.push(Standing {
                instance: instance.clone(),
                database: database.map(str::to_owned),
                newest: Some(((*id).clone(), *at)),
                freshness: judged(*at),
            });
        }
        if standings.len() == before {
            let instance = instance.clone();
            standings.push(Standing { instance, database: None, newest: None, freshness: Freshness::Missing });
        }
    }
    standings
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn backup(instance: &str, database: Option<&str>, only: Option<&str>, at: &str) -> (Kind, BackupId, Timestamp) {
        let choice = only.map(|only| ("only".to_owned(), only.to_owned())).into_iter().collect();
        let kind = Kind { instance: instance.to_owned(), database: database.map(str::to_owned), choice };
        let at: Timestamp = at.parse().unwrap();
        (kind, BackupId::new(at).unwrap(), at)
    }

    fn stand(instances: &[&str], whole: &[(Kind, BackupId, Timestamp)], max_age: Duration) -> Vec<(String, Freshness)> {
        let instances: Vec<_> = instances.iter().map(|&i| i.to_owned()).collect();
        let standings = standings(&instances, whole, "2026-03-02T00:00:00Z".parse().unwrap(), Some(max_age));
        let shown = |s: Standing| (format!("{}/{}", s.instance, s.database.unwrap_or_default()), s.freshness);
        standings.into_iter().map(shown).collect()
    }

    #[test]
    fn each_database_stands_by_its_newest_backup() {
        let whole = [
            backup("a", Some("x"), None, "2026-03-01T00:00:00Z"),
            backup("a", Some("x"), None, "2026-02-01T00:00:00Z"),
            backup("a", Some("y"), None, "2026-02-28T21:00:00Z"),
            backup("c", None, None, "2026-03-01T23:59:00Z"),
        ];
        let found = stand(&["a", "b"], &whole, 26 * HOUR);
        let wanted = [("a/x", Freshness::Fresh), ("a/y", Freshness::TooOld), ("b/", Freshness::Missing)];
        assert_eq!(found, wanted.map(|(name, freshness)| (name.to_owned(), freshness)));
    }

    #[test]
    fn a_backup_of_a_few_objects_makes_nothing_fresh() {
        let whole = [backup("a", None, Some("public.t"), "2026-03-01T23:00:00Z")];
        assert_eq!(stand(&["a"], &whole, 26 * HOUR), [("a/".to_owned(), Freshness::Missing)]);
    }

    #[test]
    fn a_backup_from_the_future_is_not_fresh_for_ever() {
        let whole = [backup("a", None, None, "2026-03-02T00:04:00Z"), backup("b", None, None, "2027-01-01T00:00:00Z")];
        let found = stand(&["a", "b"], &whole, HOUR);
        assert_eq!(found[0].1, Freshness::Fresh);
        assert_eq!(found[1].1, Freshness::InTheFuture);
    }
}
