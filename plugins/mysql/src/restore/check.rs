//! What a restore would meet, before anything is changed.

use cofferdam_sdk::engine::{Finding, Source};
use cofferdam_sdk::{Result, options};

use crate::backup::{FETCHES, HISTORY};
use crate::catalog;
use crate::catalog::grants::Grants;
use crate::session::Session;
use crate::sql;

/// Everything that stands against it, or that the operator should know.
///
/// # Errors
/// What the server says.
pub async fn check(
    server: &mut Session,
    source: &Source,
    database: &str,
    if_exists: &str,
    neutral: bool,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut find = |severity: &str, what: String, remedy: Option<String>| {
        findings.push(Finding { severity: severity.to_owned(), object: database.to_owned(), what, remedy });
    };
    if if_exists != "fail" {
        find("blocker", format!("--if-exists {if_exists} isn't possible with this engine"), None);
    }
    match catalog::database(server, database).await {
        Ok(_) if catalog::is_empty(server, database).await? => {}
        Ok(_) => find(
            "blocker",
            "the database is there already and holds something".to_owned(),
            Some(format!("choose another name with --database, or DROP DATABASE {}", sql::name(database))),
        ),
        Err(error) if error.code == "not-found" => {}
        Err(error) => return Err(error),
    }
    let lacking = Grants::read(server).await?.missing(&crate::instance::RESTORE, Some(database));
    if let Some(missing) = lacking {
        find("warning", missing.what, Some(missing.remedy));
    }
    let is_mariadb = |version: &str| version.contains("MariaDB");
    if is_mariadb(&source.server_version) != server.is_mariadb() {
        let what = format!(
            "the backup is of {}, and this is {}: not every definition has a twin",
            source.server_version, server.version
        );
        find("warning", what, None);
    }
    let history = source.units.iter().any(|unit| options::get(&unit.extra, HISTORY).is_some());
    if history && !server.is_mariadb_since(10, 11) {
        find("blocker", format!("{} can't take the history of system-versioned tables", server.version), None);
    }
    if neutral && source.units.iter().any(|unit| options::get(&unit.extra, FETCHES).is_some()) {
        find(
            "blocker",
            "a table fetches its rows from elsewhere, and --neutral can't keep it from that".to_owned(),
            None,
        );
    }
    let packet = server.column("SELECT @@GLOBAL.max_allowed_packet").await?;
    let packet: u64 = packet.first().and_then(|packet| packet.parse().ok()).unwrap_or(u64::MAX);
    let needed = options::get(&source.extra, "max_allowed_packet").and_then(|packet| packet.parse().ok()).unwrap_or(0);
    if packet < needed {
        let what = format!("max_allowed_packet is {packet} here and {needed} on the source: long rows may be refused");
        find("warning", what, Some(format!("SET GLOBAL max_allowed_packet = {needed}")));
    }
    Ok(findings)
}
