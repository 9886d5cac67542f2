//! Which backups are kept and which are forgotten, by rules. Pure: no clock and no store.
//!
//! Rules hold for each kind of backup by itself: the backups of one database never push out another's, and those of a few
//! objects never push out whole ones.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::repository::manifest::{BackupId, Manifest};

/// The options that make a backup something else than one of the whole database.
const OF_SOMETHING_ELSE: [&str; 3] = ["only", "except", "imported-from"];

/// What backups have in common that are compared with each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// The instance.
    pub instance: String,
    /// The database, where one was named.
    pub database: Option<String>,
    /// What was chosen of it, or where it came from; empty for a backup of everything.
    pub choice: BTreeMap<String, String>,
}

impl Kind {
    /// The kind of a backup.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let chosen = manifest.options.iter().filter(|(name, _)| OF_SOMETHING_ELSE.contains(&name.as_str()));
        Self {
            instance: manifest.instance.clone(),
            database: manifest.database.clone(),
            choice: chosen.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }
}

/// How many backups of each kind are kept. What isn't set keeps none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// The newest ones.
    pub last: usize,
    /// The last one of so many hours that have one, and so on. Days and the like are those of UTC; weeks begin on Monday.
    pub hourly: usize,
    /// Of so many days.
    pub daily: usize,
    /// Of so many weeks.
    pub weekly: usize,
    /// Of so many months.
    pub monthly: usize,
    /// Of so many years.
    pub yearly: usize,
    /// All that are at most so much older than the newest.
    pub within: Option<Duration>,
}

/// What becomes of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The backup.
    pub id: BackupId,
    /// The rules that keep it: "last", "daily", "newest" and so on. It is forgotten if there is none.
    pub kept_by: Vec<&'static str>,
}

/// The part of a moment in which only the last backup counts.
type Period = fn(&jiff::Zoned) -> (i16, i16, i16);

impl Retention {
    /// Whether any rule is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self != Self::default()
    }

    /// What becomes of `backups`, all of one kind, in their order. The newest is always kept.
    #[must_use]
    pub fn judge(&self, backups: &[(BackupId, Timestamp)]) -> Vec<Verdict> {
        let mut newest_first: Vec<usize> = (0..backups.len()).collect();
        newest_first.sort_by_key(|&i| std::cmp::Reverse(backups.get(i).map(|(id, at)| (*at, id.clone()))));
        let mut verdicts: Vec<_> =
            backups.iter().map(|(id, _)| Verdict { id: id.clone(), kept_by: Vec::new() }).collect();
        let mut keep = |i: usize, rule: &'static str| {
            verdicts.get_mut(i).into_iter().for_each(|verdict| verdict.kept_by.push(rule));
        };
        let newest = newest_first.first().and_then(|&i| backups.get(i)).map(|(_, at)| *at);
        newest_first.iter().take(self.last).for_each(|&i| keep(i, "last"));
        for (rule, count, period) in self.periods() {
            let mut seen = Vec::new();
            for &i in &newest_first {
                let Some((_, at)) = backups.get(i) else { continue };
                let period = period(&at.to_zoned(TimeZone::UTC));
                // Newest first, so equal ones come behind each other.
                if seen.last() == Some(&period) {
                    continue;
                }
                if seen.len() == count {
                    break;
                }
                seen.push(period);
                keep(i, rule);
            }
        }
        for (i, (_, at)) in backups.iter().enumerate() {
            let age = newest.and_then(|newest| Duration::try_from(newest.duration_since(*at)).ok());
            if self.within.zip(age).is_some_and(|(within, age)| age <= within) {
                keep(i, "within");
            }
        }
        let first = newest_first.first().and_then(|&i| verdicts.get_mut(i));
        first.into_iter().filter(|v| v.kept_by.is_empty()).for_each(|v| v.kept_by.push("newest"));
        verdicts
    }

    fn periods(&self) -> [(&'static str, usize, Period); 5] {
        [
            ("hourly", self.hourly, |at| (at.year(), at.day_of_year(), i16::from(at.hour()))),
            ("daily", self.daily, |at| (at.year(), at.day_of_year(), 0)),
            ("weekly", self.weekly, |at| {
                let week = at.date().iso_week_date();
                (week.year(), i16::from(week.week()), 0)
            }),
            ("monthly", self.monthly, |at| (at.year(), i16::from(at.month()), 0)),
            ("yearly", self.yearly, |at| (at.year(), 0, 0)),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    /// The times of the backups that are kept, as they were given.
    fn kept<'a>(rules: Retention, times: &[&'a str]) -> Vec<&'a str> {
        let backups: Vec<_> = times
            .iter()
            .map(|time| {
                let at: Timestamp = time.parse().unwrap();
                (BackupId::new(at).unwrap(), at)
            })
            .collect();
        let verdicts = rules.judge(&backups);
        assert_eq!(verdicts.len(), times.len());
        times.iter().zip(verdicts).filter(|(_, v)| !v.kept_by.is_empty()).map(|(time, _)| *time).collect()
    }

    const TIMES: [&str; 8] = [
        "2026-03-01T12:00:00Z",
        "2026-03-01T11:50:00Z",
        "2026-03-01T11:10:00Z",
        "2026-02-28T23:59:59Z",
        "2026-02-28T00:00:00Z",
        "2026-02-10T00:00:00Z",
        "2025-12-31T00:00:00Z",
        "2024-06-01T00:00:00Z",
    ];

    #[test]
    fn the_last_of_each_period_is_kept() {
        let of = |rules, places: &[usize]| {
            let wanted: Vec<_> = places.iter().map(|&i| TIMES[i]).collect();
            assert_eq!(kept(rules, &TIMES), wanted, "{rules:?}");
        };
        of(Retention { last: 2, ..Retention::default() }, &[0, 1]);
        of(Retention { hourly: 2, ..Retention::default() }, &[0, 1]);
        of(Retention { hourly: 3, ..Retention::default() }, &[0, 1, 3]);
        of(Retention { daily: 2, ..Retention::default() }, &[0, 3]);
        // The first of March is a Sunday: the same week as the day before.
        of(Retention { weekly: 2, ..Retention::default() }, &[0, 5]);
        of(Retention { monthly: 3, ..Retention::default() }, &[0, 3, 6]);
        of(Retention { yearly: 9, ..Retention::default() }, &[0, 6, 7]);
        of(Retention { within: Some(Duration::from_secs(86_400)), ..Retention::default() }, &[0, 1, 2, 3]);
        of(Retention { last: 1, yearly: 2, ..Retention::default() }, &[0, 6]);
    }

    #[test]
    fn a_week_across_the_new_year_is_one_week() {
        let times = ["2026-01-01T10:00:00Z", "2025-12-30T10:00:00Z", "2025-12-27T10:00:00Z"];
        assert_eq!(kept(Retention { weekly: 2, ..Retention::default() }, &times), [times[0], times[2]]);
    }

    #[test]
    fn the_newest_is_kept_whatever_the_rules_say() {
        assert_eq!(kept(Retention::default(), &TIMES), [TIMES[0]]);
        assert_eq!(kept(Retention { within: Some(Duration::ZERO), ..Retention::default() }, &TIMES), [TIMES[0]]);
        assert!(kept(Retention::default(), &[]).is_empty());
    }

    #[test]
    fn the_order_in_which_they_are_given_makes_no_difference() {
        let mut turned = TIMES;
        turned.reverse();
        let rules = Retention { daily: 2, last: 1, ..Retention::default() };
        let mut there = kept(rules, &turned);
        there.reverse();
        assert_eq!(there, kept(rules, &TIMES));
    }
}
