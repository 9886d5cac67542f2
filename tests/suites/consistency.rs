//! A backup under load is one moment of the database, whatever happens beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::process::{Child, Stdio};
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

/// Two tables of accounts, each large enough for a unit of its own, and one that is rewritten all the time.
const TABLES: &str = "
    CREATE TABLE here  (id int PRIMARY KEY, balance bigint NOT NULL, note text NOT NULL);
    CREATE TABLE there (id int PRIMARY KEY, balance bigint NOT NULL, note text NOT NULL);
    INSERT INTO here  SELECT i, 1000, repeat(md5(i::text), 4) FROM generate_series(1, 40000) i;
    INSERT INTO there SELECT i, 1000, repeat(md5(i::text), 4) FROM generate_series(1, 40000) i;
    CREATE TABLE rewritten (value bigint NOT NULL);
    INSERT INTO rewritten SELECT generate_series(1, 1000);
";

/// Moves money from one table to the other, a transaction for each move, so that the sum never changes.
const MOVES: &str = "
    DO $$ DECLARE giver int; taker int; BEGIN LOOP
        giver := 1 + floor(random() * 40000)::int;
        taker := 1 + floor(random() * 40000)::int;
        UPDATE here  SET balance = balance - 1 WHERE id = giver;
        UPDATE there SET balance = balance + 1 WHERE id = taker;
        COMMIT;
    END LOOP; END $$;
";

/// Empties and refills a table, and rewrites it in the two other ways that leave nothing for an older snapshot.
const REWRITES: &str = "
    DO $$ BEGIN FOR i IN 1..50 LOOP
        TRUNCATE rewritten;
        INSERT INTO rewritten SELECT generate_series(1, 1000);
        COMMIT;
        ALTER TABLE rewritten ALTER COLUMN value TYPE numeric;
        COMMIT;
        ALTER TABLE rewritten ALTER COLUMN value TYPE bigint;
        COMMIT;
    END LOOP; END $$;
    VACUUM FULL rewritten;
";

/// A load that runs until it is dropped.
struct Load(Child);

impl Load {
    /// Runs `sql` in `shop` again and again.
    fn start(server: &Postgresql, sql: &str) -> Self {
        let psql = server.major().client("psql").unwrap();
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", "while \"$1\" -X -q -c \"$2\"; do :; done", "load"]).arg(psql).arg(sql);
        server.connect(&mut shell, "shop");
        Self(shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Backs up and restores `times` under load; gives back the sums of both tables that came out, and the least number of
/// rows in the table that is never seen empty.
fn restored(settings: &[&str], times: usize) -> (Vec<String>, u64) {
    let server = Postgresql::start(Major::V15).unwrap();
    server.create_database("shop").unwrap();
    server.sql("shop", TABLES).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_instance("shop", &server, "shop").unwrap();
    cofferdam.initialize().unwrap();
    let loads = [Load::start(&server, MOVES), Load::start(&server, MOVES), Load::start(&server, REWRITES)];
    let ids: Vec<String> = (0..times)
        .map(|_| {
            let arguments = [&["backup", "shop", "--jobs", "2"], settings].concat();
            cofferdam.succeed(&arguments, MINUTES).unwrap().stdout.trim().to_owned()
        })
        .collect();
    drop(loads);
    server.sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop'").unwrap();
    let mut sums = Vec::new();
    let mut fewest = u64::MAX;
    for (n, id) in ids.iter().enumerate() {
        let name = format!("restored_{n}");
        cofferdam.succeed(&["restore", id, "--to", "shop", "--database", &name], MINUTES).unwrap();
        let sum = "SELECT (SELECT sum(balance) FROM here) + (SELECT sum(balance) FROM there)";
        sums.push(server.sql(&name, sum).unwrap().trim().to_owned());
        let rows = server.sql(&name, "SELECT count(*) FROM rewritten").unwrap();
        fewest = fewest.min(rows.trim().parse().unwrap());
    }
    (sums, fewest)
}

#[test]
fn money_that_moves_between_units_is_neither_lost_nor_doubled() {
    let (sums, fewest) = restored(&[], 4);
    assert_eq!(sums, ["80000000"; 4]);
    assert_eq!(fewest, 1000, "a table that was never empty was restored with {fewest} rows");
}

/// The same, with every worker in a snapshot of its own: if this came out right, the test above would prove nothing.
#[test]
fn without_one_snapshot_for_all_workers_money_goes_missing() {
    let (sums, _) = restored(&["--set", "join-snapshot=off"], 4);
    assert!(sums.iter().any(|sum| sum != "80000000"), "the load never got between two snapshots");
}
