//! What the environment may change, and what is installed.

use std::process::Command;
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;
use std::{env, fmt};

use cofferdam_tests::command::run;
use cofferdam_tests::error::Result;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `BENCH_SCALE`: how many times the data, 1 by default.
    pub scale: f64,
    /// `BENCH_JOBS`: sessions side by side, for every tool; one a core by default.
    pub jobs: usize,
    /// `BENCH_ROUNDS`: how often each tool does each task, 3 by default.
    pub rounds: usize,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// If one isn't a number above 0.
    pub fn from_environment() -> Result<Self> {
        let cores = available_parallelism()?.get();
        Ok(Self {
            scale: positive("BENCH_SCALE", 1.0)?,
            jobs: positive("BENCH_JOBS", cores)?,
            rounds: positive("BENCH_ROUNDS", 3)?,
        })
    }
}

/// Whether clones can be compared.
pub fn has_pgcopydb() -> bool {
    run(Command::new("pgcopydb").arg("--version"), Duration::from_secs(10)).is_ok_and(|output| output.status.success())
}

fn positive<T: FromStr + PartialOrd + Default + fmt::Display>(name: &str, default: T) -> Result<T> {
    let Ok(text) = env::var(name) else { return Ok(default) };
    match text.parse::<T>() {
        Ok(number) if number > T::default() => Ok(number),
        _ => Err(format!("{name} must be a number above 0, it is {text:?}").into()),
    }
}
