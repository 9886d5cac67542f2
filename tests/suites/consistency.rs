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

/// A server with the tables, and the loads on it.
struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
    _loads: [Load; 3],
}

impl Scene {
    fn new() -> Self {
        let server = Postgresql::start(Major::V15).unwrap();
        server.create_database("shop").unwrap();
        server.sql("shop", TABLES).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("shop", &server, "shop").unwrap();
        cofferdam.initialize().unwrap();
        let loads = [Load::start(&server, MOVES), Load::start(&server, MOVES), Load::start(&server, REWRITES)];
        Self { server, cofferdam, _loads: loads }
    }

    /// Backs up and restores under the loads; gives back the sum of both tables that came out, and the rows of the table
    /// that is never seen empty.
    fn there_and_back(&self, settings: &[&str]) -> (String, String) {
        let arguments = [&["backup", "shop", "--jobs", "2"], settings].concat();
        let id = self.cofferdam.succeed(&arguments, MINUTES).unwrap().stdout.trim().to_owned();
        self.cofferdam.succeed(&["restore", &id, "--to", "shop", "--database", "restored"], MINUTES).unwrap();
        let sum = "SELECT (SELECT sum(balance) FROM here) + (SELECT sum(balance) FROM there)";
        let sum = self.server.sql("restored", sum).unwrap().trim().to_owned();
        let rows = self.server.sql("restored", "SELECT count(*) FROM rewritten").unwrap().trim().to_owned();
        self.server.sql("postgres", "DROP DATABASE restored").unwrap();
        (sum, rows)
    }
}

const SUM: &str = "80000000";

#[test]
fn money_that_moves_between_units_is_neither_lost_nor_doubled() {
    let scene = Scene::new();
    for _ in 0..4 {
        assert_eq!(scene.there_and_back(&[]), (SUM.to_owned(), "1000".to_owned()));
    }
}

/// The same, with every worker in a snapshot of its own: if this came out right, the test above would prove nothing. Two
/// snapshots may be taken between the same two moves, so it gets more tries than one.
#[test]
fn without_one_snapshot_for_all_workers_money_goes_missing() {
    let scene = Scene::new();
    let wrong = (0..40).any(|_| scene.there_and_back(&["--set", "join-snapshot=off"]).0 != SUM);
    assert!(wrong, "the load never got between two snapshots");
}
