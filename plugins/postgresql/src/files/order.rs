//! The order in which one session loads units.

use cofferdam_sdk::engine::Unit;
use cofferdam_sdk::{Error, Result};
use std::collections::{BTreeSet, HashMap};

/// The units, each behind those that it waits for, and otherwise as the plan had them.
pub fn order(units: Vec<Unit>) -> Result<Vec<Unit>> {
    let place: HashMap<&str, usize> = units.iter().enumerate().map(|(i, unit)| (unit.name.as_str(), i)).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
    let mut waits_for = Vec::with_capacity(units.len());
    for (i, unit) in units.iter().enumerate() {
        let before: BTreeSet<usize> = unit.after.iter().filter_map(|name| place.get(name.as_str()).copied()).collect();
        for &earlier in &before {
            followers.get_mut(earlier).into_iter().for_each(|list| list.push(i));
        }
        waits_for.push(before.len());
    }
    drop(place);
    let mut ready: BTreeSet<usize> = (0..units.len()).filter(|i| waits_for.get(*i) == Some(&0)).collect();
    let mut slots: Vec<Option<Unit>> = units.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(slots.len());
    while let Some(next) = ready.pop_first() {
        ordered.extend(slots.get_mut(next).and_then(Option::take));
        for &follower in followers.get(next).into_iter().flatten() {
            if let Some(waiting) = waits_for.get_mut(follower) {
                *waiting -= 1;
                if *waiting == 0 {
                    ready.insert(follower);
                }
            }
        }
    }
    match slots.into_iter().flatten().next() {
        Some(left) => {
            Err(Error::corrupt(format!("the units wait for each other in a circle, {} among them", left.name)))
        }
        None => Ok(ordered),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;
    use crate::files::tests::unit;

    #[test]
    fn a_unit_comes_behind_what_it_waits_for_and_else_where_it_was() {
        let after = |name: &str, after: &[&str]| Unit {
            after: after.iter().map(|name| (*name).to_owned()).collect(),
            ..unit(name, "x")
        };
        let units = vec![
            after("a", &[]),
            after("early", &["late"]),
            after("b", &["a"]),
            after("late", &["b"]),
            after("z", &[]),
        ];
        let names: Vec<_> = order(units).unwrap().into_iter().map(|unit| unit.name).collect();
        assert_eq!(names, ["a", "b", "late", "early", "z"]);
        assert!(order(vec![after("a", &["b"]), after("b", &["a"])]).is_err());
    }
}
