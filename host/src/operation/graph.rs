//! The order of units: which may be restored now, largest first.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

use crate::error::{Error, Result};
use crate::plugin::Unit;

/// A set of units whose order makes sense.
#[derive(Debug)]
pub struct Graph {
    units: Vec<Unit>,
    /// For each unit, how many of those before it aren't done.
    waiting_for: Vec<usize>,
    /// For each unit, those that wait for it.
    followers: Vec<Vec<usize>>,
    ready: BinaryHeap<(u64, Reverse<usize>)>,
    open: usize,
}

impl Graph {
    /// Takes the units in.
    ///
    /// # Errors
    /// If two bear one name, one waits for a unit that isn't there, or they wait for each other in a circle.
    pub fn new(units: Vec<Unit>) -> Result<Self> {
        let mut index = HashMap::with_capacity(units.len());
        for (i, unit) in units.iter().enumerate() {
            if index.insert(unit.name.as_str(), i).is_some() {
                return Err(Error::plugin(format!("two units are named {:?}", unit.name)));
            }
        }
        let mut followers = vec![Vec::new(); units.len()];
        let mut waiting_for = Vec::with_capacity(units.len());
        for (i, unit) in units.iter().enumerate() {
            let before: HashSet<&str> = unit.after.iter().map(String::as_str).collect();
            waiting_for.push(before.len());
            for name in before {
                let place = index.get(name).and_then(|&b| followers.get_mut(b)).ok_or_else(|| {
                    Error::plugin(format!("the unit {:?} waits for {name:?}, which isn't there", unit.name))
                })?;
                place.push(i);
            }
        }
        let open = units.len();
        let mut graph = Self { units, waiting_for, followers, ready: BinaryHeap::new(), open };
        let first: Vec<usize> = (0..open).filter(|&i| graph.waiting_for.get(i) == Some(&0)).collect();
        first.into_iter().for_each(|i| graph.make_ready(i));
        graph.find_circle()?;
        Ok(graph)
    }

    /// The largest unit that may be restored now, if any.
    pub fn take(&mut self) -> Option<(usize, Unit)> {
        let (_, Reverse(i)) = self.ready.pop()?;
        self.units.get(i).map(|unit| (i, unit.clone()))
    }

    /// Says that a unit which was taken is done.
    pub fn done(&mut self, unit: usize) {
        self.open = self.open.saturating_sub(1);
        for follower in self.followers.get_mut(unit).map(std::mem::take).unwrap_or_default() {
            if let Some(waiting) = self.waiting_for.get_mut(follower) {
                *waiting = waiting.saturating_sub(1);
                if *waiting == 0 {
                    self.make_ready(follower);
                }
            }
        }
    }

    /// Whether every unit is done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.open == 0
    }

    fn make_ready(&mut self, i: usize) {
        let bytes = self.units.get(i).and_then(|u| u.estimated_bytes).unwrap_or(0);
        self.ready.push((bytes, Reverse(i)));
    }

    /// Plays the order through; what is left over waits in a circle.
    fn find_circle(&self) -> Result<()> {
        let mut waiting = self.waiting_for.clone();
        let mut left: BTreeSet<usize> = (0..waiting.len()).collect();
        let mut next: Vec<usize> = self.ready.iter().map(|&(_, Reverse(i))| i).collect();
        while let Some(i) = next.pop() {
            left.remove(&i);
            for &follower in self.followers.get(i).into_iter().flatten() {
                if let Some(w) = waiting.get_mut(follower) {
                    *w -= 1;
                    if *w == 0 {
                        next.push(follower);
                    }
                }
            }
        }
        match left.first().and_then(|&i| self.units.get(i)) {
            None => Ok(()),
            Some(unit) => {
                Err(Error::plugin(format!("the units wait for each other in a circle, {:?} among them", unit.name)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn unit(name: &str, after: &[&str], bytes: u64) -> Unit {
        Unit {
            name: name.to_owned(),
            format: String::new(),
            framing: "none".to_owned(),
            objects: Vec::new(),
            after: after.iter().map(|a| (*a).to_owned()).collect(),
            estimated_bytes: Some(bytes),
            estimated_rows: None,
            leader: false,
            external: false,
            extra: Vec::new(),
        }
    }

    #[test]
    fn a_unit_comes_once_all_before_it_are_done_and_the_largest_first() {
        let units = vec![
            unit("index", &["big", "schema"], 0),
            unit("small", &["schema"], 1),
            unit("big", &["schema"], 9),
            unit("schema", &[], 0),
        ];
        let mut graph = Graph::new(units).unwrap();
        let mut order = Vec::new();
        while let Some((i, unit)) = graph.take() {
            order.push(unit.name);
            graph.done(i);
        }
        assert_eq!(order, ["schema", "big", "small", "index"]);
        assert!(graph.is_done());
    }

    #[test]
    fn circles_missing_units_and_double_names_are_refused() {
        assert!(Graph::new(vec![unit("a", &["b"], 0), unit("b", &["a"], 0)]).unwrap_err().message().contains("circle"));
        assert!(Graph::new(vec![unit("a", &["b"], 0)]).is_err());
        assert!(Graph::new(vec![unit("a", &[], 0), unit("a", &[], 0)]).is_err());
    }

    #[test]
    fn naming_one_unit_twice_is_waiting_for_it_once() {
        let mut graph = Graph::new(vec![unit("a", &[], 0), unit("b", &["a", "a"], 0)]).unwrap();
        let (a, _) = graph.take().unwrap();
        graph.done(a);
        assert_eq!(graph.take().unwrap().1.name, "b");
    }
}
