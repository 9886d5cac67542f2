//! What the operator chose, and what that needs: a view shows nothing without what it reads.

use crate::bson;
use crate::catalog::{Collection, Kind};
use crate::note::note;
use cofferdam_sdk::engine::Note;
use cofferdam_sdk::pattern::Patterns;
use cofferdam_sdk::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The collections and views of its database that a view reads (MongoDB manual, `create`, `viewOn`; `$lookup`,
/// `$graphLookup`, `$unionWith`).
pub fn needs(collection: &Collection) -> Vec<String> {
    let mut needs = BTreeSet::new();
    if collection.kind == Kind::View {
        needs.extend(bson::get(&collection.options, "viewOn").and_then(|on| on.text()).map(str::to_owned));
        if let Some(pipeline) = bson::get(&collection.options, "pipeline").and_then(|pipeline| pipeline.document()) {
            read_by(pipeline, &mut needs);
        }
    }
    needs.into_iter().collect()
}

fn read_by(document: &[u8], needs: &mut BTreeSet<String>) {
    for element in bson::elements(document).unwrap_or_default() {
        let inner = |name: &str| bson::get(element.document()?, name)?.text().map(str::to_owned);
        if element.is("$lookup") || element.is("$graphLookup") {
            needs.extend(inner("from"));
        } else if element.is("$unionWith") {
            needs.extend(element.text().map(str::to_owned).or_else(|| inner("coll")));
        }
        if let Some(inside) = element.document() {
            read_by(inside, needs);
        }
    }
}

/// What is chosen.
#[derive(Debug, Default)]
pub struct Selection {
    /// The objects.
    pub chosen: BTreeSet<String>,
    /// What came along, and what can't be read by what was chosen.
    pub notes: Vec<Note>,
}

/// Chooses of objects, each with what it needs, and takes along what chosen ones need; what was excepted stays out.
///
/// # Errors
/// "not-found" if a pattern matches nothing, or nothing is left.
pub fn choose(objects: &BTreeMap<String, Vec<String>>, patterns: &Patterns) -> Result<Selection> {
    patterns.all_match(objects.keys().map(String::as_str))?;
    let mut selection = Selection::default();
    let mut open: Vec<&String> = objects.keys().filter(|object| patterns.choose(object)).collect();
    selection.chosen.extend(open.iter().map(|object| (*object).clone()));
    while let Some(object) = open.pop() {
        for needed in objects.get(object).into_iter().flatten() {
            let Some((name, _)) = objects.get_key_value(needed).filter(|_| !selection.chosen.contains(needed)) else {
                continue;
            };
            if patterns.exclude(name) {
                let reason = format!("it reads {name}, which was excepted, and shows nothing without it");
                selection.notes.push(note("warning", object, reason));
            } else {
                selection.notes.push(note("carried", name, format!("{object} reads it")));
                selection.chosen.insert(name.clone());
                open.push(name);
            }
        }
    }
    if selection.chosen.is_empty() {
        return Err(Error::not_found("nothing is left of what --only and --except choose"));
    }
    Ok(selection)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::bson::Builder;

    fn view(on: &str, stages: &[Vec<u8>]) -> Collection {
        Collection {
            database: "d".to_owned(),
            name: "v".to_owned(),
            kind: Kind::View,
            options: Builder::new().text("viewOn", on).array("pipeline", stages).finish(),
            uuid: None,
            indexes: Vec::new(),
        }
    }

    fn chosen(only: &str, except: &[&str]) -> (Vec<String>, Vec<String>) {
        let objects = [("a", vec![]), ("b", vec!["a"]), ("c", vec!["b", "gone"]), ("x", vec![])];
        let objects = objects.map(|(name, needs)| (name.to_owned(), needs.into_iter().map(str::to_owned).collect()));
        let except: Vec<String> = except.iter().map(|&pattern| pattern.to_owned()).collect();
        let selection = choose(&objects.into(), &Patterns::new(&[only.to_owned()], &except)).unwrap();
        let told = selection.notes.into_iter().map(|note| format!("{} {}", note.kind, note.object));
        (selection.chosen.into_iter().collect(), told.collect())
    }

    #[test]
    fn a_view_needs_all_that_its_stages_read() {
        let from = Builder::new().text("from", "l").finish();
        let union = Builder::new().text("coll", "u").array("pipeline", &[]).finish();
        let stages = [
            Builder::new().document("$lookup", &from).finish(),
            Builder::new().document("$unionWith", &union).finish(),
            Builder::new().text("$unionWith", "w").finish(),
            Builder::new().document("$match", &from).finish(),
        ];
        assert_eq!(needs(&view("on", &stages)), ["l", "on", "u", "w"]);
    }

    #[test]
    fn what_a_chosen_view_reads_comes_along_and_is_told() {
        assert_eq!(chosen("x", &[]), (vec!["x".to_owned()], vec![]));
        let all = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(chosen("c", &[]), (all, ["carried b", "carried a"].map(str::to_owned).to_vec()));
        assert_eq!(chosen("b", &["a"]), (vec!["b".to_owned()], vec!["warning b".to_owned()]));
    }
}
