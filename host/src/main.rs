//! The program: parses the command line, runs it, and tells how it went by its exit code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use cofferdam::cli::{Cli, exit, fault};

fn main() -> ExitCode {
    fault::tell_only_where();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the program can't start its threads\ncause: {error}");
            return ExitCode::FAILURE;
        }
    };
    // A fault of ours has been told by then.
    let code = catch_unwind(AssertUnwindSafe(|| runtime.block_on(cli.run()))).unwrap_or(exit::FAILED);
    // A thread that waits for a file or a terminal mustn't keep the program.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ExitCode::from(code)
}
