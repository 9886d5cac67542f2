//! What goes wrong outside: each time one clear error, the documented exit code, no backup that isn't whole, and nothing
//! left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::{Output, run};
use cofferdam_tests::compare::Portrait;
use cofferdam_tests::failure::assert_fails;
use cofferdam_tests::mount::Mounted;
use cofferdam_tests::servers::{Major, Options, Postgresql};

const MINUTES: Duration = Duration::from_secs(300);

// The exit codes of `cofferdam --help`.
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const REFUSED: i32 = 3;
const UNREACHABLE: i32 = 4;

/// Small on the server and 300 MB on the way, so that there is time to break it off.
const TABLES: &str = "
    CREATE TABLE large (id int PRIMARY KEY, text text NOT NULL);
    INSERT INTO large SELECT i, repeat(md5(i::text), 32000) FROM generate_series(1, 300) i;
    CREATE TABLE small (id int PRIMARY KEY REFERENCES large);
    INSERT INTO small SELECT generate_series(1, 100);
";

struct Scene {
    server: Postgresql,
    cofferdam: Cofferdam,
}

impl Scene {
    /// A server with a database of these tables, and a repository.
    fn new(tables: &str) -> Self {
        let server = Postgresql::start(Major::V15).unwrap();
        server.create_database("shop").unwrap();
        server.sql("shop", tables).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_instance("shop", &server, "shop").unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.cofferdam.run(arguments, MINUTES).unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.cofferdam.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The process on the server, once there is one, of which `condition` is true in `pg_stat_activity`.
    fn process(&self, condition: &str) -> String {
        let query = format!(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'cofferdam %' AND {condition} \
             ORDER BY backend_start LIMIT 1"
        );
        let since = Instant::now();
        loop {
            let process = self.server.sql("postgres", &query).unwrap();
            if !process.is_empty() {
                return process.trim().to_owned();
            }
            assert!(since.elapsed() < Duration::from_secs(60), "no session of which {condition}");
        }
    }

    fn terminate(&self, process: &str) {
        self.server.sql("postgres", &format!("SELECT pg_terminate_backend({process})")).unwrap();
    }

    /// No backup, no lease, no half-written file.
    fn assert_repository_is_clean(&self) {
        assert!(!self.succeed(&["backups", "list", "--json"]).stdout.contains("shop"), "a backup is listed");
        assert_tidy(&self.cofferdam.repository());
    }

    /// No session of ours, and nothing that we made.
    fn assert_server_is_clean(&self) {
        let ours = "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'cofferdam %'";
        assert_eq!(self.server.sql("postgres", ours).unwrap(), "", "a session of ours is still there");
        let made = "SELECT datname FROM pg_database WHERE datname LIKE '%cofferdam%' OR datname = 'again'";
        assert_eq!(self.server.sql("postgres", made).unwrap(), "", "a database of ours is still there");
    }

    fn assert_clean(&self) {
        self.assert_repository_is_clean();
        self.assert_server_is_clean();
    }
}

/// Every file is one of the format's; stores write beside it first, and that mustn't stay.
fn assert_tidy(repository: &Path) {
    let mut open = vec![repository.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(!folder.ends_with("leases"), "a lease is left: {}", path.display());
            let known = name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
            assert!(known, "a half-written file is left: {}", path.display());
        }
    }
}

fn output(child: Child) -> Output {
    let since = Instant::now();
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { status: done.status, stdout: text(done.stdout), stderr: text(done.stderr), elapsed: since.elapsed() }
}

#[test]
fn a_wrong_password_is_refused() {
    let mut scene = Scene::new("CREATE TABLE t (a int)");
    scene.cofferdam.add_instance_at("wrong", &scene.server.url("postgres", "shop"), "not it at all").unwrap();
    assert_fails(&scene.run(&["backup", "wrong"]), REFUSED, &["\"postgres\"", "password", "hint: "]);
    scene.assert_clean();
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let mut scene = Scene::new("CREATE TABLE t (a int)");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for (name, place, words) in
        [("closed", closed.as_str(), "refused"), ("nowhere", "nowhere.invalid:5432", "nowhere.invalid")]
    {
        scene.cofferdam.add_instance_at(name, &format!("postgresql://me@{place}/shop"), "secret enough").unwrap();
        assert_fails(&scene.run(&["backup", name]), UNREACHABLE, &["can't connect", place, words, "hint: "]);
    }
    scene.assert_clean();
}

