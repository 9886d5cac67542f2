//! The test servers themselves: every major starts, speaks, and leaves nothing behind.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use cofferdam_tests::command::run;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::error::Result;
use cofferdam_tests::servers::{Authentication, Major, Options, Postgresql};

#[test]
fn every_major_starts_and_is_gone_afterwards() -> Result<()> {
    for major in Major::ALL {
        let server = Postgresql::start(major)?;
        let version = server.sql("postgres", "SHOW server_version_num")?;
        assert_eq!(version.trim().parse::<u32>()? / 10_000, major.number());
        let folder = server.socket_folder().to_owned();
        drop(server);
        assert!(!folder.exists(), "{} is still there", folder.display());
    }
    Ok(())
}

#[test]
fn a_wrong_password_is_refused() -> Result<()> {
    for authentication in [Authentication::Scram, Authentication::Md5, Authentication::Password] {
        let options = Options { authentication, ..Options::new(Major::V15) };
        let server = Postgresql::start_with(&options)?;
        let mut psql = server.client("psql", "postgres")?;
        let output = run(psql.env("PGPASSWORD", "wrong").args(["-X", "-c", "SELECT 1"]), Duration::from_secs(10))?;
        assert!(!output.status.success(), "{authentication:?} let a wrong password in");
        assert_eq!(server.sql("postgres", "SELECT 1")?, "1\n");
    }
    Ok(())
}

#[test]
fn the_certificate_is_good_for_verify_full() -> Result<()> {
    let server = Postgresql::start_with(&Options { tls: true, ..Options::new(Major::V15) })?;
    let mut psql = server.client("psql", "postgres")?;
    psql.env("PGSSLMODE", "verify-full").env("PGSSLROOTCERT", server.authority().unwrap());
    psql.args(["-X", "-A", "-t", "-c", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"]);
    assert_eq!(run(&mut psql, Duration::from_secs(10))?.stdout, "t\n");
    Ok(())
}

#[test]
fn one_changed_value_row_column_or_sequence_is_a_difference() -> Result<()> {
    let server = Postgresql::start(Major::V15)?;
    let script = "CREATE TABLE \"a\nb\" (id serial, t text); INSERT INTO \"a\nb\" (t) VALUES ('x'), (NULL), ('');";
    for name in ["one", "two"] {
        server.create_database(name)?;
        server.sql(name, script)?;
    }
    let one = Portrait::take(&server, "one")?;
    assert_eq!(one.differences(&Portrait::take(&server, "two")?)?, Vec::<String>::new());
    assert_eq!((one.relations(), one.rows(), one.sequences()), (1, 3, 1));

    let changes = [
        ("UPDATE \"a\nb\" SET t = '' WHERE t IS NULL", "UPDATE \"a\nb\" SET t = NULL WHERE id = 2"),
        ("INSERT INTO \"a\nb\" VALUES (9, 'x')", "DELETE FROM \"a\nb\" WHERE id = 9"),
        ("SELECT nextval('\"a\nb_id_seq\"')", "SELECT setval('\"a\nb_id_seq\"', 3)"),
        ("ALTER TABLE \"a\nb\" ALTER t SET DEFAULT 'x'", "ALTER TABLE \"a\nb\" ALTER t DROP DEFAULT"),
    ];
    for (change, back) in changes {
        server.sql("two", change)?;
        assert_eq!(one.differences(&Portrait::take(&server, "two")?)?.len(), 1, "{change}");
        server.sql("two", back)?;
    }
    Ok(())
}
