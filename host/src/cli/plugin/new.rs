//! `plugin new`.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::session::Session;
use crate::error::Result;
use crate::plugin::new;

/// Write the crate of a new engine, which builds, passes its tests and runs
///
/// It is an engine for a toy server that is in the crate too, to be changed piece by piece into one for yours; its README.md
/// says how. The SDK and the contract are in the crate as well, so it needs nothing of Cofferdam's but this program. Prints
/// the crate's folder.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The engine's name: lower-case letters, digits and hyphens
    name: String,

    /// The language that it is written in
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    lang: Language,
}

/// A language that there is an SDK for.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Language {
    Rust,
}

/// The crate.
#[derive(Serialize)]
struct Made {
    folder: PathBuf,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<()> {
    let Language::Rust = args.lang;
    let folder = new::create(Path::new("."), &args.name)?;
    session.ui.say(&format!("its README.md says how to go on: cd {} && cargo test", args.name));
    session.ui.result(&Made { folder })
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.folder.display())
    }
}
