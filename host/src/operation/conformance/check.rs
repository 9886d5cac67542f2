//! What is checked, and what it would mean to a user if it didn't hold.

use serde::Serialize;

/// A check of the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The usual.
    RoundTrip,
    /// What seldom happens to be there.
    OddThings,
    /// A database that holds nothing.
    Empty,
    /// From one database to another, without a repository.
    Clone,
    /// While somebody writes.
    UnderLoad,
    /// That the engine counts.
    Counts,
    /// A restore to where something is.
    Occupied,
    /// A unit whose stream breaks off.
    BrokenOff,
    /// A unit that is written again, though it was written.
    Repeated,
    /// Ctrl-C while a backup is made.
    CancelledBackup,
    /// Ctrl-C while a restore is made.
    CancelledRestore,
    /// A server that takes nothing more.
    FullTarget,
    /// A login that must fail.
    WrongPassword,
    /// What the kit and the engine have made is gone.
    NothingLeft,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It is as it must be.
    Held,
    /// It isn't.
    Lost {
        /// What happened.
        what: String,
    },
    /// Nobody knows.
    Untested {
        /// Why not.
        why: String,
    },
}

/// A check that was made, or couldn't be.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// Its name.
    pub check: &'static str,
    /// What must be so.
    pub rule: &'static str,
    /// What a user loses where it isn't.
    pub loss: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Check {
    /// Those that are made one after the other. What is left is looked for at the end.
    pub(super) const ALL: [Self; 13] = [
        Self::RoundTrip,
        Self::OddThings,
        Self::Empty,
        Self::Clone,
        Self::UnderLoad,
        Self::Counts,
        Self::Occupied,
        Self::BrokenOff,
        Self::Repeated,
        Self::CancelledBackup,
        Self::CancelledRestore,
        Self::FullTarget,
        Self::WrongPassword,
    ];

    /// Its name, as in `[untested]`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RoundTrip => "round-trip",
            Self::OddThings => "odd-things",
            Self::Empty => "empty",
            Self::Clone => "clone",
            Self::UnderLoad => "under-load",
            Self::Counts => "counts",
            Self::Occupied => "occupied",
            Self::BrokenOff => "broken-off",
            Self::Repeated => "repeated",
            Self::CancelledBackup => "cancelled-backup",
            Self::CancelledRestore => "cancelled-restore",
            Self::FullTarget => "full-target",
            Self::WrongPassword => "wrong-password",
            Self::NothingLeft => "nothing-left",
        }
    }

    /// What must be so.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::RoundTrip => "a backup that was restored is what was backed up",
            Self::OddThings => "so is one of odd names, empty objects and strange rows",
            Self::Empty => "so is one of a database that holds nothing",
            Self::Clone => "a clone is what was cloned",
            Self::UnderLoad => "a backup or a clone made while others write shows one moment",
            Self::Counts => "the engine counts its objects apart from reading them",
            Self::Occupied => "a restore touches no database that holds something",
            Self::BrokenOff => "nothing stays of a unit whose stream broke off",
            Self::Repeated => "a unit that is written twice is there once",
            Self::CancelledBackup => "a backup that is cancelled ends at once and changes nothing",
            Self::CancelledRestore => "a restore that is cancelled ends at once and leaves nothing",
            Self::FullTarget => "a restore to a full server fails, and leaves nothing",
            Self::WrongPassword => "a wrong password is refused, and told as such",
            Self::NothingLeft => "after all operations nothing is left on the server",
        }
    }

    /// What a user loses where it isn't so.
    pub(super) fn loss(self) -> &'static str {
        match self {
            Self::RoundTrip => "rows or objects: after a disaster they would be missing or altered",
            Self::OddThings => "just the tables with an unusual name or content",
            Self::Empty => {
                "the backup of a database that was just made, and with it every job that backs up all of them"
            }
            Self::Clone => "rows or objects of a copy that is taken for the whole",
            Self::UnderLoad => {
                "the connection between rows: orders without customers, money that is there twice or not at all"
            }
            Self::Counts => "the alarm: what the engine forgets to read, nobody would miss before the disaster",
            Self::Occupied => "the database that was there",
            Self::BrokenOff => "the certainty that a restored table is whole: half of one would pass for all of it",
            Self::Repeated => "uniqueness: rows would be there twice after any hiccup of the network",
            Self::CancelledBackup => "a server's locks, sessions or disk space to a backup that somebody has stopped",
            Self::CancelledRestore => {
                "disk space to half a database, or worse: half a database that passes for a whole one"
            }
            Self::FullTarget => "the truth: a restore would be called done that isn't",
            Self::WrongPassword => "hours of searching, or a backup of what anybody may see",
            Self::NothingLeft => "disk space, operation by operation",
        }
    }
}
