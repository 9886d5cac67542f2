//! Lies in numbers: what a plugin counts is held against what it gives, and no number makes the host fail.
//!
//! What a plugin claims to have read or written and hasn't is in `suites/sandbox.rs`.

use std::time::Duration;

use cofferdam_tests::cofferdam::{Cofferdam, faulty_plugin};
use cofferdam_tests::command::Output;
use cofferdam_tests::failure::assert_fails;

const BOUND: Duration = Duration::from_secs(60);

fn backup(cofferdam: &Cofferdam, fault: &str) -> Output {
    cofferdam.run(&["backup", "odd", "--set", &format!("fault={fault}")], BOUND).unwrap()
}

fn scene() -> Cofferdam {
    let cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_plugin(&faulty_plugin().unwrap(), &[]).unwrap();
    cofferdam.configure("[instances.odd]\nengine = \"faulty\"\nurl = \"faulty://nowhere/\"\n").unwrap();
    cofferdam.initialize().unwrap();
    cofferdam
}

/// Every estimate is as large as a number can be; together they are more.
#[test]
fn estimates_that_cannot_be_harm_nobody() {
    let cofferdam = scene();
    let output = backup(&cofferdam, "huge-estimates");
    assert!(output.status.success(), "{}", output.stderr);
    for arguments in
        [&["backups", "list"][..], &["backups", "show", "odd@latest"], &["backups", "verify", "odd@latest"]]
    {
        cofferdam.succeed(arguments, BOUND).unwrap();
    }
    cofferdam.succeed(&["restore", "odd@latest", "--to", "odd"], BOUND).unwrap();
}

/// The largest number and one are zero, for who counts in 64 bits.
#[test]
fn numbers_that_add_up_only_in_64_bits_do_not_add_up() {
    let cofferdam = scene();
    let words = ["of the kind nothing there are 0, 18446744073709551615 are carried and 1 left out"];
    assert_fails(&backup(&cofferdam, "wrapping"), 1, &words);
}
