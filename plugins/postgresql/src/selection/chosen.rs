//! The objects that were chosen.

use super::contents::{Contents, Item, LARGE_OBJECTS};
use crate::backup::units::note;
use crate::entry::Entry;
use crate::table::Table;
use cofferdam_sdk::engine::{Note, Unit};
use cofferdam_sdk::pattern::Patterns;
use cofferdam_sdk::{Error, Result, options};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The objects that were chosen, as statements call them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    objects: BTreeSet<String>,
    /// Those of them that were named, and didn't only come along.
    named: BTreeSet<String>,
    /// What is on the target already, and stays as it is.
    there: BTreeSet<String>,
    /// Whether what belongs to the database as a whole comes too: it does unless objects were named.
    whole: bool,
}

impl Chosen {
    /// Chooses, and says what came along and what had to stay out.
    ///
    /// # Errors
    /// If a pattern matches nothing, or nothing is left.
    pub fn of(contents: &Contents, patterns: &Patterns) -> Result<(Self, Vec<Note>)> {
        patterns.all_match(contents.0.iter().map(|item| item.name.as_str()))?;
        let barred = barred(contents, patterns);
        let mut chosen: BTreeSet<u32> = BTreeSet::new();
        let mut notes = Vec::new();
        let named = (0..).zip(&contents.0).filter(|(_, item)| patterns.choose(&item.name));
        let mut next: Vec<(u32, Option<u32>)> = named.map(|(place, _)| (place, None)).collect();
        next.reverse();
        let direct: BTreeSet<u32> = next.iter().map(|(place, _)| *place).collect();
        while let Some((place, because)) = next.pop() {
            let Some(item) = contents.get(place) else { continue };
            if barred.contains_key(&place) || !chosen.insert(place) {
                continue;
            }
            if let Some(user) = because.and_then(|user| contents.get(user)).filter(|_| !direct.contains(&place)) {
                notes.push(note("carried", item.object.clone(), format!("it comes along: {} uses it", user.object)));
            }
            next.extend(item.needs.iter().chain(&item.with).map(|other| (*other, Some(place))));
        }
        for (place, item) in (0..).zip(&contents.0) {
            let missing = barred.get(&place).and_then(|on| *on).and_then(|on| contents.get(on));
            if let Some(missing) = missing.filter(|_| direct.contains(&place)) {
                let reason = format!("it can't be made without {}, which was left out", missing.object);
                notes.push(note("left-out", item.object.clone(), reason));
            }
        }
        let objects: BTreeSet<String> =
            chosen.iter().filter_map(|place| contents.get(*place)).map(|item| item.object.clone()).collect();
        if objects.is_empty() {
            return Err(Error::invalid_options("--only and --except leave nothing over"));
        }
        match contents.0.len().saturating_sub(objects.len()) {
            0 => {}
            others => notes.push(note("left-out", format!("{others} objects"), "not chosen by --only and --except")),
        }
        let named = direct.iter().filter_map(|place| contents.get(*place)).map(|item| item.object.clone()).collect();
        Ok((Self { objects, named, there: BTreeSet::new(), whole: !patterns.name_some() }, notes))
    }

    /// Says what is on the target already: it isn't made, and what refers to it finds it.
    pub fn find(&mut self, there: BTreeSet<String>) {
        self.there = there;
    }

    /// Whether an object was named, and didn't only come along.
    pub fn is_named(&self, object: &str) -> bool {
        self.named.contains(object)
    }

    /// Whether an object is on the target already.
    pub fn is_there(&self, object: &str) -> bool {
        self.there.contains(object)
    }

    /// What was named and is on the target already.
    pub fn named_and_there(&self) -> impl Iterator<Item = &String> {
        self.named.intersection(&self.there)
    }

    /// Whether an object was chosen.
    pub fn has(&self, object: &str) -> bool {
        self.objects.contains(object)
    }

    /// Whether an item was chosen.
    pub fn has_item(&self, item: &Item) -> bool {
        self.has(&item.object)
    }

    /// What keeps an entry out: nothing, that its object wasn't chosen, or that it refers to one that wasn't.
    pub fn judge(&self, entry: &Entry) -> Verdict {
        let of = entry.of.as_deref().unwrap_or(&entry.object);
        let of = if of.starts_with("LARGE OBJECT") { LARGE_OBJECTS } else { of };
        let free = entry.free;
        if !(self.has(of) || free && self.whole) {
            return Verdict::NotChosen;
        }
        if self.is_there(of) {
            return Verdict::There;
        }
        match entry.needs.iter().find(|need| !self.has(need) && !self.is_there(need)) {
            None => Verdict::Carried,
            Some(missing) => Verdict::Lacks(missing.clone()),
        }
    }

    /// Whether anything of a unit may be carried.
    pub fn wants(&self, unit: &Unit) -> Result<bool> {
        if unit.name.starts_with("data/") {
            let table = Table::of(unit)?.address();
            // Rows are added only to a table that was asked for; one that came along is used as it is.
            // So is one of an extension, whose rows nobody can tell from those that are there.
            let added = self.is_named(&table) && options::get(&unit.extra, "types").is_some();
            return Ok(self.has(&table) && (added || !self.is_there(&table)));
        }
        Ok(options::get(&unit.extra, "of").is_none_or(|object| self.has(object) && !self.is_there(object)))
    }
}

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is made.
    Carried,
    /// What it belongs to wasn't chosen, which is told as a whole.
    NotChosen,
    /// What it belongs to is there already, and isn't altered.
    There,
    /// It refers to this, which wasn't chosen.
    Lacks(String),
}

