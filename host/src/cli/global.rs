//! Options that every command has.

use std::path::PathBuf;

use clap::ValueEnum;

use super::output::{Format, Ui, Verbosity};

/// Options that every command has.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// The configuration, instead of cofferdam.toml in or above the working folder or in ~/.config/cofferdam
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The repository: its name in the configuration, or a URL or path that needs none
    #[arg(long, global = true, value_name = "NAME|URL")]
    pub repository: Option<String>,

    /// Open the repository with the key in this file: a writer key, a recovery key or a passphrase
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,

    /// Print JSON: the result as one object, events and errors as one object a line
    #[arg(long, global = true)]
    pub json: bool,

    /// Tell only results, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Tell more, every unit for one
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// When to use colours: "auto" is on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colours. The variants have no help of their own, so that they take one line in that of every command.
#[allow(missing_docs, reason = "their names say it")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Global {
    pub(super) fn ui(&self) -> Ui {
        match self.color {
            Color::Auto => {}
            Color::Always => console::set_colors_enabled_stderr(true),
            Color::Never => console::set_colors_enabled_stderr(false),
        }
        let format = if self.json { Format::Json } else { Format::Human };
        let verbosity = match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        Ui::new(format, verbosity)
    }
}
