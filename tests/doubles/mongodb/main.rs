//! Serves the double of MongoDB until its standard input ends, for the demo and for trying by hand. The first line that it
//! prints is its URL. `--standalone` makes it a server alone, `--login NAME:PASSWORD` gives it a user.

use std::io::{Write as _, copy, sink, stdin, stdout};

use cofferdam_tests::doubles::mongodb::{Kind, Mongodb, Options, User};
use cofferdam_tests::error::Result;

fn main() -> Result<()> {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--standalone" => options.kind = Kind::Standalone,
            "--login" => {
                let login = arguments.next().unwrap_or_default();
                let (name, password) = login.split_once(':').ok_or("--login needs NAME:PASSWORD")?;
                options.user = Some(User { name: name.into(), password: password.into() });
            }
            other => return Err(format!("no such option: {other}").into()),
        }
    }
    let server = Mongodb::start(options)?;
    writeln!(stdout(), "{}", server.full_url())?;
    copy(&mut stdin().lock(), &mut sink())?;
    Ok(())
}
