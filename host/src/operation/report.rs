//! The fidelity report: of every kind of object, how many there are, and that what is carried and what is left out are
//! all of them together.

use std::collections::{BTreeMap, BTreeSet};

use super::measure::Framing;
use crate::error::{Error, Result};
use crate::plugin::{Counts, Plan, Summary, Tally, Unit};

/// The kind of the objects whose rows are in units.
const ROWS: &str = "rows";

/// The report of a plan.
///
/// # Errors
/// If something that was counted is neither carried nor left out, or the units don't hold what the plan says.
pub(super) fn of_plan(plan: &Plan, plugin: &str) -> Result<Vec<Tally>> {
    let mut wrong: Vec<String> = plan.tallies.iter().filter_map(mismatch).collect();
    let planned = plan.tallies.iter().find(|tally| tally.kind == ROWS).map_or(0, |tally| tally.carried);
    let held = objects_with_rows(&plan.units);
    if !plan.tallies.is_empty() && planned != held {
        wrong.push(format!("the rows of {planned} objects are to be carried, and units hold those of {held}"));
    }
    adds_up(&wrong, plugin)?;
    Ok(plan.tallies.clone())
}

/// What became of the objects of a backup or a clone's source, as units were written.
#[derive(Debug, Default)]
pub(super) struct Written {
    carried: BTreeMap<String, u64>,
    left_out: BTreeMap<String, u64>,
    failed: BTreeMap<String, u64>,
    /// Objects of which not all rows are there.
    without_rows: BTreeSet<String>,
}

/// Whether a plugin says that rows of a unit aren't all there.
pub(super) fn lacks_rows(summary: &Summary) -> bool {
    summary.failed.iter().any(|(kind, number)| kind == ROWS && *number > 0)
}

impl Written {
    /// Takes in what a plugin says of a unit that it wrote.
    pub(super) fn add(&mut self, unit: &Unit, summary: &Summary) {
        add(&mut self.carried, &summary.carried);
        add(&mut self.left_out, &summary.left_out);
        add(&mut self.failed, &summary.failed);
        if lacks_rows(summary) {
            self.without_rows.extend(unit.objects.iter().cloned());
        }
    }

    /// The report, held against what the source carried. What a selection leaves out is told by its number alone.
    ///
    /// # Errors
    /// If something that the source carried was neither made nor left out, and didn't fail either.
    pub(super) fn report(
        mut self,
        source: &[Tally],
        units: &[Unit],
        selected: bool,
        plugin: &str,
    ) -> Result<Vec<Tally>> {
        if source.is_empty() {
            return Ok(Vec::new());
        }
        // Every unit was written or told to have failed, or we wouldn't be here.
        let without = self.without_rows.len() as u64;
        self.carried.insert(ROWS.to_owned(), objects_with_rows(units).saturating_sub(without));
        self.failed.insert(ROWS.to_owned(), without);
        let kinds: BTreeSet<&str> = source
            .iter()
            .map(|tally| tally.kind.as_str())
            .chain([&self.carried, &self.left_out, &self.failed].into_iter().flatten().map(|(kind, _)| kind.as_str()))
            .collect();
        let tallies: Vec<Tally> = kinds
            .into_iter()
            .map(|kind| {
                let counted = source.iter().find(|tally| tally.kind == kind).map_or(0, |tally| tally.carried);
                let carried = self.carried.get(kind).copied().unwrap_or(0);
                let failed = self.failed.get(kind).copied().unwrap_or(0);
                let told = self.left_out.get(kind).copied().unwrap_or(0);
                let rest = counted.saturating_sub(carried).saturating_sub(failed);
                Tally { kind: kind.to_owned(), counted, carried, left_out: if selected { rest } else { told }, failed }
            })
            .collect();
        let wrong: Vec<String> = tallies.iter().filter_map(mismatch).collect();
        adds_up(&wrong, plugin)?;
        Ok(tallies)
    }
}

fn add(sums: &mut BTreeMap<String, u64>, counts: &Counts) {
    for (kind, number) in counts {
        let sum = sums.entry(kind.clone()).or_default();
        *sum = sum.saturating_add(*number);
    }
}

fn mismatch(tally: &Tally) -> Option<String> {
    let Tally { kind, counted, carried, left_out, failed } = tally;
    let sum = carried.checked_add(*left_out).and_then(|sum| sum.checked_add(*failed));
    let failing = if *failed > 0 { format!(", {failed} failed") } else { String::new() };
    (sum != Some(*counted)).then(|| {
        format!("of the kind {kind} there are {counted}, {carried} are carried and {left_out} left out{failing}")
    })
}

