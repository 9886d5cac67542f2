//! What is carried of MongoDB, what is chosen, what is done with what is there, and backups as files: on the double and on
//! mongoeco, read by pymongo.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::time::Duration;

use bson::{Document, doc};
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::doubles::mongodb::{Action, Fault, Kind};
use cofferdam_tests::mongodb::Server;
use cofferdam_tests::{on_both, pymongo};

const MINUTES: Duration = Duration::from_secs(300);

// The exit codes of `cofferdam --help`.
const DIFFERENT: i32 = 1;

on_both!(
    a_restored_database_is_the_same_and_what_was_changed_since_is_named,
    everything_is_counted_and_carried_or_left_out,
    what_is_chosen_comes_and_nothing_else,
    what_is_replaced_is_kept_under_another_name,
    what_is_there_keeps_what_it_has_and_gets_what_it_has_not,
    a_backup_becomes_the_files_of_mongodump_and_they_a_backup,
);

struct Scene {
    server: Server,
    cofferdam: Cofferdam,
}

impl Scene {
    /// A server whose database "shop" has one of everything, and a repository. The instance "all" names no database.
    fn new(server: Server) -> Self {
        server.fill_listed("shop").unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mongodb("shop", &server.url("shop"), server.password()).unwrap();
        cofferdam.add_mongodb("all", &server.url(""), server.password()).unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.cofferdam.run(arguments, MINUTES).unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
    }

    fn portrait(&self, database: &str) -> Vec<String> {
        self.server.portrait(database).unwrap()
    }

    fn insert(&self, namespace: &str, document: &Document) {
        self.server.insert(namespace, std::slice::from_ref(document)).unwrap();
    }

    fn documents(&self, namespace: &str) -> Vec<String> {
        self.server.documents(namespace).unwrap()
    }

    /// The names of a database's collections.
    fn collections(&self, database: &str) -> Vec<String> {
        let lines = self.portrait(database);
        let of =
            |line: &String| line.strip_prefix("collection ").map(|rest| rest.split(" {").next().unwrap().to_owned());
        lines.iter().filter_map(of).collect()
    }

    /// The report of a kind: how many were counted, are carried, and are left out.
    fn tally(output: &Output, kind: &str) -> [u64; 3] {
        let result = output.stdout.trim();
        let result: serde_json::Value = serde_json::from_str(result.lines().last().unwrap()).unwrap();
        let tallies = result["tallies"].as_array().unwrap();
        let tally = tallies.iter().find(|tally| tally["kind"] == kind).unwrap();
        ["counted", "carried", "left_out"].map(|number| tally[number].as_u64().unwrap())
    }
}

