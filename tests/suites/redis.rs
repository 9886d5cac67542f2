//! Redis, by a plugin in Python: back up, verify, restore, compare, clone, and what mustn't go wrong in silence. On a real
//! server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::command::Output;
use cofferdam_tests::servers::Redis;

const MINUTES: Duration = Duration::from_secs(300);

/// A server whose database 0 has one of everything, a repository, and the instances "source" (0) and "target" (5).
fn scene(server: &Redis) -> Cofferdam {
    server.script(0, "redis.lua").unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_redis("source", &server.url(0), server.password()).unwrap();
    cofferdam.add_redis("target", &server.url(5), server.password()).unwrap();
    cofferdam.initialize().unwrap();
    cofferdam
}

fn portrait(server: &Redis, database: u16) -> Vec<String> {
    server.script(database, "redis_portrait.lua").unwrap()
}

fn backup(cofferdam: &Cofferdam) -> String {
    cofferdam.succeed(&["backup", "source"], MINUTES).unwrap().stdout.trim().to_owned()
}

/// The databases that hold something.
fn databases(server: &Redis) -> Vec<String> {
    let info = server.command(0, &["INFO", "keyspace"]).unwrap();
    info.lines().filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect()
}

fn assert_told(output: &Output, words: &[&str]) {
    for word in words {
        assert!(output.stderr.contains(word), "{word:?} isn't told:\n{}", output.stderr);
    }
}

#[test]
fn every_kind_of_key_comes_back_whole_on_the_same_server_and_on_another() {
    let (server, other) = (Redis::start().unwrap(), Redis::start().unwrap());
    let mut cofferdam = scene(&server);
    cofferdam.add_redis("other", &other.url(0), other.password()).unwrap();
    let before = portrait(&server, 0);
    assert!(before.len() > 3020, "{} keys prove little", before.len());

    let id = backup(&cofferdam);
    cofferdam.succeed(&["backups", "verify", &id, "--read-data"], MINUTES).unwrap();
    cofferdam.succeed(&["restore", &id, "--to", "target"], MINUTES).unwrap();
    assert_eq!(portrait(&server, 5), before);
    cofferdam.succeed(&["clone", "source", "other"], MINUTES).unwrap();
    assert_eq!(portrait(&other, 0), before);
    assert_eq!(portrait(&server, 0), before);
    assert_eq!(databases(&server), ["db0", "db5"]);

    cofferdam.succeed(&["compare", "source", "other"], MINUTES).unwrap();
    other.command(0, &["HSET", "hash:large", "field 7", "changed"]).unwrap();
    assert!(!cofferdam.run(&["compare", "source", "other"], MINUTES).unwrap().status.success());
}

#[test]
fn a_backup_is_verified_in_a_database_that_is_gone_afterwards() {
    let server = Redis::start().unwrap();
    let cofferdam = scene(&server);
    let id = backup(&cofferdam);
    cofferdam.succeed(&["backups", "verify", &id, "--restore", "target"], MINUTES).unwrap();
    assert_eq!(databases(&server), ["db0"]);
}

#[test]
fn a_database_with_keys_is_refused_and_replaced_only_on_demand_and_kept() {
    let server = Redis::start().unwrap();
    let cofferdam = scene(&server);
    let before = portrait(&server, 0);
    server.command(5, &["SET", "precious", "x"]).unwrap();
    let id = backup(&cofferdam);

    let refused = cofferdam.run(&["restore", &id, "--to", "target"], MINUTES).unwrap();
    assert!(!refused.status.success());
    assert_told(&refused, &["the database 5 holds 1 keys"]);
    assert_eq!(databases(&server), ["db0", "db5"]);
    assert_eq!(server.command(5, &["GET", "precious"]).unwrap().trim(), "x");

    let replaced = cofferdam.succeed(&["restore", &id, "--to", "target", "--if-exists", "replace"], MINUTES).unwrap();
    assert_told(&replaced, &["is in the database 1 now"]);
    assert_eq!(portrait(&server, 5), before);
    assert_eq!(server.command(1, &["GET", "precious"]).unwrap().trim(), "x");
}

#[test]
fn keys_that_expired_since_the_backup_are_told_and_not_revived() {
    let server = Redis::start().unwrap();
    let cofferdam = scene(&server);
    server.command(0, &["SET", "short-lived", "x", "PX", "3000"]).unwrap();
    let id = backup(&cofferdam);
    thread::sleep(Duration::from_secs(3));
    let restored = cofferdam.succeed(&["restore", &id, "--to", "target"], MINUTES).unwrap();
    assert_told(&restored, &["1 of", "expired since the backup"]);
    assert_eq!(server.command(5, &["EXISTS", "short-lived"]).unwrap().trim(), "0");
}

