//! The faults that can happen at any place: `PLACE-WHAT`, as in `read-panic`.

use cofferdam_sdk::report::{Level, log, progress};
use cofferdam_sdk::{Error, Options, Result, options};
use std::hint::black_box;

/// What a terminal would obey, and what a reader wouldn't see.
pub const ESCAPES: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\r\n";

/// The fault that was asked for.
pub struct Fault(String);

impl Fault {
    /// Out of the operation's settings.
    pub fn chosen(settings: &Options) -> Self {
        Self(options::get(settings, "fault").unwrap_or("none").to_owned())
    }

    /// Whether it is this one.
    pub fn is(&self, name: &str) -> bool {
        self.0 == name
    }

    /// What goes wrong at this place, if anything does.
    pub fn of(&self, place: &str) -> Option<&str> {
        self.0.strip_prefix(place)?.strip_prefix('-')
    }

    /// Misbehaves, if the fault is one of this place.
    pub async fn strike(&self, place: &str) -> Result<()> {
        match self.of(place) {
            Some("panic") => panic!("on request, in {place}"),
            Some("spin") => loop {
                black_box(place);
            },
            Some("hang") => std::future::pending().await,
            Some("memory") => {
                let mut kept = Vec::new();
                loop {
                    kept.push(black_box(vec![1_u8; 1 << 20]));
                }
            }
            Some("stack") => {
                black_box(descend(1));
                Ok(())
            }
            Some("chatter") => {
                for n in 0..10_000_000_u64 {
                    log(Level::Warn, "");
                    progress("", n, None);
                }
                Ok(())
            }
            Some("escapes") => {
                log(Level::Warn, &format!("log {ESCAPES}"));
                Err(Error::internal(format!("error {ESCAPES}")).with_hint(format!("hint {ESCAPES}")))
            }
            Some("verbose") => Err(Error::internal("long ".repeat(10_000_000))),
            _ => Ok(()),
        }
    }
}

fn descend(depth: u64) -> u64 {
    let here = black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { descend(depth + 1) + here.iter().sum::<u64>() }
}
