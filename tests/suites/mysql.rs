//! The main path of MySQL and MariaDB: back up, verify, restore, compare, clone, on a real MariaDB; held against what
//! mariadb-dump says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::servers::Mariadb;

const MINUTES: Duration = Duration::from_secs(300);

/// One of everything.
fn fill(server: &Mariadb, database: &str) {
    server
        .sql("mysql", &format!("CREATE DATABASE {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"))
        .unwrap();
    for file in ["golden.sql", "latin1.sql"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("databases/mariadb").join(file);
        server.run(database, &path).unwrap();
    }
}

fn scene(servers: &[(&str, &Mariadb)]) -> Cofferdam {
    let mut cofferdam = Cofferdam::new().unwrap();
    for (name, server) in servers {
        cofferdam.add_mysql(name, &server.url("golden"), server.password()).unwrap();
    }
    cofferdam.initialize().unwrap();
    cofferdam
}

fn assert_same(before: &[String], after: &[String]) {
    assert!(before.len() > 50, "an empty database proves nothing");
    let missing: Vec<_> = before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}")).collect();
    let new: Vec<_> = after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}")).collect();
    assert!(missing.is_empty() && new.is_empty(), "{}", [missing, new].concat().join("\n"));
    assert!(before == after, "the order differs");
}

#[test]
fn one_of_everything_comes_back_as_mariadb_dump_says_it() {
    let server = Mariadb::start().unwrap();
    fill(&server, "golden");
    let before = server.dump("golden").unwrap();
    let cofferdam = scene(&[("golden", &server)]);
    let id = cofferdam.succeed(&["backup", "golden"], MINUTES).unwrap().stdout.trim().to_owned();
    cofferdam.succeed(&["backups", "verify", &id, "--read-data"], MINUTES).unwrap();
    let restored = cofferdam.succeed(&["restore", &id, "--to", "golden", "--database", "again"], MINUTES).unwrap();
    println!("{}", restored.stderr);
    assert_same(&before, &server.dump("again").unwrap());
    assert_same(&before, &server.dump("golden").unwrap());
    let databases = server.sql("mysql", "SHOW DATABASES LIKE '%cofferdam%'").unwrap();
    assert_eq!(databases, "", "something of the restore is left");
}

#[test]
fn a_clone_is_the_same_on_another_server_and_compare_says_so() {
    let (source, target) = (Mariadb::start().unwrap(), Mariadb::start().unwrap());
    fill(&source, "golden");
    let cofferdam = scene(&[("golden", &source), ("other", &target)]);
    cofferdam.succeed(&["clone", "golden", "other"], MINUTES).unwrap();
    assert_same(&source.dump("golden").unwrap(), &target.dump("golden").unwrap());
    cofferdam.succeed(&["compare", "golden", "other"], MINUTES).unwrap();
    for (change, named) in [
        ("UPDATE tree SET parent = NULL WHERE id = 2", "tree"),
        ("DROP TRIGGER z_first", "TRIGGER z_first"),
        ("ALTER TABLE numbers DROP KEY descending", "TABLE numbers"),
        ("ALTER TABLE hen DROP FOREIGN KEY hatched", "TABLE hen"),
        ("DO NEXTVAL(unused)", "SEQUENCE unused"),
    ] {
        target.sql("golden", change).unwrap();
        let compared = cofferdam.run(&["compare", "golden", "other"], MINUTES).unwrap();
        assert!(!compared.status.success(), "{change} wasn't seen");
        assert!(
            format!("{}{}", compared.stdout, compared.stderr).contains(named),
            "{}{}",
            compared.stdout,
            compared.stderr
        );
    }
}

#[test]
fn a_backup_is_verified_by_restoring_it() {
    let server = Mariadb::start().unwrap();
    fill(&server, "golden");
    let cofferdam = scene(&[("golden", &server)]);
    cofferdam.succeed(&["backup", "golden"], MINUTES).unwrap();
    cofferdam.succeed(&["backups", "verify", "latest", "--restore", "golden"], MINUTES).unwrap();
    assert_eq!(server.sql("mysql", "SHOW DATABASES LIKE '%cofferdam%'").unwrap(), "");
}
