//! What of MongoDB keeps more than its documents: encrypted fields, UUIDs, and users in exported files. On the double;
//! mongoeco has none of it, and is asked what it does about that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use bson::doc;
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::doubles::mongodb::{Action, Fault, Kind, Mongodb, Options, Quirks, User};
use cofferdam_tests::mongodb::Server;
use cofferdam_tests::pymongo;

const MINUTES: Duration = Duration::from_secs(300);
const PASSWORD: &str = "not easily guessed";

struct Scene {
    server: Mongodb,
    cofferdam: Cofferdam,
}

impl Scene {
    fn new(options: Options) -> Self {
        let user = User { name: "backup".into(), password: PASSWORD.into() };
        let server = Mongodb::start(Options { user: Some(user), ..options }).unwrap();
        let mut cofferdam = Cofferdam::new().unwrap();
        cofferdam.add_mongodb("shop", &server.url("shop"), PASSWORD).unwrap();
        cofferdam.add_mongodb("all", &server.url(""), PASSWORD).unwrap();
        cofferdam.initialize().unwrap();
        Self { server, cofferdam }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.cofferdam.run(arguments, MINUTES).unwrap()
    }

    fn succeed(&self, arguments: &[&str]) -> Output {
        self.cofferdam.succeed(arguments, MINUTES).unwrap()
    }

    fn restore(&self, to: &str, more: &[&str]) -> Output {
        self.run(&[&["restore", "shop@latest", "--to", "shop", "--database", to], more].concat())
    }

    /// Runs lines of Python; `c` is the client.
    fn python(&self, lines: &str) -> String {
        pymongo::code(
            &format!("import sys, pymongo\nc = pymongo.MongoClient(sys.argv[1])\n{lines}"),
            &[&self.server.full_url()],
        )
        .unwrap()
    }

    fn portrait(&self, database: &str) -> Vec<String> {
        pymongo::portrait(&self.server.full_url(), database).unwrap()
    }

    fn assert_same(&self, one: &str, other: &str) {
        let differences = pymongo::differences(&self.portrait(one), &self.portrait(other));
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }

    fn out(&self) -> PathBuf {
        self.cofferdam.folder().join("out")
    }
}

fn assert_refused(output: &Output, said: &str) {
    assert!(!output.status.success(), "{}", output.stderr);
    assert!(output.stderr.contains(said), "{}", output.stderr);
}

/// A collection as drivers make one with encrypted fields, with documents as the server keeps them, and one that it isn't.
const ENCRYPTED: &str = "
from bson import Binary
fields = {'fields': [{'path': 'card', 'keyId': Binary(bytes(16), 4), 'bsonType': 'string',
                      'queries': {'queryType': 'equality'}}]}
d = c['shop']
d.create_collection('patients', encryptedFields=fields)
documents = [{'_id': n, 'card': Binary(b'cipher%d' % n, 6), '__safeContent__': [Binary(b'tag%d' % n, 0)]} for n in range(500)]
d.command('insert', 'patients', documents=documents, bypassDocumentValidation=True)
d['enxcol_.patients.esc'].insert_many({'_id': Binary(b'state%d' % n), 'n': n} for n in range(20))
d.plain.insert_one({'_id': 1})
";

#[test]
fn a_collection_with_encrypted_fields_comes_back_with_all_that_it_is_found_by() {
    let scene = Scene::new(Options::default());
    scene.python(ENCRYPTED);
    scene.succeed(&["backup", "shop"]);
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "again"]);
    scene.assert_same("shop", "again");
    let options = scene.python("print(c['again'].patients.options(), c['again'].patients.index_information())");
    assert!(options.contains("encryptedFields") && options.contains("__safeContent___1"), "{options}");
    scene.succeed(&["backups", "verify", "shop@latest", "--restore", "shop"]);
    scene.succeed(&["backup", "all"]);
    scene.succeed(&["backups", "verify", "all@latest", "--restore", "all"]);
    scene.succeed(&["clone", "shop", "shop", "--as", "cloned"]);
    scene.assert_same("shop", "cloned");

    // By files, too.
    scene.succeed(&["backups", "export", "shop@latest", "out"]);
    scene.succeed(&["backups", "import", "out", "--instance", "shop"]);
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "imported"]);
    scene.assert_same("shop", "imported");
}