impl Verdict {
    /// Whether the entry is made; tells of one that isn't, if nothing else does.
    pub fn carries(self, entry: &Entry, notes: &mut Vec<Note>) -> bool {
        match self {
            Self::Carried => true,
            Self::NotChosen | Self::There => false,
            Self::Lacks(missing) => {
                // What only helps to make others isn't missed.
                if !entry.aid {
                    let reason = format!("it refers to {missing}, which wasn't chosen");
                    notes.push(note("left-out", entry.object.clone(), reason));
                }
                false
            }
        }
    }
}

/// What was excepted, and what can't be made without it, by what it lacks.
fn barred(contents: &Contents, patterns: &Patterns) -> BTreeMap<u32, Option<u32>> {
    let mut users: HashMap<u32, Vec<u32>> = HashMap::new();
    for (place, item) in (0..).zip(&contents.0) {
        for need in &item.needs {
            users.entry(*need).or_default().push(place);
        }
    }
    let excepted = (0..).zip(&contents.0).filter(|(_, item)| patterns.exclude(&item.name));
    let mut barred: BTreeMap<u32, Option<u32>> = excepted.map(|(place, _)| (place, None)).collect();
    let mut next: Vec<u32> = barred.keys().copied().collect();
    while let Some(place) = next.pop() {
        for user in users.get(&place).into_iter().flatten() {
            if !barred.contains_key(user) {
                barred.insert(*user, Some(place));
                next.push(*user);
            }
        }
    }
    barred
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn item(name: &str, needs: &[u32], with: &[u32]) -> Item {
        Item {
            object: name.to_uppercase(),
            name: name.to_owned(),
            schema: None,
            needs: needs.to_vec(),
            with: with.to_vec(),
        }
    }

    /// A type, a table of it, a sequence that comes with the table, a view on the table, and a table apart.
    fn contents() -> Contents {
        Contents(vec![
            item("s.type", &[], &[]),
            item("s.table", &[0], &[2]),
            item("s.sequence", &[], &[]),
            item("s.view", &[1], &[]),
            item("s.other", &[], &[]),
        ])
    }

    fn choose(only: &[&str], except: &[&str]) -> Result<(Chosen, Vec<Note>)> {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Chosen::of(&contents(), &Patterns::new(&list(only), &list(except)))
    }

    fn names(chosen: &Chosen) -> Vec<&str> {
        chosen.objects.iter().map(String::as_str).collect()
    }

    #[test]
    fn what_is_needed_comes_along_and_is_told() {
        let (chosen, notes) = choose(&["s.view"], &[]).unwrap();
        assert_eq!(names(&chosen), ["S.SEQUENCE", "S.TABLE", "S.TYPE", "S.VIEW"]);
        let along: Vec<&str> = notes.iter().filter(|n| n.kind == "carried").map(|n| n.object.as_str()).collect();
        assert_eq!(along.len(), 3);
        assert!(notes.iter().any(|n| n.kind == "left-out" && n.object == "1 objects"));
    }

    #[test]
    fn what_cannot_be_made_without_something_excepted_stays_out_and_is_told() {
        let (chosen, notes) = choose(&[], &["s.type"]).unwrap();
        assert_eq!(names(&chosen), ["S.OTHER", "S.SEQUENCE"]);
        let told: Vec<&str> =
            notes.iter().filter(|n| n.reason.contains("can't be made")).map(|n| n.object.as_str()).collect();
        assert_eq!(told, ["S.TABLE", "S.VIEW"]);
    }

    #[test]
    fn what_comes_with_an_object_can_be_excepted() {
        assert_eq!(names(&choose(&["s.table"], &["s.seq*"]).unwrap().0), ["S.TABLE", "S.TYPE"]);
    }

    #[test]
    fn nothing_at_all_is_refused() {
        assert_eq!(choose(&["s.other"], &["s.other"]).unwrap_err().code, "invalid-options");
    }

    #[test]
    fn an_entry_that_refers_to_something_unchosen_stays_out() {
        let (chosen, _) = choose(&["s.table"], &[]).unwrap();
        let mut entry = Entry::new("CONSTRAINT \"fk\"", vec!["alter".to_owned()]);
        entry.of = Some("S.TABLE".to_owned());
        assert_eq!(chosen.judge(&entry), Verdict::Carried);
        entry.needs.push("S.OTHER".to_owned());
        assert_eq!(chosen.judge(&entry), Verdict::Lacks("S.OTHER".to_owned()));
        entry.of = Some("S.OTHER".to_owned());
        assert_eq!(chosen.judge(&entry), Verdict::NotChosen);
    }

    #[test]
    fn what_belongs_to_the_whole_database_comes_unless_objects_are_named() {
        let mut entry = Entry::new("EVENT TRIGGER \"e\"", Vec::new());
        entry.free = true;
        assert_eq!(choose(&["s.table"], &[]).unwrap().0.judge(&entry), Verdict::NotChosen);
        assert_eq!(choose(&[], &["s.table"]).unwrap().0.judge(&entry), Verdict::Carried);
    }
}
