//! What the demo prints: numbered steps, the commands as one could type them, times and sizes.

use std::time::Duration;

/// The page so far.
#[derive(Debug, Default)]
pub struct Page {
    steps: u32,
}

impl Page {
    /// The head of the page.
    pub fn title(&self, text: &str) {
        println!("{text}\n{}", "=".repeat(text.chars().count()));
    }

    /// The next step.
    pub fn step(&mut self, text: &str) {
        self.steps += 1;
        println!("\n{}. {text}", self.steps);
    }

    /// A line of explanation.
    pub fn say(&self, text: &str) {
        println!("   {text}");
    }

    /// A command, as one could type it.
    pub fn command(&self, text: &str) {
        println!("   $ {text}");
    }

    /// What a command printed.
    pub fn output(&self, text: &str) {
        for line in text.lines() {
            println!("   | {line}");
        }
    }
}

/// Seconds with one decimal.
pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Decimal megabytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}
