//! What one sandbox may use up.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// Upper bounds for one sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory, all memories together.
    pub memory: usize,
    /// Time that the plugin's own code may run, waiting not counted.
    pub cpu: Duration,
    /// Time that a sandbox may exist, waiting counted.
    pub wall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 256 << 20, cpu: Duration::from_secs(10 * 60), wall: Duration::from_secs(24 * 60 * 60) }
    }
}

/// Elements of all tables together: an engine's table of functions has a few thousand.
const TABLE_ELEMENTS: usize = 200_000;
/// A component that `cofferdam plugin build` makes has one core instance and a few adapters.
const INSTANCES: usize = 64;

/// Holds a store to its limits. wasmtime's own limiter bounds each memory by itself, so that a component with ten
/// memories would get ten times the limit; this one adds up.
#[derive(Debug)]
pub(super) struct Limiter {
    memory_left: usize,
    table_elements_left: usize,
    refused_memory: bool,
}

impl Limiter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { memory_left: limits.memory, table_elements_left: TABLE_ELEMENTS, refused_memory: false }
    }

    /// Whether the plugin wanted more memory than it may have. Most end by that, and say no more than any panic does.
    pub(super) fn refused_memory(&self) -> bool {
        self.refused_memory
    }
}

fn take(left: &mut usize, current: usize, desired: usize) -> bool {
    let growth = desired.saturating_sub(current);
    match left.checked_sub(growth) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let granted = maximum.is_none_or(|most| desired <= most) && take(&mut self.memory_left, current, desired);
        self.refused_memory |= !granted;
        Ok(granted)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|most| desired <= most) && take(&mut self.table_elements_left, current, desired))
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        INSTANCES
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn two_memories_share_one_limit() {
        let mut limiter = Limiter::new(&Limits { memory: 100, ..Limits::default() });
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(60, 100, None).unwrap());
    }

    #[test]
    fn a_memory_that_grows_step_by_step_is_charged_for_each_step_once() {
        let mut limiter = Limiter::new(&Limits { memory: 100, ..Limits::default() });
        for size in 0..100 {
            assert!(limiter.memory_growing(size, size + 1, None).unwrap());
        }
        assert!(!limiter.memory_growing(100, 101, None).unwrap());
    }
}
