//! MySQL and MariaDB when something goes wrong beside a backup or a restore, on a real MariaDB: writes, kills, a server that
//! goes away, users who may too little, values that are too long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::servers::Mariadb;

const MINUTES: Duration = Duration::from_secs(300);

struct Scene {
    server: Mariadb,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new(sql: &str) -> Self {
        Self::with(&[], sql)
    }

    fn with(settings: &[&str], sql: &str) -> Self {
        let server = Mariadb::start_with(false, settings).unwrap();
        server.create_database("shop").unwrap();
        server.sql("shop", sql).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mysql("shop", &server.url("shop"), server.password()).unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam }
    }

    fn succeed(&self, arguments: &[&str]) -> String {
        self.cofferdam.succeed(arguments, MINUTES).unwrap().stdout.trim().to_owned()
    }

    fn fail(&self, arguments: &[&str]) -> String {
        let output = self.cofferdam.run(arguments, MINUTES).unwrap();
        assert!(!output.status.success(), "{arguments:?} succeeded");
        output.stderr
    }

    fn restore_again(&self) {
        self.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    }

    fn ask(&self, database: &str, sql: &str) -> String {
        self.server.sql(database, sql).unwrap().trim().to_owned()
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.cofferdam.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// A load that runs until it is dropped.
    fn load(&self, sql: &str) -> Load {
        let mut client = self.server.client("mariadb").unwrap();
        client.args(["--force", "shop", "-e", sql]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Load(client.spawn().unwrap())
    }

    fn is_left_alone(&self) {
        let ours = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'backup'";
        let since = Instant::now();
        while self.ask("mysql", ours) != "0" {
            assert!(since.elapsed() < Duration::from_secs(60), "a session of ours is still there");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

struct Load(Child);

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Two tables of accounts, read by two workers, and what moves money from one to the other.
const ACCOUNTS: &str = "
    CREATE TABLE here  (id int PRIMARY KEY, balance bigint NOT NULL, note text NOT NULL);
    CREATE TABLE there (id int PRIMARY KEY, balance bigint NOT NULL, note text NOT NULL);
    INSERT INTO here  SELECT seq, 1000, repeat(md5(seq), 4) FROM seq_1_to_20000;
    INSERT INTO there SELECT seq, 1000, repeat(md5(seq), 4) FROM seq_1_to_20000;
    CREATE TABLE emptied (id int PRIMARY KEY, t text);
    INSERT INTO emptied SELECT seq, repeat('x', 500) FROM seq_1_to_1000;
    DELIMITER //
    CREATE PROCEDURE move() BEGIN DECLARE giver, taker int; LOOP
        SET giver = 1 + FLOOR(RAND() * 20000), taker = 1 + FLOOR(RAND() * 20000);
        START TRANSACTION;
        UPDATE here  SET balance = balance - 1 WHERE id = giver;
        UPDATE there SET balance = balance + 1 WHERE id = taker;
        COMMIT;
    END LOOP; END//
    CREATE PROCEDURE rewrite() BEGIN LOOP
        TRUNCATE emptied;
        INSERT INTO emptied SELECT seq, repeat('x', 500) FROM seq_1_to_1000;
        ALTER TABLE emptied FORCE;
    END LOOP; END//
    DELIMITER ;
";

#[test]
fn money_that_moves_while_tables_are_read_side_by_side_is_neither_lost_nor_doubled() {
    let scene = Scene::new(ACCOUNTS);
    let _loads = [scene.load("CALL move()"), scene.load("CALL move()"), scene.load("CALL move()")];
    for _ in 0..4 {
        scene.succeed(&["backup", "shop", "--jobs", "2"]);
        scene.restore_again();
        let sum = "SELECT (SELECT SUM(balance) FROM here) + (SELECT SUM(balance) FROM there)";
        assert_eq!(scene.ask("again", sum), "40000000");
        scene.ask("mysql", "DROP DATABASE again");
    }
}

#[test]
fn a_table_that_is_emptied_and_altered_all_the_time_is_never_seen_without_its_rows() {
    let scene = Scene::new(ACCOUNTS);
    let _load = scene.load("CALL rewrite()");
    let mut whole = 0;
    for _ in 0..4 {
        // Between TRUNCATE and INSERT it is empty for everybody; what mustn't be is a part.
        scene.succeed(&["backup", "shop", "--jobs", "2"]);
        scene.restore_again();
        match scene.ask("again", "SELECT COUNT(*) FROM emptied").as_str() {
            "1000" => whole += 1,
            "0" => {}
            part => panic!("{part} rows of 1000"),
        }
        scene.ask("mysql", "DROP DATABASE again");
    }
    println!("{whole} of 4 had the rows");
}

#[test]
fn who_alters_a_table_meanwhile_waits_and_the_backup_gives_up_if_it_was_told_to() {
    let scene = Scene::new(
        "CREATE TABLE large (id int PRIMARY KEY, t text NOT NULL);
         INSERT INTO large SELECT seq, repeat(md5(seq), 250) FROM seq_1_to_80000",
    );
    let child = scene.start(&["backup", "shop", "--max-blocking", "1s"]);
    let since = Instant::now();
    while !scene
        .ask("mysql", "SELECT INFO FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT `id`%'")
        .contains("large")
    {
        assert!(since.elapsed() < Duration::from_secs(60), "the table was never read");
    }
    let _waiter = scene.load("ALTER TABLE large ADD COLUMN new int");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("waits to alter a table"), "{said}");
}

#[test]
fn a_wrong_password_is_told_as_that_and_never_repeated() {
    let mut scene = Scene::new("CREATE TABLE t (id int)");
    let url = scene.server.url("shop");
    scene.cofferdam.add_mysql("wrong", &url, "hunter2 is wrong").unwrap();
    let said = scene.fail(&["backup", "wrong"]);
    assert!(said.contains("Access denied") && said.contains("hint: "), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn what_a_user_may_not_see_is_no_smaller_backup_but_an_error_with_the_grant() {
    let mut scene = Scene::new(
        "CREATE TABLE t (id int); CREATE FUNCTION hidden() RETURNS int RETURN 1;
         CREATE TRIGGER unseen BEFORE INSERT ON t FOR EACH ROW SET @x = 1;
         CREATE USER low@'%' IDENTIFIED BY 'low down'",
    );
    let url = scene.server.url_of("low", "shop");
    scene.cofferdam.add_mysql("low", &url, "low down").unwrap();
    scene.ask("mysql", "GRANT SELECT ON shop.* TO low@'%'");
    let said = scene.fail(&["backup", "low"]);
    for grant in [
        "GRANT RELOAD ON *.* TO 'low'@'%'",
        "GRANT SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON `shop`.* TO 'low'@'%'",
        "GRANT SELECT ON `mysql`.`proc` TO 'low'@'%'",
    ] {
        assert!(said.contains(grant), "no {grant} in {said}");
        scene.ask("mysql", grant);
    }
    scene.succeed(&["instance", "check", "low"]);
    scene.succeed(&["backup", "low"]);
    scene.succeed(&["restore", "low@latest", "--to", "shop", "--database", "again"]);
    assert_eq!(scene.ask("again", "SELECT hidden()"), "1");
    assert!(scene.ask("again", "SHOW TRIGGERS").contains("unseen"));
}

#[test]
fn a_server_that_goes_away_leaves_no_backup() {
    let scene = Scene::new(ACCOUNTS);
    scene.ask("shop", "INSERT INTO here SELECT seq, 1, repeat('y', 2000) FROM seq_20001_to_60000");
    let child = scene.start(&["backup", "shop"]);
    thread::sleep(Duration::from_millis(2500));
    let server = scene.server.process().unwrap().to_string();
    Command::new("kill").args(["-KILL", &server]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // It may have been faster.
    let listed = scene.succeed(&["backups", "list", "--json"]);
    assert_eq!(output.status.success(), listed.contains("\"id\""), "{listed}\n{said}");
    println!("{said}");
}

#[test]
fn a_killed_restore_is_never_seen_under_its_name_and_is_cleaned_up() {
    let scene = Scene::new(ACCOUNTS);
    scene.succeed(&["backup", "shop"]);
    for moment in [1500, 2500, 3500] {
        let arguments = ["restore", "shop@latest", "--to", "shop", "--database", "half", "--json"];
        let mut child = scene.start(&arguments);
        thread::sleep(Duration::from_millis(moment));
        let seen = scene.ask("mysql", "SHOW DATABASES LIKE 'half'");
        let done = child.try_wait().unwrap().is_some();
        let mut stderr = child.stderr.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let mut told = String::new();
        stderr.read_to_string(&mut told).unwrap();
        scene.is_left_alone();
        if !done && seen.is_empty() {
            println!("killed after {moment} ms, in the middle");
        }
        let marked = scene.ask("mysql", "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'half' AND TABLE_NAME LIKE 'cofferdam%'");
        assert!(done || seen.is_empty() || marked == "1", "half a database was there under its name, without a mark");
        if let Some(operation) = told.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()) {
            scene.succeed(&["cleanup", operation, "--instance", "shop"]);
        }
        assert_eq!(scene.ask("mysql", "SHOW DATABASES LIKE '%cofferdam%'"), "");
        scene.ask("mysql", "DROP DATABASE IF EXISTS half");
    }
}

#[test]
fn a_database_with_something_in_it_is_refused_and_an_empty_one_is_filled() {
    let scene = Scene::new("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    scene.succeed(&["backup", "shop"]);
    scene.ask("mysql", "CREATE DATABASE precious; CREATE TABLE precious.t (id int); INSERT INTO precious.t VALUES (7)");
    let said = scene.fail(&["restore", "shop@latest", "--to", "shop", "--database", "precious"]);
    assert!(said.contains("holds something"), "{said}");
    assert_eq!(scene.ask("precious", "SELECT * FROM t"), "7");
    scene.ask("mysql", "CREATE DATABASE again");
    scene.restore_again();
    assert_eq!(scene.ask("again", "SELECT * FROM t"), "1");
}

#[test]
fn values_of_more_than_16_mib_come_back_and_memory_stays_bounded() {
    let scene = Scene::new(
        "CREATE TABLE large (id int PRIMARY KEY, b longblob, t longtext);
         INSERT INTO large VALUES (1, repeat(unhex('00270a5cff'), 4500000), NULL), (2, NULL, repeat('ä', 12000000)), (3, repeat('x', 16777215), '')",
    );
    scene.succeed(&["backup", "shop"]);
    scene.restore_again();
    let digests = "SELECT id, md5(b), length(b), md5(t), length(t) FROM large ORDER BY id";
    assert_eq!(scene.ask("again", digests), scene.ask("shop", digests));
}

#[test]
fn a_row_that_the_target_does_not_take_is_an_error_that_says_what_to_set() {
    let (source, target) = (
        Scene::new("CREATE TABLE large (b longblob); INSERT INTO large VALUES (repeat('x', 20000000))"),
        Scene::with(&["max-allowed-packet=16M"], "CREATE TABLE t (id int)"),
    );
    let mut source = source;
    let url = target.server.url("copy");
    source.cofferdam.add_mysql("other", &url, target.server.password()).unwrap();
    let said = source.fail(&["clone", "shop", "other", "--as", "copy"]);
    assert!(said.contains("SET GLOBAL max_allowed_packet"), "{said}");
    assert_eq!(target.ask("mysql", "SHOW DATABASES LIKE 'copy'"), "");
    assert_eq!(target.ask("mysql", "SHOW DATABASES LIKE '%cofferdam%'"), "");
}

#[test]
fn a_database_of_two_thousand_tables_comes_back() {
    let mut tables = String::new();
    for n in 0..2000 {
        tables.push_str(&format!(
            "CREATE TABLE t{n} (id int PRIMARY KEY, v int, KEY v (v)); INSERT INTO t{n} VALUES ({n}, 1);\n"
        ));
    }
    let scene = Scene::new(&tables);
    let since = Instant::now();
    scene.succeed(&["backup", "shop"]);
    println!("backup: {:?}", since.elapsed());
    let since = Instant::now();
    scene.restore_again();
    println!("restore: {:?}", since.elapsed());
    let tables = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'again'";
    assert_eq!(scene.ask("again", tables), "2000");
    assert_eq!(scene.ask("again", "SELECT id FROM t1999"), "1999");
}

#[test]
fn a_neutral_copy_has_its_events_switched_off() {
    let scene = Scene::new("CREATE TABLE t (id int); CREATE EVENT e ON SCHEDULE EVERY 1 HOUR DO DELETE FROM t");
    scene.succeed(&["backup", "shop"]);
    let said = scene
        .cofferdam
        .succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again", "--neutral"], MINUTES)
        .unwrap();
    assert!(said.stderr.contains("switched off"), "{}", said.stderr);
    assert_eq!(
        scene.ask("mysql", "SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'again'"),
        "DISABLED"
    );
    assert_eq!(
        scene.ask("mysql", "SELECT STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'"),
        "ENABLED"
    );
}

#[test]
fn what_names_the_database_is_told_and_views_over_two_databases_follow_it() {
    let scene = Scene::new(
        "CREATE TABLE t (id int); CREATE DATABASE other; CREATE TABLE other.o (id int);
         CREATE VIEW both_of_them AS SELECT t.id FROM t JOIN other.o USING (id);
         CREATE PROCEDURE p() SELECT * FROM shop.t;
         CREATE DEFINER = 'nobody_here'@'localhost' VIEW of_somebody AS SELECT 1 AS one;
         CREATE TABLE gone (id int); CREATE VIEW broken AS SELECT id FROM gone; DROP TABLE gone",
    );
    let said = scene.cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap().stderr;
    assert!(said.contains("broken"), "{said}");
    let restore = ["restore", "shop@latest", "--to", "shop", "--database", "again"];
    let said = scene.cofferdam.succeed(&restore, MINUTES).unwrap().stderr;
    assert!(said.contains("PROCEDURE p") && said.contains("seems to name the database shop"), "{said}");
    assert!(said.contains("VIEW of_somebody"), "{said}");
    let view = scene.ask("again", "SHOW CREATE VIEW both_of_them");
    assert!(view.contains("`again`.`t`") && view.contains("`other`.`o`") && !view.contains("`shop`"), "{view}");
}

#[test]
fn without_the_lock_one_session_reads_everything() {
    let scene = Scene::new(ACCOUNTS);
    scene.succeed(&["backup", "shop", "--set", "lock=off"]);
    scene.restore_again();
    assert_eq!(scene.ask("again", "SELECT SUM(balance) FROM here"), "20000000");
}