#[test]
fn an_encrypted_collection_is_filled_once_whatever_breaks_and_taken_away_if_it_fails() {
    let scene = Scene::new(Options::default());
    scene.python(ENCRYPTED);
    scene.succeed(&["backup", "shop"]);
    for action in [Action::Half(50), Action::Close, Action::Cut(20)] {
        scene.server.fail(Fault::once("insert", action.clone()).on("again.patients"));
        let restored = scene.restore("again", &[]);
        assert!(restored.status.success(), "{action:?}: {}", restored.stderr);
        scene.assert_same("shop", "again");
        scene.server.drop_database("again").unwrap();
    }
    scene.server.fail(Fault::once("renameCollection", Action::Fail(13, Vec::new())).always());
    assert!(!scene.restore("again", &[]).status.success());
    scene.server.forgive();
    assert_eq!(scene.portrait("again"), Vec::<String>::new());
}

#[test]
fn what_is_encrypted_never_meets_what_is_there_nor_gets_another_name() {
    let scene = Scene::new(Options::default());
    scene.python(ENCRYPTED);
    scene.succeed(&["backup", "shop"]);
    let before = scene.portrait("shop");
    assert_refused(&scene.restore("shop", &["--if-exists", "append"]), "can't be added");
    assert_refused(&scene.restore("shop", &["--if-exists", "replace"]), "can't rename");
    assert_eq!(scene.portrait("shop"), before);
    assert_refused(&scene.restore("new", &["--set", "rename=patients=people"]), "found by its name");
    // State of another collection of the same name isn't added to, nor is one that is there put aside too late.
    scene.python("c['state']['enxcol_.patients.esc'].insert_one({'_id': 1})\nc['met'].patients.insert_one({'_id': 1})");
    assert_refused(&scene.restore("state", &["--if-exists", "append"]), "can't be added");
    assert_refused(&scene.restore("met", &["--if-exists", "replace"]), "under its own name");
    assert_eq!(scene.server.count("met.patients"), Some(1));
}

#[test]
fn a_server_alone_takes_nothing_encrypted_and_says_so_before_anything_is_made() {
    let scene = Scene::new(Options::default());
    scene.python(ENCRYPTED);
    scene.succeed(&["backup", "shop"]);
    let mut cofferdam = scene.cofferdam;
    for (name, alone) in [("alone", Server::double(Kind::Standalone)), ("mongoeco", Server::mongoeco())] {
        let alone = alone.unwrap();
        cofferdam.add_mongodb(name, &alone.url(""), alone.password()).unwrap();
        let refused = cofferdam.run(&["restore", "shop@latest", "--to", name, "--database", "new"], MINUTES).unwrap();
        assert_refused(&refused, "a server alone refuses");
        assert!(!alone.databases().unwrap().contains(&"new".to_owned()));
    }
}

/// Every collection of a database with its UUID, sorted.
fn uuids(scene: &Scene, database: &str) -> String {
    scene.python(&format!(
        "print(sorted((x['name'], x['info']['uuid'].hex()) for x in c['{database}'].list_collections() \
         if x['type'] == 'collection' and not x['name'].startswith('system.')))"
    ))
}

#[test]
fn collections_keep_their_uuids_if_it_is_asked_for_and_nobody_else_has_them() {
    let scene = Scene::new(Options::default());
    pymongo::run("databases/mongodb.py", &[&scene.server.full_url(), "shop", "full"]).unwrap();
    scene.python(ENCRYPTED);
    let (had, before) = (uuids(&scene, "shop"), scene.portrait("shop"));
    scene.succeed(&["backup", "shop"]);
    scene.succeed(&["restore", "shop@latest", "--to", "shop", "--database", "other"]);
    assert_ne!(uuids(&scene, "other"), had);

    // While one of them is there it can't be: the server would give that one's name away.
    for refused in [
        scene.restore("new", &["--set", "uuids=keep"]),
        scene.run(&["clone", "shop", "shop", "--as", "new", "--set", "uuids=keep"]),
    ] {
        assert_refused(&refused, "has its UUID");
    }
    assert_eq!((uuids(&scene, "shop"), scene.portrait("shop")), (had.clone(), before.clone()));
    assert!(!scene.server.databases().contains(&"new".to_owned()));
    // What is only looked at has others in any case.
    scene.succeed(&["backups", "verify", "shop@latest", "--restore", "shop"]);

    scene.server.drop_database("shop").unwrap();
    let kept = scene.restore("again", &["--set", "uuids=keep"]);
    assert!(kept.status.success(), "{}", kept.stderr);
    assert!(kept.stderr.contains("weather") && kept.stderr.contains("gets a new one"), "{}", kept.stderr);
    assert_eq!(uuids(&scene, "again"), had);
    let differences = pymongo::differences(&before, &scene.portrait("again"));
    assert!(differences.is_empty(), "{}", differences.join("\n"));

    // Files have them, as mongodump's do.
    scene.succeed(&["backups", "export", "shop@latest", "out"]);
    scene.succeed(&["backups", "import", "out", "--instance", "shop"]);
    scene.server.drop_database("again").unwrap();
    assert!(scene.restore("imported", &["--set", "uuids=keep"]).status.success());
    assert_eq!(uuids(&scene, "imported"), had);

    assert_refused(&scene.restore("new", &["--set", "uuids=new"]), "uuids is \"keep\"");
}

