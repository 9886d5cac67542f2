//! The main path of MySQL and MariaDB: back up, verify, restore, compare, clone, on a real MariaDB.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::servers::Mariadb;

const MINUTES: Duration = Duration::from_secs(300);

#[test]
fn a_small_database_comes_back_whole() {
    let server = Mariadb::start().unwrap();
    server.create_database("shop").unwrap();
    server.sql("shop", "CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, v varchar(20), KEY (v)); INSERT INTO t (v) VALUES ('a'), (NULL), ('ä\\n');
        CREATE VIEW v AS SELECT v FROM t;").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_mysql("shop", &server.url("shop"), server.password()).unwrap();
    cofferdam.initialize().unwrap();
    let id = cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap().stdout.trim().to_owned();
    cofferdam.succeed(&["backups", "verify", &id, "--read-data"], MINUTES).unwrap();
    cofferdam.succeed(&["restore", &id, "--to", "shop", "--database", "again"], MINUTES).unwrap();
    assert_eq!(
        server.sql("again", "SELECT * FROM v ORDER BY 1").unwrap(),
        server.sql("shop", "SELECT * FROM v ORDER BY 1").unwrap()
    );
}
