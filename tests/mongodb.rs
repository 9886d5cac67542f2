//! A server that speaks MongoDB's protocol, whoever wrote it: for tests that are the same on the double and on mongoeco.

use bson::Document;

use crate::doubles::mongodb::{Kind, Mongodb, Options, User};
use crate::error::Result;
use crate::pymongo;
use crate::servers::Mongoeco;

/// The password of the double's user.
const PASSWORD: &str = "not easily guessed";

/// A server.
#[derive(Debug)]
pub enum Server {
    /// Ours.
    Double(Mongodb),
    /// One that others wrote, which has less and is slow: tests have fewer documents there.
    Mongoeco(Mongoeco),
}

impl Server {
    /// The double, with a user.
    ///
    /// # Errors
    /// As for [`Mongodb::start`].
    pub fn double(kind: Kind) -> Result<Self> {
        let user = User { name: "backup".into(), password: PASSWORD.into() };
        Ok(Self::Double(Mongodb::start(Options { kind, user: Some(user), ..Options::default() })?))
    }

    /// mongoeco, with a user.
    ///
    /// # Errors
    /// As for [`Mongoeco::start`].
    pub fn mongoeco() -> Result<Self> {
        Ok(Self::Mongoeco(Mongoeco::start()?))
    }

    /// Another one of the same author.
    ///
    /// # Errors
    /// As for starting it.
    pub fn another(&self) -> Result<Self> {
        if self.is_mongoeco() { Self::mongoeco() } else { Self::double(Kind::ReplicaSet) }
    }

    /// Whether it has only what mongoeco has.
    #[must_use]
    pub fn is_mongoeco(&self) -> bool {
        matches!(self, Self::Mongoeco(_))
    }

    /// A URL without a password, as Cofferdam's configuration takes it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        match self {
            Self::Double(server) => server.url(database),
            Self::Mongoeco(server) => server.url(database),
        }
    }

    /// A URL with the password, as other clients take it.
    #[must_use]
    pub fn full_url(&self) -> String {
        match self {
            Self::Double(server) => server.full_url(),
            Self::Mongoeco(server) => server.full_url(),
        }
    }

    /// The password of its user.
    #[must_use]
    pub fn password(&self) -> &str {
        match self {
            Self::Double(_) => PASSWORD,
            Self::Mongoeco(server) => server.password(),
        }
    }

    /// Fills a database with one of everything that this server has.
    ///
    /// # Errors
    /// If it refuses something.
    pub fn fill(&self, database: &str) -> Result<()> {
        self.fill_with(database, if self.is_mongoeco() { "plain" } else { "full" })
    }

    /// The same, but for values with which mongoeco lists no databases.
    ///
    /// # Errors
    /// If it refuses something.
    pub fn fill_listed(&self, database: &str) -> Result<()> {
        self.fill_with(database, if self.is_mongoeco() { "sized" } else { "full" })
    }

    /// Fills a database with what every server has.
    ///
    /// # Errors
    /// If it refuses something.
    pub fn fill_plain(&self, database: &str) -> Result<()> {
        self.fill_with(database, "plain")
    }

    fn fill_with(&self, database: &str, kind: &str) -> Result<()> {
        pymongo::run("databases/mongodb.py", &[&self.full_url(), database, kind]).map(drop)
    }

    /// How many documents the collection "many" of a filled database has.
    #[must_use]
    pub fn many(&self) -> usize {
        if self.is_mongoeco() { 120 } else { 300 }
    }

    /// What a database contains, as pymongo sees it.
    ///
    /// # Errors
    /// If the server can't be asked.
    pub fn portrait(&self, database: &str) -> Result<Vec<String>> {
        pymongo::portrait(&self.full_url(), database)
    }

    /// Runs lines of Python; `c` is the client.
    ///
    /// # Errors
    /// If they fail.
    pub fn python(&self, lines: &str) -> Result<String> {
        pymongo::code(
            &format!("import sys, pymongo\nc = pymongo.MongoClient(sys.argv[1])\n{lines}"),
            &[&self.full_url()],
        )
    }

    /// Inserts documents, byte for byte.
    ///
    /// # Errors
    /// If one is there already.
    pub fn insert(&self, namespace: &str, documents: &[Document]) -> Result<()> {
        let bytes = documents.iter().map(Document::to_vec).collect::<bson::error::Result<Vec<_>>>()?;
        if let Self::Double(server) = self {
            return server.insert(namespace, bytes);
        }
        let (database, collection) = split(namespace)?;
        let bytes: String = bytes.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
        let lines = "import sys, pymongo, bson\nfrom bson.raw_bson import RawBSONDocument\n\
                     raw = bson.CodecOptions(document_class=RawBSONDocument)\nurl, database, collection, documents = sys.argv[1:]\n\
                     d = pymongo.MongoClient(url)[database]\n\
                     d[collection].insert_many(bson.decode_all(bytes.fromhex(documents), raw))";
        pymongo::code(lines, &[&self.full_url(), database, collection, &bytes]).map(drop)
    }

    /// The documents of a collection as hexadecimal digits of their bytes, sorted; none if there is no such collection.
    ///
    /// # Errors
    /// If the server can't be asked.
    pub fn documents(&self, namespace: &str) -> Result<Vec<String>> {
        let (database, collection) = split(namespace)?;
        let lines = "import sys, pymongo, bson\nfrom bson.raw_bson import RawBSONDocument\n\
                     raw = bson.CodecOptions(document_class=RawBSONDocument)\nurl, database, collection = sys.argv[1:]\n\
                     found = pymongo.MongoClient(url)[database].get_collection(collection, codec_options=raw).find()\n\
                     for document in found: print(document.raw.hex())";
        let mut documents: Vec<String> =
            pymongo::code(lines, &[&self.full_url(), database, collection])?.lines().map(str::to_owned).collect();
        documents.sort();
        Ok(documents)
    }

    /// The names of the databases that are there, sorted, but for the server's own.
    ///
    /// # Errors
    /// If the server can't be asked.
    pub fn databases(&self) -> Result<Vec<String>> {
        let named = self.python("for name in sorted(c.list_database_names()): print(name)")?;
        Ok(named.lines().filter(|name| *name != "local").map(str::to_owned).collect())
    }
}

fn split(namespace: &str) -> Result<(&str, &str)> {
    namespace.split_once('.').ok_or_else(|| format!("{namespace} is no DATABASE.COLLECTION").into())
}

/// Makes each function, which takes a [`Server`], a test on the double and one on mongoeco: `double::NAME`, `mongoeco::NAME`.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod double {
            $(#[test]
            fn $name() {
                let kind = cofferdam_tests::doubles::mongodb::Kind::ReplicaSet;
                super::$name(cofferdam_tests::mongodb::Server::double(kind).unwrap());
            })+
        }

        mod mongoeco {
            $(#[test]
            fn $name() {
                super::$name(cofferdam_tests::mongodb::Server::mongoeco().unwrap());
            })+
        }
    };
}
