//! Where the checks are made: databases of the kit's own, a repository that goes with it, and the operations on them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::super::backup;
use super::super::compare::{self, Side};
use super::super::event::{Silent, Sink};
use super::super::portrait::What;
use super::super::restore;
use super::super::source::Patience;
use super::super::{Environment, Party, check};
use super::Means;
use super::quirks::{Print, Quirks};
use crate::error::{Error, Result};
use crate::repository::{InitOptions, Location, Manifest, Repository};

/// Why a check ended before its end.
pub(super) enum Stop {
    /// A user would have lost something: what happened.
    Lost(String),
    /// It can't be made.
    Untested(String),
    /// The kit can't go on.
    Broken(Error),
}

/// Whatever an engine or an operation says against it is something that a user would have got instead of the data.
impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        let causes = error.causes().into_iter().map(|cause| format!(": {cause}"));
        Self::Lost(error.message().to_owned() + &causes.collect::<String>())
    }
}

/// Sessions that work side by side, as with an operator who says nothing of it.
pub(super) const JOBS: usize = 4;
/// How many differences are told.
const TOLD: usize = 5;

pub(super) struct Scene<'a> {
    pub(super) party: &'a Party,
    pub(super) quirks: &'a Quirks,
    pub(super) repository: Repository,
    means: Means,
    /// Databases that were there before.
    before: BTreeSet<String>,
    /// Databases that the kit has made, by any means.
    made: Mutex<BTreeSet<String>>,
    id: String,
    _folder: TempDir,
}

impl<'a> Scene<'a> {
    pub(super) async fn new(party: &'a Party, quirks: &'a Quirks, means: Means) -> Result<Self> {
        let failed = |e: std::io::Error| Error::storage("no repository can be made for the kit").with_cause(e);
        let folder = tempfile::Builder::new().prefix("cofferdam-kit-").tempdir().map_err(failed)?;
        let location = Location::parse(&folder.path().join("repository").to_string_lossy())?;
        let (repository, _) = Repository::init(&location, InitOptions::default()).await?;
        let mut id = [0_u8; 4];
        getrandom::fill(&mut id)
            .map_err(|e| Error::internal("the system gives no random bytes").with_cause(e.to_string()))?;
        let id = id.iter().map(|b| format!("{b:02x}")).collect();
        let (before, made) = (BTreeSet::new(), Mutex::default());
        let mut scene = Self { party, quirks, repository, means, before, made, id, _folder: folder };
        scene.before = scene.databases().await?;
        Ok(scene)
    }

    pub(super) fn environment(&self) -> Environment {
        self.listened(Arc::new(Silent), self.means.cancel.child_token())
    }

    pub(super) fn listened(&self, sink: Arc<dyn Sink>, cancel: CancellationToken) -> Environment {
        Environment { sink, redactor: self.means.redactor.clone(), cancel, limits: self.means.limits }
    }

    pub(super) fn clean(&self, text: &str) -> String {
        self.means.redactor.clean(text)
    }

    /// A name for a database that nobody has but the kit; it is dropped at the end.
    pub(super) fn name(&self, what: &str) -> String {
        let name = format!("cofferdam_test_{}_{what}", self.id);
        self.made().insert(name.clone());
        name
    }