/// What is there from the beginning to the end of a backup is in it, whatever else is written; and it is told that it was.
#[test]
fn a_server_that_is_written_to_loses_nothing_and_the_backup_says_so() {
    let server = Redis::start().unwrap();
    let cofferdam = scene(&server);
    let before = portrait(&server, 0);
    let ended = AtomicBool::new(false);
    let output = thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !ended.load(Ordering::Relaxed) {
                number += 1;
                server.command(0, &["SET", &format!("new:{number}"), "x"]).unwrap();
                server.command(0, &["RENAME", &format!("new:{number}"), &format!("renamed:{number}")]).unwrap();
            }
        });
        let output = cofferdam.succeed(&["backup", "source"], MINUTES);
        ended.store(true, Ordering::Relaxed);
        output.unwrap()
    });
    assert_told(&output, &["was written to while keys were read", "RENAME"]);
    cofferdam.succeed(&["restore", output.stdout.trim(), "--to", "target"], MINUTES).unwrap();
    let after = portrait(&server, 5);
    assert!(before.iter().all(|key| after.contains(key)), "a key that nobody touched isn't in the backup");
}

#[test]
fn a_value_and_names_that_are_larger_than_the_sandbox_pass_through() {
    // Zeros would be compressed, and a small value proves nothing.
    let server = Redis::start_with(&["--rdbcompression", "no"]).unwrap();
    let cofferdam = scene(&server);
    server.command(0, &["SETRANGE", "large", "200000000", "the end"]).unwrap();
    // A backup says each name three times, and a restore once.
    let names = "for i=1,30000 do redis.call('SET', string.rep('k', 2000) .. i, i) end";
    server.command(0, &["EVAL", names, "0"]).unwrap();
    cofferdam.configure("[limits]\nmemory = \"96MiB\"\n").unwrap();
    let before = portrait(&server, 0);
    let id = backup(&cofferdam);
    cofferdam.succeed(&["restore", &id, "--to", "target"], MINUTES).unwrap();
    assert_eq!(portrait(&server, 5), before);
}

#[test]
fn a_server_that_deletes_keys_for_lack_of_memory_fails_the_restore() {
    let (server, small) = (
        Redis::start().unwrap(),
        Redis::start_with(&["--maxmemory", "2mb", "--maxmemory-policy", "allkeys-lru"]).unwrap(),
    );
    let mut cofferdam = scene(&server);
    cofferdam.add_redis("small", &small.url(0), small.password()).unwrap();
    let id = backup(&cofferdam);
    let failed = cofferdam.run(&["restore", &id, "--to", "small"], MINUTES).unwrap();
    assert!(!failed.status.success());
    assert_eq!(small.command(0, &["DBSIZE"]).unwrap().trim(), "0");
}

#[test]
fn a_wrong_password_is_an_error_that_doesnt_tell_it() {
    let server = Redis::start().unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_redis("source", &server.url(0), "not-the-password").unwrap();
    cofferdam.initialize().unwrap();
    let failed = cofferdam.run(&["backup", "source", "--verbose"], MINUTES).unwrap();
    assert!(!failed.status.success());
    assert_told(&failed, &["doesn't let the default user in", "WRONGPASS"]);
    assert!(!failed.stderr.contains("not-the-password"));
}

#[test]
fn a_node_of_a_cluster_is_refused_since_it_has_a_part_of_the_keys() {
    let server = Redis::start_with(&["--cluster-enabled", "yes"]).unwrap();
    let mut cofferdam = Cofferdam::new().unwrap();
    cofferdam.add_redis("source", &server.url(0), server.password()).unwrap();
    cofferdam.initialize().unwrap();
    let failed = cofferdam.run(&["backup", "source"], MINUTES).unwrap();
    assert!(!failed.status.success());
    assert_told(&failed, &["node of a cluster"]);
}

#[test]
fn what_a_killed_restore_left_is_taken_away_and_nothing_else() {
    let server = Redis::start().unwrap();
    let cofferdam = scene(&server);
    let before = portrait(&server, 0);
    // Large enough that the kill comes in the middle.
    server.command(0, &["EVAL", "for i=1,200000 do redis.call('SET','more:'..i,i) end", "0"]).unwrap();
    let id = backup(&cofferdam);
    server.command(0, &["EVAL", "for i=1,200000 do redis.call('DEL','more:'..i) end", "0"]).unwrap();

    let mut restore = cofferdam.command(&["restore", &id, "--to", "target"]).spawn().unwrap();
    while !server.command(1, &["DBSIZE"]).unwrap().trim().parse::<u64>().is_ok_and(|keys| keys > 1000) {
        thread::sleep(Duration::from_millis(5));
    }
    restore.kill().unwrap();
    restore.wait().unwrap();
    assert_eq!(databases(&server), ["db0", "db1"], "nothing half-done is seen in the database 5");
    let mark = server.command(1, &["--scan", "--pattern", "cofferdam:restore:*"]).unwrap();
    let operation = mark.trim().rsplit(':').next().unwrap().to_owned();
    cofferdam.succeed(&["cleanup", "--instance", "target", &operation], MINUTES).unwrap();
    assert_eq!(databases(&server), ["db0"]);
    assert_eq!(portrait(&server, 0), before);
}