fn adds_up(wrong: &[String], plugin: &str) -> Result<()> {
    if wrong.is_empty() {
        return Ok(());
    }
    let message = format!("not everything is carried or told to be left out: {}", wrong.join("; "));
    Err(Error::plugin(message)
        .with_hint(format!("this is a fault of the plugin {plugin}; tell its author, with this message")))
}

/// How many objects have rows in these units. One that is read in several units is one.
fn objects_with_rows(units: &[Unit]) -> u64 {
    let rows = units.iter().filter(|unit| Framing::parse(&unit.framing).is_ok_and(Framing::is_rows));
    rows.flat_map(|unit| &unit.objects).collect::<BTreeSet<_>>().len() as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn tally(kind: &str, counted: u64, carried: u64, left_out: u64) -> Tally {
        Tally { kind: kind.to_owned(), counted, carried, left_out, failed: 0 }
    }

    fn unit(name: &str, object: &str) -> Unit {
        Unit {
            name: name.to_owned(),
            format: String::new(),
            framing: "lines".to_owned(),
            objects: vec![object.to_owned()],
            after: Vec::new(),
            estimated_bytes: None,
            estimated_rows: None,
            leader: false,
            external: false,
            extra: Vec::new(),
        }
    }

    fn plan(tallies: Vec<Tally>) -> Plan {
        Plan {
            join: None,
            rejoinable: false,
            consistency: "snapshot".to_owned(),
            taken_at: None,
            position: None,
            server_version: "1".to_owned(),
            units: vec![unit("data/a/1", "a"), unit("data/a/2", "a"), unit("data/b", "b")],
            tallies,
            notes: Vec::new(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn a_plan_that_carries_or_leaves_out_all_that_was_counted_is_good() {
        of_plan(&plan(vec![tally("rows", 3, 2, 1), tally("index", 5, 5, 0)]), "p").unwrap();
        of_plan(&plan(Vec::new()), "p").unwrap();
    }

    #[test]
    fn an_object_that_is_neither_carried_nor_left_out_is_found() {
        let error = of_plan(&plan(vec![tally("rows", 2, 2, 0), tally("index", 6, 5, 0)]), "p").unwrap_err();
        assert!(error.message().contains("of the kind index there are 6, 5 are carried"), "{error}");
        assert!(of_plan(&plan(vec![tally("rows", 2, 2, 0), tally("index", 5, 6, 0)]), "p").is_err());
    }

    #[test]
    fn a_table_without_a_unit_is_found_whatever_the_plugin_says() {
        assert!(of_plan(&plan(vec![tally("rows", 3, 3, 0)]), "p").is_err());
    }

    #[test]
    fn what_was_written_is_held_against_what_the_source_carried() {
        let source = [tally("rows", 2, 2, 0), tally("index", 6, 5, 1)];
        let written = |carried, left_out| Written {
            carried: BTreeMap::from([("index".to_owned(), carried)]),
            left_out: BTreeMap::from([("index".to_owned(), left_out)]),
            ..Written::default()
        };
        let units = [unit("data/a", "a"), unit("data/b", "b")];
        let report = written(4, 1).report(&source, &units, false, "p").unwrap();
        assert_eq!(report, [tally("index", 5, 4, 1), tally("rows", 2, 2, 0)]);
        assert!(written(4, 0).report(&source, &units, false, "p").is_err());
        assert_eq!(written(2, 0).report(&source, &units, true, "p").unwrap().first().unwrap().left_out, 3);
    }

    #[test]
    fn what_failed_is_counted_apart_and_only_once() {
        let source = [tally("rows", 2, 2, 0), tally("index", 5, 5, 0)];
        let units = [unit("data/a/1", "a"), unit("data/a/2", "a"), unit("data/b", "b")];
        let summary = |failed: &[(&str, u64)], carried: u64| Summary {
            rows: None,
            notes: Vec::new(),
            carried: vec![("index".to_owned(), carried)],
            left_out: Vec::new(),
            failed: failed.iter().map(|(kind, number)| ((*kind).to_owned(), *number)).collect(),
            extra: Vec::new(),
        };
        let mut written = Written::default();
        for part in &units[..2] {
            written.add(part, &summary(&[("rows", 1)], 0));
        }
        written.add(&units[2], &summary(&[("index", 2)], 3));
        let failed = |kind: &str, carried, failed| Tally { failed, ..tally(kind, carried + failed, carried, 0) };
        assert_eq!(written.report(&source, &units, false, "p").unwrap(), [failed("index", 3, 2), failed("rows", 1, 1)]);
        let mut short = Written::default();
        short.add(&units[2], &summary(&[("index", 1)], 3));
        assert!(short.report(&source, &units, false, "p").is_err());
    }
}