fn assert_same(before: &[String], after: &[String]) {
    let differences = pymongo::differences(before, after);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn a_restored_database_is_the_same_and_what_was_changed_since_is_named(server: Server) {
    let scene = Scene::new(server);
    let databases = scene.server.databases().unwrap();
    scene.succeed(&["backup", "shop"]);
    scene.succeed(&["backups", "verify", "shop@latest", "--restore", "shop"]);
    assert_eq!(scene.server.databases().unwrap(), databases, "the scratch database is still there");
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    scene.succeed(&["compare", "shop", "shop/again"]);

    scene.insert("again.empty", &doc! { "_id": 1 });
    scene.insert("again.more", &doc! { "_id": 1 });
    // mongoeco has no collMod.
    let change =
        "d = c.again; d.many.drop_index('some'); d.drop_collection('watched'); d.watched.insert_one({'_id': 1})";
    scene.server.python(change).unwrap();
    let output = scene.run(&["compare", "shop", "shop/again"]);
    assert_eq!(output.status.code(), Some(DIFFERENT), "{}", output.stderr);
    let said = output.stdout + &output.stderr;
    for named in ["empty", "collection more", "index some of many", "collection watched"] {
        assert!(said.contains(named), "{named} isn't named:\n{said}");
    }
    assert!(!said.contains("collection types"), "what is the same is named:\n{said}");
}

fn everything_is_counted_and_carried_or_left_out(server: Server) {
    let scene = Scene::new(server);
    let backup = scene.succeed(&["backup", "shop", "--json"]);
    let collections = scene.collections("shop").iter().filter(|name| !name.starts_with("system.b")).count() as u64;
    // mongoeco has neither views nor time series.
    let [views, series] = if scene.server.is_mongoeco() { [0, 0] } else { [2, 1] };
    assert_eq!(Scene::tally(&backup, "collection"), [collections, collections, 0]);
    assert_eq!(Scene::tally(&backup, "view"), [views, views, 0]);
    assert_eq!(Scene::tally(&backup, "time series"), [series, series, 0]);
    assert_eq!(Scene::tally(&backup, "rows"), [collections + series, collections + series, 0]);
    let [indexes, carried, 0] = Scene::tally(&backup, "index") else { panic!("an index is left out") };
    assert!(indexes == carried && indexes >= 10);
    let restored = scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again", "--json"]);
    assert_eq!(Scene::tally(&restored, "index"), [indexes, indexes, 0]);

    let some = scene.succeed(&["backup", "shop", "--only", "many", "--json"]);
    assert_eq!(Scene::tally(&some, "collection"), [collections, 1, collections - 1]);
}

fn what_is_chosen_comes_and_nothing_else(server: Server) {
    let scene = Scene::new(server);
    let restore = ["restore", "shop@latest", "--to", "shop", "--database"];
    scene.succeed(&["backup", "shop", "--only", "many", "--only", "fs.*", "--except", "*chunks"]);
    scene.succeed(&[&restore[..], &["some"]].concat());
    assert_eq!(scene.collections("some"), ["fs.files", "many"]);

    scene.succeed(&["backup", "shop"]);
    scene.succeed(&[&restore[..], &["less", "--only", "m*", "--only", "watched"]].concat());
    assert_eq!(scene.collections("less"), ["many", "watched"]);
    let mistyped = scene.run(&[&restore[..], &["none", "--only", "shop.many"]].concat());
    assert!(!mistyped.status.success());
    assert!(mistyped.stderr.contains("no object matches"), "{}", mistyped.stderr);

    // What is chosen may be called otherwise.
    scene.succeed(&[&restore[..], &["named", "--set", "rename=ids=identities", "--only", "ids"]].concat());
    assert_eq!(scene.collections("named"), ["identities"]);
    assert_eq!(scene.documents("named.identities"), scene.documents("shop.ids"));
    let both = scene.run(&[&restore[..], &["clash", "--set", "rename=ids=many"]].concat());
    assert!(!both.status.success() && both.stderr.contains("would be called many"), "{}", both.stderr);

    // Where all databases are backed up, objects are called by their database's name, too.
    scene.insert("other.many", &doc! { "_id": 1 });
    scene.succeed(&["backup", "all", "--only", "*.many"]);
    let one = ["restore", "all@latest", "--to", "shop", "--database", "one", "--only", "other.*"];
    scene.succeed(&one);
    assert_eq!(scene.documents("one.many"), scene.documents("other.many"));
    let both = scene.run(&one[..6]);
    assert!(!both.status.success() && both.stderr.contains("can't all get one name"), "{}", both.stderr);
}

/// mongoeco has neither.
#[test]
fn views_and_time_series_are_chosen_with_what_they_need_and_may_be_called_otherwise() {
    let scene = Scene::new(Server::double(Kind::ReplicaSet).unwrap());
    let restore = ["restore", "shop@latest", "--to", "shop", "--database"];
    scene.succeed(&["backup", "shop"]);
    scene.succeed(&[&restore[..], &["less", "--only", "m*", "--only", "weather"]].concat());
    assert_eq!(scene.collections("less"), ["many", "system.buckets.weather"]);

    // What a view reads comes along, both ways.
    let seen = scene.succeed(&[&restore[..], &["seen", "--only", "a view", "--json"]].concat());
    assert_eq!(scene.collections("seen"), ["ids"]);
    assert!((seen.stdout + &seen.stderr).contains("b view reads it"), "it isn't told");

    // A time series and what a view is on, too.
    let names =
        ["--set", "rename=ids=identities", "--set", "rename=weather=climate", "--only", "b view", "--only", "weather"];
    scene.succeed(&[&restore[..], &["named"], &names].concat());
    assert_eq!(scene.collections("named"), ["identities", "system.buckets.climate"]);
    assert_eq!(scene.documents("named.identities"), scene.documents("shop.ids"));
    let lines = scene.portrait("named");
    assert!(lines.iter().any(|line| line.starts_with("view b view") && line.contains("\"identities\"")), "{lines:?}");

    let backup = scene.succeed(&["backup", "shop", "--only", "a view", "--json"]);
    assert_eq!((Scene::tally(&backup, "view")[1], Scene::tally(&backup, "collection")[1]), (2, 1));
}

fn what_is_replaced_is_kept_under_another_name(server: Server) {
    let scene = Scene::new(server);
    let restore = ["restore", "shop@latest", "--to", "shop", "--database", "old", "--if-exists", "replace"];
    scene.insert("old.many", &doc! { "_id": "before" });
    let before = scene.documents("old.many");
    scene.succeed(&["backup", "shop"]);
    let output = scene.succeed(&restore);
    let kept = scene.collections("old").into_iter().find(|name| name.starts_with("replaced_")).unwrap();
    assert!(kept.ends_with(".many"), "{kept}");
    assert!(output.stderr.contains(&kept), "it isn't told: {}", output.stderr);
    assert_eq!(scene.documents(&format!("old.{kept}")), before);
    let without: Vec<_> = scene.portrait("old").into_iter().filter(|line| !line.contains(&kept)).collect();
    assert_same(&scene.portrait("shop"), &without);
    if !scene.server.is_mongoeco() {
        // It has views now, which can't be renamed.
        let again = scene.run(&restore);
        assert!(!again.status.success() && again.stderr.contains("can't rename views"), "{}", again.stderr);
    }
}

fn what_is_there_keeps_what_it_has_and_gets_what_it_has_not(server: Server) {
    let scene = Scene::new(server);
    let many = scene.server.many();
    scene.insert("part.many", &doc! { "_id": 7, "mine": true });
    scene.insert("part.many", &doc! { "_id": "mine" });
    scene.insert("part.other", &doc! { "_id": 1 });
    let had = scene.documents("part.many");
    scene.succeed(&["backup", "shop", "--only", "many", "--only", "types"]);
    let restore = ["restore", "shop@latest", "--to", "shop", "--database", "part", "--if-exists", "append", "--json"];
    let output = scene.succeed(&restore);
    let documents = scene.documents("part.many");
    assert_eq!(documents.len(), many + 1);
    assert_eq!(scene.documents("part.other").len(), 1);
    assert!(had.iter().all(|document| documents.contains(document)), "a document was replaced");
    assert_eq!(scene.documents("part.types"), scene.documents("shop.types"));
    let told = format!("{} more", many - 1);
    assert!(output.stderr.contains(&told) || output.stdout.contains(&told), "{}", output.stdout);
    // The indexes of "many" are left out, and told.
    let [_, _, left_out] = Scene::tally(&output, "index");
    assert_eq!(left_out, 3);
    assert_eq!(Scene::tally(&output, "collection"), [2, 1, 1]);
    assert_eq!(scene.collections("part"), ["many", "other", "types"]);
}

/// mongoeco knows no command for them.
#[test]
fn users_and_roles_come_only_if_they_are_asked_for_and_log_in_with_their_old_passwords() {
    let scene = Scene::new(Server::double(Kind::ReplicaSet).unwrap());
    let Server::Double(server) = &scene.server else { panic!("it isn't the double") };
    let make = "d = c.shop; d.command('createRole', 'teller', privileges=[{'resource': {'db': 'shop', 'collection': 'many'}, \
                'actions': ['find']}], roles=[]); \
                d.command('createUser', 'alice', pwd='her own', roles=['teller', {'role': 'read', 'db': 'other'}], \
                customData={'db': 'shop'}); d.command('createUser', 'bob', pwd='his', roles=[])";
    scene.server.python(make).unwrap();
    let backup = scene.succeed(&["backup", "shop", "--json"]);
    assert_eq!(Scene::tally(&backup, "user"), [2, 2, 0]);
    assert_eq!(Scene::tally(&backup, "role"), [1, 1, 0]);

    let without = scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "without", "--json"]);
    assert_eq!(Scene::tally(&without, "user"), [2, 0, 2]);
    assert!(without.stderr.contains("user alice") && without.stderr.contains("users=restore"), "{}", without.stderr);
    scene.succeed(&["backups", "verify", "shop@latest", "--restore", "shop"]);

    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again", "--set", "users=restore"]);
    scene.succeed(&["compare", "shop", "shop/again"]);
    let url = scene.server.full_url().replacen("backup:", "alice:", 1).replacen(
        &encoded(scene.server.password()),
        "her%20own",
        1,
    );
    pymongo::code("import sys, pymongo; pymongo.MongoClient(sys.argv[1]).admin.command('ping')", &[&(url + "again")])
        .unwrap();
    let admin: Vec<String> = scene.collections("admin").into_iter().filter(|name| name.contains("cofferdam")).collect();
    assert!(admin.is_empty(), "{admin:?} is left");

    // Who may not make users sees nothing half done.
    server.fail(Fault::once("_mergeAuthzCollections", Action::Fail(13, Vec::new())).always());
    let forbidden = ["restore", "shop@latest", "--to", "shop", "--database", "never", "--set", "users=restore"];
    let refused = scene.run(&forbidden);
    assert!(!refused.status.success() && refused.stderr.contains("making the users and roles"), "{}", refused.stderr);
    server.forgive();
    assert_eq!(scene.portrait("never"), Vec::<String>::new());
    let admin: Vec<String> = scene.collections("admin").into_iter().filter(|name| name.contains("cofferdam")).collect();
    assert!(admin.is_empty(), "{admin:?} is left");

    // One that is there stays as it is.
    let clone = ["clone", "shop", "shop", "--as", "third", "--set", "users=restore", "--json"];
    scene.server.python("c.third.command('createUser', 'bob', pwd='another', roles=[])").unwrap();
    let cloned = scene.succeed(&clone);
    assert_eq!(Scene::tally(&cloned, "user"), [2, 1, 1]);
    for told in ["it stays as it is", "doesn't know how a server copies"] {
        assert!(cloned.stderr.contains(told), "{told} isn't in: {}", cloned.stderr);
    }
}

