//! Serves the double of MongoDB until its standard input ends, for the demo and for trying by hand. The first line that it
//! prints is its URL. `--standalone` makes it a server alone.

use std::io::{Write as _, copy, sink, stdin, stdout};

use cofferdam_tests::doubles::mongodb::{Kind, Mongodb, Options};
use cofferdam_tests::error::Result;

fn main() -> Result<()> {
    let mut options = Options::default();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--standalone" => options.kind = Kind::Standalone,
            other => return Err(format!("no such option: {other}").into()),
        }
    }
    let server = Mongodb::start(options)?;
    writeln!(stdout(), "{}", server.full_url())?;
    copy(&mut stdin().lock(), &mut sink())?;
    Ok(())
}