    fn made(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one of the author's commands that prepare something.
    pub(super) async fn prepare(&self, command: &[String], database: &str) -> Result<(), Stop> {
        self.quirks.run(command, database).await.map(drop).map_err(Stop::Broken)
    }

    /// A database that was made by the author's means.
    pub(super) async fn make(&self, what: &str, filling: Option<&[String]>) -> Result<String, Stop> {
        let name = self.name(what);
        self.prepare(&self.quirks.create, &name).await?;
        if let Some(filling) = filling {
            self.prepare(filling, &name).await?;
        }
        Ok(name)
    }

    /// A filled database and a backup of it.
    pub(super) async fn backed_up(&self, what: &str) -> Result<(String, Manifest), Stop> {
        let source = self.make(what, Some(&self.quirks.fill)).await?;
        let manifest = self.backup(&source).await?;
        Ok((source, manifest))
    }

    pub(super) async fn backup(&self, database: &str) -> Result<Manifest, Stop> {
        let made = backup::run(self.party, &self.repository, &backup_of(database), self.environment()).await;
        let id = made.map_err(|e| e.while_doing("backup"))?.backup.unwrap_or_default();
        Ok(self.repository.find(&id).await?)
    }

    pub(super) async fn restore(&self, manifest: &Manifest, to: &str) -> Result<(), Stop> {
        let restored = restore::run(self.party, &self.repository, manifest, &restore_to(to), self.environment()).await;
        restored.map_err(|e| e.while_doing("restore"))?;
        Ok(())
    }

    /// What the author's own means say of a database.
    pub(super) async fn print(&self, command: &[String], database: &str) -> Result<Print, Stop> {
        // One that was restored may be so broken that it can't be looked into.
        let failed = |e: Error| Stop::Lost(format!("the author's own means can't look into it: {}", e.message()));
        self.quirks.run(command, database).await.map_err(failed)
    }

    /// Holds two databases against each other, by the author's means and by the host's.
    pub(super) async fn same(&self, source: &str, copy: &str) -> Result<(), Stop> {
        let (one, other) = (self.print(&self.quirks.dump, source).await?, self.print(&self.quirks.dump, copy).await?);
        if one != other {
            let lines = format!("{} lines against {}", one.lines, other.lines);
            return Err(Stop::Lost(format!("the author's own dumps of source and copy differ: {lines}")));
        }
        let side = |database: &str| Side::Instance { party: self.party.clone(), database: Some(database.to_owned()) };
        let compared = compare::run(&side(source), &side(copy), JOBS, self.environment()).await?;
        // What the host can't take apart was held against the other by the dumps.
        let mut told = compared.differences.iter().filter(|found| found.what != What::NotCompared).peekable();
        if told.peek().is_none() {
            return Ok(());
        }
        let told: Vec<String> = told.take(TOLD).map(|found| format!("{} ({:?})", found.object, found.what)).collect();
        Err(Stop::Lost(format!("source and copy differ: {}", told.join(", "))))
    }

    /// The names of the server's databases, as the engine says.
    pub(super) async fn databases(&self) -> Result<BTreeSet<String>> {
        let info = check::inspect(self.party, self.environment()).await?;
        Ok(info.databases.into_iter().map(|database| database.name).collect())
    }

    /// Nothing came to the server and nothing went since `before`.
    pub(super) async fn unchanged(&self, before: &BTreeSet<String>) -> Result<(), Stop> {
        let now = self.databases().await?;
        let differ: Vec<&str> = now.symmetric_difference(before).map(String::as_str).collect();
        if differ.is_empty() {
            Ok(())
        } else {
            Err(Stop::Lost(format!("databases came or went: {}", differ.join(", "))))
        }
    }

    /// Drops the kit's databases, those that are there.
    pub(super) async fn drop_all(&self) -> Result<()> {
        let there = self.databases().await?;
        let made: Vec<String> = self.made().iter().cloned().collect();
        let mut failed = None;
        for name in made {
            // Where the engine names no databases, whatever is there goes by trying.
            let dropped = self.quirks.run(&self.quirks.drop, &name).await;
            if there.contains(&name) {
                failed = failed.or(dropped.err());
            }
        }
        failed.map_or(Ok(()), Err)
    }

    pub(super) async fn nothing_left(&self) -> Result<(), Stop> {
        let now = self.databases().await?;
        // Others may use the server meanwhile; what bears our marks is ours.
        let ours = now.difference(&self.before).filter(|name| name.contains("cofferdam_"));
        let left: Vec<&str> = ours.map(String::as_str).collect();
        if left.is_empty() { Ok(()) } else { Err(Stop::Lost(format!("these databases are left: {}", left.join(", ")))) }
    }
}

/// A backup of all of a database.
pub(super) fn backup_of(database: &str) -> backup::Request {
    backup::Request {
        database: Some(database.to_owned()),
        only: Vec::new(),
        except: Vec::new(),
        patience: Patience::default(),
        jobs: JOBS,
        tags: Vec::new(),
        settings: Vec::new(),
    }
}

/// A restore to a database that isn't there.
pub(super) fn restore_to(database: &str) -> restore::Request {
    restore::Request {
        database: Some(database.to_owned()),
        only: Vec::new(),
        except: Vec::new(),
        if_exists: "fail".to_owned(),
        jobs: JOBS,
        neutral: false,
        keep_going: false,
        settings: Vec::new(),
    }
}
