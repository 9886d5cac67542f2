//! Loops in a graph.

use std::collections::HashMap;
use std::hash::Hash;

/// The sets of nodes that reach each other, of two nodes or more (Tarjan's strongly connected components, without
/// recursion: views can be stacked deeper than a sandbox's stack).
pub fn loops<N: Copy + Eq + Hash>(needs: &[(N, Vec<N>)]) -> Vec<Vec<N>> {
    let index: HashMap<N, usize> = needs.iter().enumerate().map(|(i, (node, _))| (*node, i)).collect();
    let edges: Vec<Vec<usize>> =
        needs.iter().map(|(_, on)| on.iter().filter_map(|node| index.get(node).copied()).collect()).collect();
    let mut search = Search {
        edges: &edges,
        number: vec![None; needs.len()],
        low: vec![0; needs.len()],
        on_stack: vec![false; needs.len()],
        stack: Vec::new(),
        next: 0,
        found: Vec::new(),
    };
    for start in 0..needs.len() {
        search.from(start);
    }
    search
        .found
        .into_iter()
        .filter(|component| component.len() > 1)
        .map(|component| component.into_iter().filter_map(|i| needs.get(i).map(|(node, _)| *node)).collect())
        .collect()
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    number: Vec<Option<usize>>,
    low: Vec<usize>,
    on_stack: Vec<bool>,
    stack: Vec<usize>,
    next: usize,
    found: Vec<Vec<usize>>,
}

// Every index is of `edges`, and all lists have its length.
#[allow(clippy::indexing_slicing, reason = "indices made above")]
impl Search<'_> {
    fn from(&mut self, start: usize) {
        if self.number[start].is_some() {
            return;
        }
        let mut path = vec![(start, 0)];
        self.enter(start);
        while let Some((node, edge)) = path.last_mut() {
            let node = *node;
            if let Some(&to) = self.edges[node].get(*edge) {
                *edge += 1;
                match self.number[to] {
                    None => {
                        self.enter(to);
                        path.push((to, 0));
                    }
                    Some(number) if self.on_stack[to] => self.low[node] = self.low[node].min(number),
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                self.low[*parent] = self.low[*parent].min(self.low[node]);
            }
            if Some(self.low[node]) == self.number[node] {
                self.leave(node);
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.number[node] = Some(self.next);
        self.low[node] = self.next;
        self.next += 1;
        self.stack.push(node);
        self.on_stack[node] = true;
    }

    fn leave(&mut self, root: usize) {
        let mut component = Vec::new();
        while let Some(node) = self.stack.pop() {
            self.on_stack[node] = false;
            component.push(node);
            if node == root {
                break;
            }
        }
        self.found.push(component);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn two_loops_are_found_and_what_hangs_on_them_is_not_part_of_them() {
        let needs = [(1, vec![2]), (2, vec![1]), (3, vec![1]), (4, vec![5]), (5, vec![6]), (6, vec![4, 1])];
        let mut found: Vec<Vec<i32>> = loops(&needs)
            .into_iter()
            .map(|mut l| {
                l.sort_unstable();
                l
            })
            .collect();
        found.sort();
        assert_eq!(found, [vec![1, 2], vec![4, 5, 6]]);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_needs_no_stack() {
        let needs: Vec<(u32, Vec<u32>)> = (0..100_000).map(|i| (i, vec![i + 1])).collect();
        assert!(loops(&needs).is_empty());
    }
}
