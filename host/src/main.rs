//! The program: parses the command line, runs it, and tells how it went by its exit code.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use cofferdam::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the program can't start its threads\ncause: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli.run());
    // A thread that waits for a file or a terminal mustn't keep the program.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ExitCode::from(code)
}
