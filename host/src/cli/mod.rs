//! The command line. It parses, opens what a command names, calls the library and prints; what is done is decided
//! elsewhere.
//!
//! A command is a file: an `Args` whose doc comment is the help, and `run`. Folders mirror sub-commands.

mod age;
mod backup;
mod backups;
mod cleanup;
mod clone;
mod compare;
mod comparison;
mod completions;
pub mod exit;
pub mod fault;
mod findings;
mod global;
mod globals;
mod human;
mod instance;
mod interrupt;
mod into;
mod keyfile;
mod manual;
mod open;
mod outcome;
mod output;
mod patience;
mod plugin;
mod problems;
mod progress;
mod prompt;
mod repository;
mod restore;
mod selector;
mod session;
mod several;
mod status;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use clap::builder::styling::{AnsiColor, Style};
use clap::builder::{Styles, TypedValueParser};
use clap::{Parser, Subcommand, value_parser};
use tokio_util::sync::CancellationToken;

use global::Global;
use output::Ui;
use session::Session;

use crate::error::Result;

const STYLES: Styles = Styles::styled()
    .header(Style::new().bold())
    .usage(Style::new().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(AnsiColor::Green.on_default());

/// Backs up, restores and clones databases.
///
/// Every backup is consistent, encrypted, deduplicated, and read back before it counts. An engine plugin knows the
/// database; it runs in a sandbox, and neither opens a connection by itself nor sees a password.
#[derive(Debug, Parser)]
#[command(
    name = "cofferdam",
    version,
    styles = STYLES,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = format!("{FIRST_BACKUP}\n\n`cofferdam help COMMAND` tells more; `--help` here, about configuration and exit codes."),
    after_long_help = [FIRST_BACKUP, CONFIGURATION, OUTPUT, exit::HELP].join("\n\n"),
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const FIRST_BACKUP: &str = "\
A first backup:
  cofferdam plugin add postgresql.wasm
  cofferdam repository init          make the repository that cofferdam.toml names, and its keys
  cofferdam instance check orders    could a backup of this instance work?
  cofferdam backup orders
  cofferdam backups list
  cofferdam restore orders@latest --to staging";

const CONFIGURATION: &str = "\
Configuration, in cofferdam.toml in the working folder or above it, or in ~/.config/cofferdam/:
  [repositories.main]
  url = \"file:///var/backups/cofferdam\"
  writer-key = { file = \"/etc/cofferdam/main.writer\" }

  [instances.orders]
  engine = \"postgresql\"
  url = \"postgresql://backup@db.internal:5432/orders?sslmode=verify-full\"
  password = { file = \"/run/secrets/orders\" }
  # or { env = \"NAME\" }, or { command = [\"pass\", \"orders\"] }; never the password itself

Engines are plugins; cofferdam.lock beside it says which may run, and `cofferdam plugin add` writes that.";

/// Each paragraph is one line, for clap to wrap.
const OUTPUT: &str = "\
Results go to standard output; progress, warnings and errors to standard error. With --json a result is one JSON \
object, and standard error has one JSON object a line: events, each with \"event\", and last of all, if it failed, \
an \"error\" with code, message, causes and hint.";

#[derive(Debug, Subcommand)]
enum Command {
    Backup(backup::Args),
    Restore(restore::Args),
    Clone(clone::Args),
    Compare(compare::Args),
    #[command(subcommand)]
    Backups(backups::Command),
    #[command(subcommand)]
    Instance(instance::Command),
    #[command(subcommand)]
    Repository(repository::Command),
    #[command(subcommand)]
    Plugin(plugin::Command),
    Status(status::Args),
    Cleanup(cleanup::Args),
    Completions(completions::Args),
    Manual(manual::Args),
}

impl Cli {
    /// Runs the command and gives the exit code; whatever went wrong has been told by then.
    pub async fn run(self) -> u8 {
        let ui = Arc::new(self.global.ui());
        match self.dispatch(&ui).await {
            Ok(()) => exit::OK,
            Err(error) => {
                let code = exit::code(&error);
                ui.failure(error);
                code
            }
        }
    }

    async fn dispatch(self, ui: &Arc<Ui>) -> Result<()> {
        let cancel = CancellationToken::new();
        interrupt::listen(cancel.clone(), Arc::clone(ui))?;
        let session = Session::new(Arc::clone(ui), self.global, cancel);
        match self.command {
            Command::Backup(args) => backup::run(args, &session).await,
            Command::Restore(args) => restore::run(args, &session).await,
            Command::Clone(args) => clone::run(args, &session).await,
            Command::Compare(args) => compare::run(&args, &session).await,
            Command::Backups(command) => command.run(&session).await,
            Command::Instance(command) => command.run(&session).await,
            Command::Repository(command) => command.run(&session).await,
            Command::Plugin(command) => command.run(&session).await,
            Command::Status(args) => status::run(&args, &session).await,
            Command::Cleanup(args) => cleanup::run(args, &session).await,
            Command::Completions(args) => completions::run(&args, &session),
            Command::Manual(args) => manual::run(&args, &session),
        }
    }
}

/// A number of sessions: at least one, and not more than a server stands.
fn jobs() -> impl TypedValueParser<Value = usize> {
    value_parser!(u16).range(1..=256).map(usize::from)
}

/// `NAME=VALUE`.
fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a setting is written NAME=VALUE".to_owned()),
    }
}
