//! `compare`.

use std::str::FromStr;

use super::open::Purpose;
use super::selector::Selector;
use super::session::Session;
use crate::config::Config;
use crate::error::Result;
use crate::operation::compare::{self, Side};

/// Say where two databases differ
///
/// Reads both and compares every object's definition, and its rows by their number and a digest; neither the order of
/// rows nor that of columns makes a difference. Stores nothing and changes nothing. Ends with exit code 1 if anything
/// differs. Of a backup, which takes the recovery key or a passphrase, only the definitions are read.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An instance, INSTANCE/DATABASE, or a backup by its whole id or as INSTANCE@latest
    source: Named,

    /// What it is compared with, named likewise
    target: Named,

    /// Sessions that read side by side on each server
    #[arg(long, short, value_name = "N", default_value_t = 4, value_parser = super::jobs())]
    jobs: usize,
}

/// A side, as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Instance { name: String, database: Option<String> },
    Backup(Selector),
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((name, database)) = text.split_once('/') {
            if name.is_empty() || database.is_empty() {
                return Err("a database is named INSTANCE/DATABASE".to_owned());
            }
            return Ok(Self::Instance { name: name.to_owned(), database: Some(database.to_owned()) });
        }
        let selector: Selector = text.parse()?;
        Ok(match &selector {
            Selector::Id(name) if selector.whole_id().is_none() => {
                Self::Instance { name: name.clone(), database: None }
            }
            _ => Self::Backup(selector),
        })
    }
}

pub(super) async fn run(args: &Args, session: &Session) -> Result<()> {
    let config = session.config()?;
    let source = side(&args.source, session, &config).await?;
    let target = side(&args.target, session, &config).await?;
    let comparison = compare::run(&source, &target, args.jobs, session.environment(&config)).await?;
    session.ui.result(&comparison)?;
    comparison.same()
}

async fn side(named: &Named, session: &Session, config: &Config) -> Result<Side> {
    match named {
        Named::Instance { name, database } => {
            Ok(Side::Instance { party: session.party(config, name).await?, database: database.clone() })
        }
        Named::Backup(selector) => {
            let repository = session.repository(config, Purpose::Everything).await?;
            let manifest = session.or_cancelled(selector.find(&repository)).await?;
            Ok(Side::Backup { repository, manifest: Box::new(manifest) })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn instances_databases_and_backups_are_told_apart() {
        let instance = |name: &str, database: Option<&str>| Named::Instance {
            name: name.to_owned(),
            database: database.map(str::to_owned),
        };
        let parse = |text: &str| text.parse::<Named>().unwrap();
        assert_eq!(parse("orders"), instance("orders", None));
        assert_eq!(parse("orders/a/b"), instance("orders", Some("a/b")));
        assert_eq!(parse("orders@latest"), Named::Backup(Selector::Latest("orders".to_owned())));
        assert!(matches!(parse("20260131T235959Z-1a2b3c4d"), Named::Backup(_)));
        assert!("orders/".parse::<Named>().is_err());
        assert!("/a".parse::<Named>().is_err());
    }
}
