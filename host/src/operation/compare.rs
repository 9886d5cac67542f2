//! Compare: reads two databases side by side, or a backup and a database, and says where they differ. Nothing is stored,
//! and of neither more is held than a digest of each object.

use std::sync::Arc;

use futures::future::try_join;
use serde::Serialize;

use super::event::{Event, Silent, Sink};
use super::feed::Progress;
use super::portrait::{Difference, Portrait, What, definitions_of};
use super::restore::{read, unit};
use super::source::{Patience, Source};
use super::survey::survey;
use super::{Environment, Operation, Outcome, Party, Totals};
use crate::error::{Error, Result};
use crate::plugin::{BackupOptions, Note};
use crate::repository::{BackupReader, Manifest, Repository};

/// What is compared.
pub enum Side {
    /// A database on a server.
    Instance {
        /// The server.
        party: Party,
        /// The database, if not the endpoint's own.
        database: Option<String>,
    },
    /// A backup.
    Backup {
        /// Where it is; opened with a key that reads data.
        repository: Repository,
        /// The backup.
        manifest: Box<Manifest>,
    },
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Comparison {
    /// What the target was held against.
    pub source: String,
    /// What was held against it.
    pub target: String,
    /// Objects of the source that have a definition.
    pub objects: usize,
    /// Rows of the source.
    pub rows: u64,
    /// Everything that isn't the same.
    pub differences: Vec<Difference>,
    /// What isn't the same, and was told to be so when the target was made: an owner that it doesn't have, say.
    pub expected: Vec<Difference>,
    /// Why it can't be said exactly.
    pub caveats: Vec<String>,
}

impl Side {
    /// How people call it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Instance { party, database: None } => party.name.clone(),
            Self::Instance { party, database: Some(database) } => format!("{}/{database}", party.name),
            Self::Backup { manifest, .. } => format!("backup {}", manifest.id),
        }
    }

    fn engine(&self) -> &str {
        match self {
            Self::Instance { party, .. } => &party.plugin.inspection().about.name,
            Self::Backup { manifest, .. } => &manifest.engine,
        }
    }

    fn party(&self) -> Option<&Party> {
        match self {
            Self::Instance { party, .. } => Some(party),
            Self::Backup { .. } => None,
        }
    }
}

/// Compares two sides.
///
/// # Errors
/// If one of them can't be read. That they differ is a result, no error.
pub async fn run(source: &Side, target: &Side, jobs: usize, environment: Environment) -> Result<Comparison> {
    let operation = Operation::begin("compare", &format!("{} and {}", source.name(), target.name()), environment)?;
    let result = tokio::select! {
        result = look(&operation, source, target, jobs) => result,
        cancelled = operation.cancelled() => Err(cancelled),
    };
    let parties: Vec<&Party> = [source, target].into_iter().filter_map(Side::party).collect();
    let (result, comparison) = match result {
        Ok((totals, comparison)) => (Ok(Outcome { totals, ..Outcome::default() }), comparison),
        Err(error) => (Err(error), Comparison::default()),
    };
    operation.end(&parties, result).await.map(|_| comparison)
}

async fn look(operation: &Operation, source: &Side, target: &Side, jobs: usize) -> Result<(Totals, Comparison)> {
    if source.engine() != target.engine() {
        return Err(Error::unsupported(format!(
            "{} is of {}, and {} of {}: only one engine's databases can be compared",
            source.name(),
            source.engine(),
            target.name(),
            target.engine()
        )));
    }
    let ((one, totals), (other, more)) =
        try_join(portrait(operation, source, jobs), portrait(operation, target, jobs)).await?;
    let comparison = Comparison { source: source.name(), target: target.name(), ..compare(operation, &one, &other) };
    Ok((totals + more, comparison))
}

/// Holds two portraits against each other.
pub(super) fn compare(operation: &Operation, source: &Portrait, target: &Portrait) -> Comparison {
    let (objects, rows) = source.size();
    let differences = source.differences(target).into_iter();
    let differences = differences.map(|found| Difference { object: operation.clean(&found.object), ..found }).collect();
    let caveats = source.caveats(target).iter().map(|text| operation.clean(text)).collect();
    Comparison { objects, rows, differences, caveats, ..Comparison::default() }
}

async fn portrait(operation: &Operation, side: &Side, jobs: usize) -> Result<(Portrait, Totals)> {
    match side {
        Side::Instance { party, database } => of_database(operation, party, database.clone(), jobs).await,
        Side::Backup { repository, manifest } => {
            of_backup(&repository.reader(manifest)?, manifest).await.map(|seen| (seen, Totals::default()))
        }
    }
}

/// Reads a database whole.
pub(super) async fn of_database(
    operation: &Operation,
    party: &Party,
    database: Option<String>,
    jobs: usize,
) -> Result<(Portrait, Totals)> {
    let options = BackupOptions {
        operation: operation.id().to_owned(),
        database,
        only: Vec::new(),
        except: Vec::new(),
        max_blocking: None,
        extra: Vec::new(),
    };
    let source = Source::open(operation, party, options, Patience::default(), jobs).await?;
    operation.event(Event::Planned {
        units: source.plan.units.len(),
        estimated_bytes: source.plan.estimated_bytes(),
        consistency: operation.clean(&source.plan.consistency),
        jobs: source.jobs(),
    });
    let seen = survey(operation, &source).await?;
    operation.note(source.close().await?, &mut Vec::new());
    Ok(seen)
}

/// What the host saw when a backup was made. Only definitions are read again: the digests of rows are in the manifest.
pub(super) async fn of_backup(reader: &BackupReader, manifest: &Manifest) -> Result<Portrait> {
    let mut seen = Portrait::new(&manifest.server_version, &manifest.extra);
    let silent: Arc<dyn Sink> = Arc::new(Silent);
    for record in &manifest.units {
        let unit = unit(record);
        let mut definitions = definitions_of(&unit);
        let measured = if definitions.is_some() {
            let look = async |piece: bytes::Bytes, _: &[usize]| {
                definitions.as_mut().map_or(Ok(()), |found| found.update(&piece))
            };
            read(reader, record, &mut Progress::begin(&silent, &unit), None, look).await?
        } else {
            record.into()
        };
        seen.add(&unit, &measured, definitions)?;
    }
    Ok(seen)
}

impl Comparison {
    /// Whether nothing differs but what servers of different versions write differently.
    #[must_use]
    pub fn is_same_but_for_wording(&self) -> bool {
        self.differences.iter().all(|difference| difference.what == What::Wording)
    }

    /// Moves to what is expected what a restore told of: owners and rights of objects that it changed for want of roles,
    /// and definitions of those that it left out. Never rows, and never the definition of what is there.
    pub(super) fn expect(&mut self, notes: &[Note]) {
        let told = |kind: &str, object: &str| notes.iter().any(|note| note.kind == kind && note.object == object);
        let is_expected = |difference: &Difference| match difference.what {
            What::Rights => told("changed", &difference.object) || told("left-out", &difference.object),
            What::OnlyInSource => difference.source_rows.is_none() && told("left-out", &difference.object),
            _ => false,
        };
        (self.expected, self.differences) = std::mem::take(&mut self.differences).into_iter().partition(is_expected);
    }
}
