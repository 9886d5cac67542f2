//! Engines that are in use, on real servers, with the descriptions that are beside them.

use std::env;
use std::path::{Path, PathBuf};

use cofferdam_tests::cofferdam::{Cofferdam, mysql_plugin, postgresql_plugin};
use cofferdam_tests::servers::{Major, Mariadb, Postgresql};

use crate::kit::{assert_held, test};

fn quirks(plugin: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(plugin).join("conformance.toml")
}

#[test]
fn postgresql_holds_every_check() {
    let server = Postgresql::start(Major::V15).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("own", &server, "postgres").unwrap();
    let client = server.client("psql", "postgres").unwrap();
    let programs = Path::new(client.get_program()).parent().unwrap().display().to_string();
    cofferdam.set_secret("PATH", &format!("{programs}:{}", env::var("PATH").unwrap()));
    for (name, value) in client.get_envs().filter(|(name, _)| *name != "PGDATABASE") {
        cofferdam.set_secret(name.to_str().unwrap(), value.unwrap().to_str().unwrap());
    }
    let found = test(&cofferdam, &postgresql_plugin().unwrap(), "own", &["postgres"], &quirks("postgresql"));
    assert_held(&found, &["full-target"]);
    let databases = server.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE '%cofferdam%'").unwrap();
    assert_eq!(databases, "");
}

#[test]
fn mariadb_holds_every_check() {
    let server = Mariadb::start().unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    let url = server.url("mysql");
    cofferdam.add_mysql("own", &url, server.password()).unwrap();
    let port = url.rsplit_once(':').and_then(|(_, rest)| rest.split_once('/')).unwrap().0;
    cofferdam.set_secret("MYSQL_HOST", "127.0.0.1");
    cofferdam.set_secret("MYSQL_TCP_PORT", port);
    cofferdam.set_secret("MYSQL_PWD", server.password());
    let grants = ["tcp", "secrets", "secret-write"];
    let found = test(&cofferdam, &mysql_plugin().unwrap(), "own", &grants, &quirks("mysql"));
    assert_held(&found, &["full-target"]);
    assert_eq!(server.sql("mysql", "SHOW DATABASES LIKE '%cofferdam%'").unwrap(), "");
}
