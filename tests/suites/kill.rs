//! SIGKILL, whenever: what is listed afterwards restores whole, and the server has no session of ours for long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::servers::{Major, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

const TABLES: &str = "
    CREATE TABLE large (id int PRIMARY KEY, text text NOT NULL);
    INSERT INTO large SELECT i, repeat(md5(i::text), 8) FROM generate_series(1, 100000) i;
    CREATE TABLE small (id int PRIMARY KEY REFERENCES large);
    INSERT INTO small SELECT generate_series(1, 100);
    CREATE VIEW both_of_them AS SELECT * FROM large JOIN small USING (id);
";

struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
    portrait: Portrait,
    proved: BTreeSet<String>,
}

impl Scene {
    fn new() -> Self {
        let server = Postgresql::start(Major::V15).unwrap();
        server.create_database("shop").unwrap();
        server.sql("shop", TABLES).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("shop", &server, "shop").unwrap();
        cofferdam.initialize().unwrap();
        let portrait = Portrait::take(&server, "shop").unwrap();
        Self { server, cofferdam, portrait, proved: BTreeSet::new() }
    }

    fn start(&self, arguments: &[&str], pause: Option<&str>) -> Child {
        let mut command = self.cofferdam.command(arguments);
        if let Some(point) = pause {
            command.env("COFFERDAM_PAUSE_AT", format!("{point}=300"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Every backup that is listed is read and restored, once.
    fn prove_what_is_listed(&mut self) {
        let listed = self.cofferdam.succeed(&["backups", "list", "--json"], MINUTES).unwrap().stdout;
        for id in ids(&listed) {
            if !self.proved.insert(id.clone()) {
                continue;
            }
            self.cofferdam.succeed(&["backups", "verify", &id, "--read-data"], MINUTES).unwrap();
            self.cofferdam.succeed(&["restore", &id, "--to", "shop", "--database", "again"], MINUTES).unwrap();
            let again = Portrait::take(&self.server, "again").unwrap();
            assert_eq!(self.portrait.differences(&again).unwrap(), Vec::<String>::new(), "{id}");
            self.server.sql("postgres", "DROP DATABASE again").unwrap();
        }
    }

    /// No session of ours within a minute.
    fn is_left_alone(&self) {
        let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'cofferdam %'";
        let since = Instant::now();
        while self.server.sql("postgres", ours).unwrap() != "0\n" {
            assert!(since.elapsed() < Duration::from_secs(60), "a session of ours is still there");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// The ids in the list's JSON, whatever stands around them: "20260131T235959Z-1a2b3c4d".
fn ids(json: &str) -> BTreeSet<String> {
    let quoted = json.split('"').filter(|text| text.len() == 25);
    quoted.filter(|text| text.get(15..17) == Some("Z-")).map(str::to_owned).collect()
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_kill_around_the_commit_leaves_a_whole_backup_or_none() {
    let mut scene = Scene::new();
    for (point, counts) in
        [("chunks-stored", false), ("manifest-put", false), ("manifest-read-back", true), ("manifest-committed", true)]
    {
        let mut child = scene.start(&["backup", "shop"], Some(point));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let paused = stderr.lines().map_while(Result::ok).any(|line| line.contains(&format!("paused at {point}")));
        assert!(paused, "the backup never came to {point}");
        kill(child);
        let before = scene.proved.len();
        scene.prove_what_is_listed();
        assert_eq!(scene.proved.len() > before, counts, "{point}");
        scene.is_left_alone();
    }
}

#[test]
fn a_kill_at_any_moment_leaves_a_whole_backup_or_none() {
    let mut scene = Scene::new();
    let whole = scene.cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap().elapsed;
    for eighth in 0..8 {
        let child = scene.start(&["backup", "shop"], None);
        thread::sleep(whole * eighth / 8 + Duration::from_millis(20));
        kill(child);
        scene.is_left_alone();
    }
    scene.prove_what_is_listed();
    assert!(!scene.proved.is_empty());
    // What the killed ones left behind stands in nobody's way.
    scene.cofferdam.succeed(&["backup", "shop"], MINUTES).unwrap();
    scene.cofferdam.succeed(&["repository", "check", "--read-data"], MINUTES).unwrap();
    scene.prove_what_is_listed();
}

#[test]
fn a_killed_restore_is_never_seen_under_its_name_and_is_cleaned_up() {
    let scene = Scene::new();
    let whole = scene.cofferdam.succeed(&["backup", "shop"], MINUTES).and_then(|_| {
        scene.cofferdam.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "whole"], MINUTES)
    });
    let whole = whole.unwrap().elapsed;
    let mut bystander = scene.server.client("psql", "shop").unwrap();
    let mut bystander = bystander.args(["-X", "-c", "SELECT pg_sleep(600)"]).stdout(Stdio::null()).spawn().unwrap();
    for quarter in 1..4 {
        let arguments = ["restore", "shop@latest", "--to", "shop", "--database", "half", "--json"];
        let mut child = scene.start(&arguments, None);
        thread::sleep(whole * quarter / 4);
        let seen = scene.server.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'half'").unwrap();
        let mut stderr = child.stderr.take().unwrap();
        kill(child);
        let mut told = String::new();
        stderr.read_to_string(&mut told).unwrap();
        // One that was faster than the last time may be there, whole.
        if seen != "0\n" {
            let there = Portrait::take(&scene.server, "half").unwrap();
            assert_eq!(scene.portrait.differences(&there).unwrap(), Vec::<String>::new(), "half a database was there");
        }
        let operation = told.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
        if let Some(operation) = operation {
            scene.is_left_alone();
            scene.cofferdam.succeed(&["cleanup", operation, "--instance", "shop"], MINUTES).unwrap();
        }
        let left = "SELECT count(*) FROM pg_database WHERE datname LIKE '%cofferdam%'";
        assert_eq!(scene.server.sql("postgres", left).unwrap(), "0\n");
        scene.server.sql("postgres", "DROP DATABASE IF EXISTS half").unwrap();
    }
    assert!(bystander.try_wait().unwrap().is_none(), "cleaning up ended somebody else's session");
    kill(bystander);
}

#[test]
fn ctrl_c_leaves_neither_a_session_nor_a_backup() {
    let scene = Scene::new();
    for quarter in 1..4 {
        let child = scene.start(&["backup", "shop"], Some("chunks-stored"));
        thread::sleep(Duration::from_millis(400 * quarter));
        let pid = child.id().to_string();
        let asked = Instant::now();
        std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(asked.elapsed() < Duration::from_secs(20), "it took {:?} to end", asked.elapsed());
        let listed = scene.cofferdam.succeed(&["backups", "list", "--json"], MINUTES).unwrap().stdout;
        assert_eq!(ids(&listed), BTreeSet::new());
        let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'cofferdam %'";
        assert_eq!(scene.server.sql("postgres", ours).unwrap(), "0\n", "a session of ours is still there");
    }
}