#[test]
fn a_collection_that_is_filled_anew_keeps_the_uuid_that_it_was_given() {
    let scene = Scene::new(Options::default());
    scene.python("d = c['shop']; d.create_collection('log', capped=True, size=1000000)\nd.log.insert_many({'n': n} for n in range(200))");
    let had = uuids(&scene, "shop");
    let documents = scene.server.documents("shop.log");
    scene.succeed(&["backup", "shop"]);
    scene.server.drop_database("shop").unwrap();
    // Behind the insert that writes down what is made.
    scene.server.fail(Fault::once("insert", Action::Half(50)).after(1));
    let kept = scene.restore("again", &["--set", "uuids=keep"]);
    assert!(kept.status.success(), "{}", kept.stderr);
    let times = scene.server.commands().iter().filter(|command| command.starts_with("applyOps")).count();
    assert_eq!((times, uuids(&scene, "again")), (2, had));
    assert!(scene.server.documents("again.log") == documents);
}

#[test]
fn who_may_not_choose_uuids_or_asks_a_router_is_told_what_to_do() {
    let scene = Scene::new(Options::default());
    scene.server.insert("shop.many", [doc! { "_id": 1 }.to_vec().unwrap()]).unwrap();
    scene.succeed(&["backup", "shop"]);
    scene.server.drop_database("shop").unwrap();
    scene.server.fail(Fault::once("applyOps", Action::Fail(13, Vec::new())).always());
    assert_refused(&scene.restore("new", &["--set", "uuids=keep"]), "forceUUID");
    scene.server.forgive();
    assert!(!scene.server.databases().contains(&"new".to_owned()));

    let router = Scene::new(Options { quirks: Quirks { router: true, ..Quirks::default() }, ..Options::default() });
    router.server.insert("shop.many", [doc! { "_id": 1 }.to_vec().unwrap()]).unwrap();
    router.succeed(&["backup", "shop"]);
    assert_refused(&router.restore("new", &["--set", "uuids=keep"]), "a mongos lets nobody choose");
}

#[test]
fn a_server_without_uuids_is_backed_up_and_takes_none_and_both_are_told() {
    let (mut scene, server) = (Scene::new(Options::default()), Server::mongoeco().unwrap());
    scene.cofferdam.add_mongodb("without", &server.url("shop"), server.password()).unwrap();
    server.insert("shop.many", &[doc! { "_id": 1 }]).unwrap();
    scene.succeed(&["backup", "without"]);
    let restore = |backup: &str, to: &str| {
        scene.run(&["restore", backup, "--to", "without", "--database", to, "--set", "uuids=keep"])
    };
    let restored = restore("without@latest", "again");
    assert!(restored.status.success(), "{}", restored.stderr);
    assert!(restored.stderr.contains("many") && restored.stderr.contains("gets a new one"), "{}", restored.stderr);
    assert_eq!(server.documents("again.many").unwrap().len(), 1);

    scene.server.insert("shop.many", [doc! { "_id": 1 }.to_vec().unwrap()]).unwrap();
    scene.succeed(&["backup", "shop"]);
    let refused = restore("shop@latest", "new");
    assert_refused(&refused, "with its UUID");
    // Its errors have no number, and are told all the same.
    assert_refused(&refused, "unsupported wire command: applyOps");
    assert_eq!(server.databases().unwrap(), ["again", "shop"]);
}