/// A part of a URL (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    text.replace(' ', "%20")
}

fn a_backup_becomes_the_files_of_mongodump_and_they_a_backup(server: Server) {
    let scene = Scene::new(server);
    scene.succeed(&["backup", "shop"]);
    scene.succeed(&["backups", "export", "shop@latest", "out"]);
    let out = scene.cofferdam.folder().join("out");
    // mongoeco tells no UUIDs, and lists the index on _id otherwise than MongoDB.
    let other = scene.server.is_mongoeco();
    let uuids = if other { "none" } else { "uuids" };
    let said = pymongo::run("compare/mongodump.py", &[out.to_str().unwrap(), "shop", uuids]).unwrap();
    let by_itself = |line: &str| other && line.starts_with("index ") && line.contains("\"name\": \"_id_\"");
    let in_files: Vec<String> = said.lines().filter(|line| !by_itself(line)).map(str::to_owned).collect();
    // A folder doesn't say what the buckets of a time series are like, and in which order a capped collection's lie.
    let on_server = scene.portrait("shop").into_iter().filter_map(|line| {
        let hidden = line.starts_with("id index ")
            || line.starts_with("index system.b")
            || line.starts_with("collection system.b")
            || by_itself(&line);
        let clustered = line.contains("\"clustered\": true");
        let words: Vec<&str> = line.split(' ').collect();
        let place = words[0] == "document" && words[1] == "log";
        (!hidden && !clustered).then(|| if place { words[..3].join(" ") } else { line.clone() })
    });
    let mut on_server: Vec<String> = on_server.collect();
    on_server.sort();
    assert_same(&on_server, &in_files);

    fs::write(out.join("oplog.bson"), b"").unwrap();
    let imported = scene.succeed(&["backups", "import", "out", "--instance", "shop"]);
    assert!(imported.stderr.contains("oplog.bson"), "{}", imported.stderr);
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    assert_same(&scene.portrait("shop"), &scene.portrait("again"));
    scene.succeed(&["compare", "shop@latest", "shop"]);

    fs::remove_file(out.join("shop/many.bson")).unwrap();
    let refused = scene.run(&["backups", "import", "out", "--instance", "shop"]);
    assert!(
        !refused.status.success() && refused.stderr.contains("the documents of many are missing"),
        "{}",
        refused.stderr
    );
}