#[test]
fn a_missing_database_is_named() {
    let mut scene = Scene::new("CREATE TABLE t (a int)");
    let password = scene.server.password().to_owned();
    scene.cofferdam.add_instance_at("other", &scene.server.url("postgres", "absent"), &password).unwrap();
    assert_fails(&scene.run(&["backup", "other"]), REFUSED, &["\"absent\""]);
    scene.assert_clean();
}

#[test]
fn a_table_that_the_role_may_not_read_is_named_and_the_check_tells_the_grant() {
    let mut scene = Scene::new(
        "CREATE ROLE reader LOGIN PASSWORD 'reads some things'; CREATE TABLE open (a int); CREATE TABLE closed (a int);
         GRANT SELECT ON open TO reader",
    );
    scene.cofferdam.add_instance_at("reader", &scene.server.url("reader", "shop"), "reads some things").unwrap();
    assert_fails(&scene.run(&["backup", "reader"]), REFUSED, &["permission denied for table closed"]);
    let check = scene.run(&["instance", "check", "reader"]);
    assert_eq!(check.status.code(), Some(REFUSED), "{}", check.stderr);
    assert!(check.stdout.contains("closed") && check.stdout.contains("GRANT pg_read_all_data TO \"reader\""));
    scene.assert_clean();
    scene.server.sql("shop", "GRANT pg_read_all_data TO reader").unwrap();
    scene.succeed(&["instance", "check", "reader"]);
    scene.succeed(&["backup", "reader"]);
}

#[test]
fn rows_that_the_role_may_not_see_are_an_error_and_not_missing() {
    let mut scene = Scene::new(
        "CREATE ROLE reader LOGIN PASSWORD 'reads some things'; GRANT pg_read_all_data TO reader;
         CREATE TABLE hidden AS SELECT 1 AS a; ALTER TABLE hidden ENABLE ROW LEVEL SECURITY",
    );
    scene.cofferdam.add_instance_at("reader", &scene.server.url("reader", "shop"), "reads some things").unwrap();
    assert_fails(&scene.run(&["backup", "reader"]), REFUSED, &["row-level security", "hidden"]);
    let check = scene.run(&["instance", "check", "reader"]);
    assert_eq!(check.status.code(), Some(REFUSED), "{}", check.stderr);
    assert!(check.stdout.contains("hidden") && check.stdout.contains("BYPASSRLS"), "{}", check.stdout);
    scene.assert_clean();
}

/// Doesn't compress to less than 32 MB.
const NOISE: &str = "CREATE TABLE noise AS
    SELECT encode(sha256(i::text::bytea), 'hex') AS a FROM generate_series(1, 1000000) i";

#[test]
fn a_full_disk_fails_the_backup_and_the_repository_is_whole() {
    let scene = Scene::new(NOISE);
    let repository = scene.cofferdam.repository();
    let kept = scene.cofferdam.folder().join("kept");
    fs::rename(&repository, &kept).unwrap();
    fs::create_dir(&repository).unwrap();
    let disk = Mounted::small(&repository, "20m");
    let copy = Command::new("cp").arg("-a").arg(kept.join(".")).arg(&repository).status().unwrap();
    assert!(copy.success());
    let full = match &disk {
        Ok(_) => scene.run(&["backup", "shop"]),
        Err(_) => with_small_files(&scene, &["backup", "shop"]),
    };
    assert_fails(&full, FAILED, &["repository"]);
    scene.assert_clean();
    scene.succeed(&["repository", "check", "--read-data"]);
    drop(disk);
}

