//! What the environment may change, and what is installed.

use std::process::Command;
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;
use std::{env, fmt};

use cofferdam_tests::command::run;
use cofferdam_tests::error::Result;

use crate::part::Part;

/// How much is done.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `BENCH_SCALE`: how many times the data, 0.5 by default.
    pub scale: f64,
    /// `BENCH_JOBS`: sessions side by side, for every tool; one a core by default.
    pub jobs: usize,
    /// `BENCH_ROUNDS`: how often each tool does each task, 3 by default.
    pub rounds: usize,
    /// `BENCH_PARTS`: names of parts of the mix, with spaces between them; every one by default.
    pub parts: Vec<Part>,
    /// `BENCH_TASKS`: "backup", "restore", "clone", "mongodb", with spaces between them; all by default.
    pub tasks: Vec<String>,
}

/// What can be measured.
const TASKS: [&str; 4] = ["backup", "restore", "clone", "mongodb"];

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// If a number isn't one above 0, or a name isn't known.
    pub fn from_environment() -> Result<Self> {
        let cores = available_parallelism()?.get();
        Ok(Self {
            scale: positive("BENCH_SCALE", 0.5)?,
            jobs: positive("BENCH_JOBS", cores)?,
            rounds: positive("BENCH_ROUNDS", 3)?,
            parts: chosen("BENCH_PARTS", &Part::EVERY, |part| part.name())?,
            tasks: chosen("BENCH_TASKS", &TASKS, |task| task)?.into_iter().map(str::to_owned).collect(),
        })
    }

    /// Whether a task is to be measured.
    pub fn wants(&self, task: &str) -> bool {
        self.tasks.iter().any(|wanted| wanted == task)
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

/// Those of `all` that the variable names; all of them if it isn't set.
fn chosen<T: Copy>(variable: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<Vec<T>> {
    let Ok(text) = env::var(variable) else { return Ok(all.to_vec()) };
    let find = |word: &str| {
        let found = all.iter().copied().find(|one| name(*one) == word);
        found.ok_or_else(|| format!("{variable} names {word:?}, which isn't there").into())
    };
    text.split_whitespace().map(find).collect()
}
