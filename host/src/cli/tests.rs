//! The command line as a whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::Cli;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("cofferdam").chain(line.split_whitespace()))
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_line_of_the_documentation_is_understood() {
    for line in [
        "repository init",
        "repository init main",
        "repository check --read-data --quarantine",
        "repository prune --dry-run",
        "repository key list --json",
        "repository key add --writer web-1 --output /etc/x",
        "repository key add --passphrase",
        "repository key add --recovery safe",
        "repository key remove 0123456789abcdef",
        "instance list",
        "instance show orders",
        "instance check orders --for restore",
        "backup orders",
        "backup orders --database shop --only public.* --except public.log --jobs 8 --tag nightly --tag full",
        "backup orders --set statement-timeout=0",
        "backup orders --all-databases --jobs 2",
        "backups list",
        "backups list orders --tag nightly",
        "backups show latest -v",
        "backups verify 20260131T235959Z-1a2b3c4d --read-data",
        "backups export orders@latest /mnt/orders --only public.* --except public.log --jobs 2",
        "backups import /mnt/dump --instance orders --tag old",
        "backups forget 20260131 orders@latest --dry-run",
        "backups forget --keep-last 3 --keep-hourly 24 --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --keep-yearly 9",
        "backups forget --keep-within 30d --dry-run",
        "repository copy --to offsite --to-key-file /etc/x latest",
        "status",
        "status orders --max-age 26h",
        "restore orders@latest --to staging --database shop_copy --jobs 2 --dry-run",
        "--repository file:///mnt/x --key-file /media/key restore latest --to staging",
        "restore latest --to staging --repository main -q",
        "clone orders staging --database shop --as shop_copy --jobs 2",
        "cleanup 0123456789ab --instance staging",
        "plugin list",
        "plugin inspect postgresql.wasm",
        "plugin add postgresql.wasm",
        "plugin add https://plugins.example/mysql.wasm --digest sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad --yes --grant tcp --grant secrets",
        "plugin add target/plugins/mine.wasm --allow-unsigned --allow-downgrade",
        "plugin remove postgresql",
        "plugin keygen publisher.key",
        "plugin sign mine.wasm --key publisher.key",
        "plugin build",
        "plugin build plugins/postgresql --output target/plugins/postgresql.wasm",
        "completions bash",
        "manual /tmp/man",
    ] {
        if let Err(error) = parse(line) {
            panic!("{line}: {error}");
        }
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (line, kind) in [
        ("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
        ("backup", ErrorKind::MissingRequiredArgument),
        ("backup orders --jobs 0", ErrorKind::ValueValidation),
        ("backup orders --set x", ErrorKind::ValueValidation),
        ("restore latest", ErrorKind::MissingRequiredArgument),
        ("restore orders@yesterday --to staging", ErrorKind::ValueValidation),
        ("backups forget", ErrorKind::MissingRequiredArgument),
        ("backups forget latest --keep-last 1", ErrorKind::ArgumentConflict),
        ("backups forget --keep-last 0", ErrorKind::ValueValidation),
        ("backup orders --all-databases --database shop", ErrorKind::ArgumentConflict),
        ("repository copy", ErrorKind::MissingRequiredArgument),
        ("status --max-age soon", ErrorKind::ValueValidation),
        ("repository key add", ErrorKind::MissingRequiredArgument),
        ("repository key add --writer a --passphrase", ErrorKind::ArgumentConflict),
        ("cleanup 0123456789ab", ErrorKind::MissingRequiredArgument),
        ("instance list -q -v", ErrorKind::ArgumentConflict),
        ("bakcup orders", ErrorKind::InvalidSubcommand),
    ] {
        assert_eq!(parse(line).expect_err(line).kind(), kind, "{line}");
    }
}

#[test]
fn every_command_and_argument_has_a_help() {
    fn look(command: &clap::Command, path: &str) {
        for argument in command.get_arguments().filter(|a| !matches!(a.get_id().as_str(), "help" | "version")) {
            assert!(argument.get_help().is_some(), "{path} {}", argument.get_id());
        }
        for sub in command.get_subcommands() {
            let path = format!("{path} {}", sub.get_name());
            assert!(sub.get_about().is_some(), "{path}");
            look(sub, &path);
        }
    }
    look(&Cli::command(), "cofferdam");
}