#[test]
fn a_file_that_can_not_grow_fails_the_backup() {
    let scene = Scene::new(NOISE);
    assert_fails(&with_small_files(&scene, &["backup", "shop"]), FAILED, &["repository", "cause: "]);
    scene.assert_clean();
}

/// Runs with files of 500 kB at most, as a quota would have it. Without the trap the signal would end the process.
fn with_small_files(scene: &Scene, arguments: &[&str]) -> Output {
    let program = scene.cofferdam.command(arguments);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' XFSZ; exec prlimit --fsize=500000 \"$@\"", "limited"]);
    shell.arg(program.get_program()).args(program.get_args()).current_dir(scene.cofferdam.folder());
    shell.envs(program.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
    run(&mut shell, MINUTES).unwrap()
}

#[test]
fn a_repository_that_is_not_there_or_not_writable_is_named() {
    let scene = Scene::new("CREATE TABLE t AS SELECT 1 AS a");
    let repository = scene.cofferdam.repository();
    let elsewhere = scene.cofferdam.folder().join("elsewhere");
    fs::rename(&repository, &elsewhere).unwrap();
    assert_fails(&scene.run(&["backup", "shop"]), REFUSED, &[repository.to_str().unwrap()]);
    assert!(!repository.exists(), "a folder was made where the repository should be");
    fs::rename(&elsewhere, &repository).unwrap();

    let locked = Mounted::read_only(&repository);
    if locked.is_err() {
        fs::remove_dir_all(repository.join("leases")).unwrap();
        fs::write(repository.join("leases"), "in the way").unwrap();
    }
    let output = scene.run(&["backup", "shop"]);
    assert!([FAILED, REFUSED].contains(&output.status.code().unwrap()), "{}", output.stderr);
    assert_fails(&output, output.status.code().unwrap(), &["leases", "cause: "]);
    if locked.is_ok() {
        drop(locked);
        scene.assert_clean();
    }
}

#[test]
fn a_server_that_crashes_in_the_middle_of_a_backup_leaves_no_backup() {
    let scene = Scene::new(TABLES);
    let child = scene.start(&["backup", "shop"]);
    scene.process("query LIKE '%COPY%large%' AND state = 'active'");
    scene.server.crash().unwrap();
    assert_fails(&output(child), UNREACHABLE, &["127.0.0.1"]);
    scene.assert_repository_is_clean();
}

#[test]
fn a_server_that_crashes_in_the_middle_of_a_restore_is_told_with_how_to_clean_up() {
    let scene = Scene::new(TABLES);
    scene.succeed(&["backup", "shop"]);
    let child = scene.start(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    scene.process("query LIKE '%COPY%large%' AND state = 'active'");
    scene.server.crash().unwrap();
    let output = output(child);
    assert_fails(&output, UNREACHABLE, &["127.0.0.1"]);
    assert!(output.stderr.contains("run `cofferdam cleanup "), "{}", output.stderr);
    assert_tidy(&scene.cofferdam.repository());
}

#[test]
fn a_worker_that_is_terminated_reads_its_unit_again_and_the_backup_is_whole() {
    let scene = Scene::new(TABLES);
    let before = Portrait::take(&scene.server, "shop").unwrap();
    let child = scene.start(&["backup", "shop"]);
    scene.terminate(&scene.process("query LIKE '%COPY%large%' AND state = 'active'"));
    let output = output(child);
    assert!(output.status.success(), "{}", output.stderr);
    assert!(output.stderr.contains("again (attempt 1)"), "nothing was read again:\n{}", output.stderr);
    scene.assert_server_is_clean();
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    let after = Portrait::take(&scene.server, "again").unwrap();
    assert_eq!(before.differences(&after).unwrap(), Vec::<String>::new());
}

#[test]
fn a_worker_that_is_terminated_writes_its_unit_again_and_the_restore_is_whole() {
    let scene = Scene::new(TABLES);
    let before = Portrait::take(&scene.server, "shop").unwrap();
    scene.succeed(&["backup", "shop"]);
    let child = scene.start(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    scene.terminate(&scene.process("query LIKE '%COPY%large%' AND state = 'active'"));
    let output = output(child);
    assert!(output.status.success(), "{}", output.stderr);
    assert!(output.stderr.contains("again (attempt 1)"), "nothing was written again:\n{}", output.stderr);
    let after = Portrait::take(&scene.server, "again").unwrap();
    assert_eq!(before.differences(&after).unwrap(), Vec::<String>::new());
}

#[test]
fn a_leader_that_is_terminated_fails_the_backup() {
    let scene = Scene::new(TABLES);
    let child = scene.start(&["backup", "shop"]);
    scene.process("query LIKE '%COPY%large%' AND state = 'active'");
    // The first session of the operation leads.
    scene.terminate(&scene.process("true"));
    assert_fails(&output(child), UNREACHABLE, &["terminat"]);
    scene.assert_clean();
}

#[test]
fn a_second_backup_beside_a_running_one_works() {
    let scene = Scene::new(TABLES);
    let first = scene.start(&["backup", "shop"]);
    scene.process("query LIKE '%COPY%large%' AND state = 'active'");
    let second = scene.succeed(&["backup", "shop"]);
    let first = output(first);
    assert!(first.status.success(), "{}", first.stderr);
    for id in [first.stdout.trim(), second.stdout.trim()] {
        scene.succeed(&["backups", "verify", id, "--read-data"]);
    }
    scene.assert_server_is_clean();
    assert_tidy(&scene.cofferdam.repository());
}

#[test]
fn a_backup_goes_over_a_unix_socket() {
    let mut scene = Scene::new("CREATE TABLE t AS SELECT generate_series(1, 1000) AS a");
    let (folder, port) = (scene.server.socket_folder().display().to_string(), scene.server.port());
    let password = scene.server.password().to_owned();
    let url = format!("postgresql://postgres@/shop?host={folder}&port={port}");
    scene.cofferdam.add_instance_at("socket", &url, &password).unwrap();
    assert!(scene.succeed(&["instance", "list"]).stdout.contains(&url));
    let output = scene.succeed(&["backup", "socket"]);
    assert!(output.stderr.contains("1,000 rows"), "{}", output.stderr);
    scene.succeed(&["restore", "socket@latest", "--to", "socket", "--database", "again"]);
    assert_eq!(scene.server.sql("again", "SELECT count(*) FROM t").unwrap(), "1000\n");
    let elsewhere = format!("postgresql://postgres@/shop?host=/nowhere&port={port}");
    scene.cofferdam.add_instance_at("elsewhere", &elsewhere, &password).unwrap();
    assert_fails(&scene.run(&["backup", "elsewhere"]), UNREACHABLE, &["/nowhere/.s.PGSQL."]);
}

#[test]
fn the_name_of_our_sessions_can_not_be_changed_by_the_url() {
    let server = Postgresql::start_with(&Options::new(Major::V15).set("log_connections", "on")).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    let url = server.url("postgres", "postgres") + "?application_name=somebody";
    cofferdam.add_instance_at("named", &url, server.password()).unwrap();
    cofferdam.succeed(&["instance", "show", "named"], MINUTES).unwrap();
    let log = server.log().unwrap();
    assert!(log.contains("application_name=cofferdam ") && !log.contains("somebody"), "{log}");
}

#[test]
fn a_configuration_that_can_not_be_used_is_a_usage_error() {
    let scene = Scene::new("CREATE TABLE t (a int)");
    for (line, words) in [
        ("[instances.a]\nengine = \"postgresql\"\nurl = \"postgresql://me@db:port/shop\"", "port"),
        ("[limits]\nnonsense = 1", "nonsense"),
    ] {
        let before = fs::read_to_string(scene.cofferdam.config()).unwrap();
        scene.cofferdam.configure(line).unwrap();
        assert_fails(&scene.run(&["backup", "shop"]), USAGE, &[words]);
        fs::write(scene.cofferdam.config(), before).unwrap();
    }
    scene.assert_clean();
}
