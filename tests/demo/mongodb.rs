//! The demo's second part: the same commands for MongoDB, on the tests' double of it, compared by pymongo.

use bson::doc;
use cofferdam_tests::cofferdam::Cofferdam;
use cofferdam_tests::doubles::mongodb::{Mongodb, Options, User};
use cofferdam_tests::error::Result;
use cofferdam_tests::pymongo;

use crate::command;
use crate::page::Page;

const PASSWORD: &str = "not easily guessed";

/// Orders, besides one of everything that MongoDB has.
const ORDERS: i32 = 2000;

/// The steps; gives the differences that were found.
pub fn run(page: &mut Page) -> Result<Vec<String>> {
    page.step("The same for MongoDB: two replica sets of one member, and a database with one of everything");
    page.say(
        "No registry carries mongod, so these are the tests' double of it: it speaks MongoDB's protocol and holds",
    );
    page.say("what it is sent, but it isn't MongoDB. pymongo, a client that isn't ours, fills it and compares.");
    let (production, staging) = (start()?, start()?);
    pymongo::run("databases/mongodb.py", &[&production.full_url(), "shop", "full"])?;
    let order =
        |id: i32| doc! { "_id": id, "customer": id % 97, "note": "x".repeat(usize::try_from(id % 200).unwrap_or(0)) };
    let orders = (0..ORDERS).map(|id| order(id).to_vec()).collect::<std::result::Result<Vec<_>, _>>()?;
    production.insert("shop.orders", orders)?;
    let before = pymongo::portrait(&production.full_url(), "shop")?;

    let mut cofferdam = Cofferdam::new()?;
    cofferdam.add_mongodb("documents", &production.url("shop"), PASSWORD)?;
    cofferdam.add_mongodb("elsewhere", &staging.url("copy"), PASSWORD)?;
    cofferdam.initialize()?;
    command(page, &cofferdam, &["backup", "documents"])?;
    command(page, &cofferdam, &["backups", "verify", "latest", "--restore", "documents"])?;
    command(page, &cofferdam, &["restore", "documents@latest", "--to", "documents", "--database", "shop_restored"])?;
    command(page, &cofferdam, &["clone", "documents", "elsewhere", "--as", "copy"])?;
    command(page, &cofferdam, &["backups", "export", "documents@latest", "dump"])?;

    let mut differences = Vec::new();
    for (what, server, database) in
        [("restored", &production, "shop_restored"), ("cloned", &staging, "copy"), ("the source", &production, "shop")]
    {
        let after = pymongo::portrait(&server.full_url(), database)?;
        let found = pymongo::differences(&before, &after);
        let verdict = if found.is_empty() { "equal" } else { "DIFFERENT" };
        let documents = after.iter().filter(|line| line.starts_with("document ")).count();
        page.say(&format!("{what:<11}{documents} documents and {} other lines: {verdict}", after.len() - documents));
        found.iter().for_each(|difference| page.output(difference));
        differences.extend(found);
    }
    Ok(differences)
}

fn start() -> Result<Mongodb> {
    let user = User { name: "backup".into(), password: PASSWORD.into() };
    Mongodb::start(Options { user: Some(user), ..Options::default() })
}