const USERS: &str = "
c['shop'].many.insert_one({'_id': 1})
c['shop'].command('createRole', 'teller', privileges=[], roles=[])
c['shop'].command('createUser', 'alice', pwd='her own', roles=['teller'])
c['other'].command('createUser', 'alice', pwd='another', roles=[])
";

#[test]
fn users_and_roles_are_in_files_only_if_they_are_asked_for_and_come_back_from_them() {
    let scene = Scene::new(Options::default());
    scene.python(USERS);
    scene.succeed(&["backup", "shop"]);
    let without = scene.succeed(&["backups", "export", "shop@latest", "out"]);
    assert!(without.stderr.contains("aren't encrypted"), "{}", without.stderr);
    let files = |folder: &str| {
        let mut names: Vec<String> = fs::read_dir(scene.out().join(folder))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(files("shop"), ["many.bson", "many.metadata.json"]);
    fs::remove_dir_all(scene.out()).unwrap();

    // Those of one database, as mongodump --dumpDbUsersAndRoles has them.
    let with = scene.succeed(&["backups", "export", "shop@latest", "out", "--set", "users=export"]);
    assert!(with.stderr.contains("try passwords"), "{}", with.stderr);
    let ours = ["$admin.system.roles.bson", "$admin.system.users.bson", "$admin.system.version.bson"];
    assert_eq!(files("shop"), [&ours[..], &["many.bson", "many.metadata.json"]].concat());
    let read = "import sys, bson\nfor path in sys.argv[1:]:\n  for d in bson.decode_all(open(path, 'rb').read()): print(d['_id'], sorted(d))";
    let paths: Vec<String> =
        ours.iter().map(|name| scene.out().join("shop").join(name).display().to_string()).collect();
    let read_all =
        |paths: &[String]| pymongo::code(read, &paths.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let said = read_all(&paths);
    assert_eq!(
        said.lines().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(),
        ["shop.teller", "shop.alice", "authSchema"]
    );
    assert!(said.contains("'credentials'") && said.contains("'currentVersion'"), "{said}");

    let imported = scene.succeed(&["backups", "import", "out", "--instance", "shop"]);
    assert!(imported.stderr.contains("system.version"), "{}", imported.stderr);
    let left_out = scene.restore("without", &[]);
    assert!(left_out.status.success() && left_out.stderr.contains("user alice"), "{}", left_out.stderr);
    assert!(scene.restore("again", &["--set", "users=restore"]).status.success());
    scene.succeed(&["compare", "shop@latest", "shop/again"]);
    let url =
        scene.server.full_url().replacen("backup:", "alice:", 1).replacen("not%20easily%20guessed", "her%20own", 1);
    pymongo::code("import sys, pymongo; pymongo.MongoClient(sys.argv[1]).admin.command('ping')", &[&(url + "again")])
        .unwrap();

    // Those of all databases, as a whole dump has them.
    fs::remove_dir_all(scene.out()).unwrap();
    scene.succeed(&["backup", "all"]);
    scene.succeed(&["backups", "export", "all@latest", "out", "--set", "users=export"]);
    assert_eq!(files("admin"), ["system.roles.bson", "system.users.bson", "system.version.bson"]);
    let said = read_all(&[scene.out().join("admin/system.users.bson").display().to_string()]);
    assert!(said.contains("shop.alice") && said.contains("other.alice") && said.contains("admin.backup"), "{said}");
    scene.succeed(&["backups", "import", "out", "--instance", "all"]);
    scene.python("c['other'].command('dropUser', 'alice')\nc.drop_database('again')\nc.drop_database('shop')");
    scene.succeed(&["restore", "all@latest", "--to", "all", "--only", "shop.*"]);
    let some = scene.run(&["backups", "export", "all@latest", "some", "--only", "shop.*", "--set", "users=export"]);
    assert_refused(&some, "belong to no collection");
    scene.python("c.drop_database('shop')\nc.drop_database('without')");
    scene.succeed(&["restore", "all@latest", "--to", "all", "--set", "users=restore"]);
    assert!(scene.python("print(c['other'].command('usersInfo', 'alice'))").contains("SCRAM-SHA-256"));
}
