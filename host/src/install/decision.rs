//! Whether a component may become a plugin here, and what the operator has to say to it first. Pure: every rule is
//! tested without a file.
//!
//! What nobody has to be asked twice stands in the lock: the publisher of the installed version, the publishers of other
//! plugins, and the grants that the same publisher's version has. Everything else is a question, which a person answers
//! or the command line has answered. What smells of an attack is refused until it is told by name: a file that isn't
//! signed, another publisher than before, an older version, another digest.

use std::collections::BTreeSet;
use std::fmt;

use super::lock::{Entry, Lock};
use crate::error::{Error, Result};
use crate::plugin::{Digest, Inspection, Publisher, permission};

/// What the operator said beforehand.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Take a file that nobody signed.
    pub allow_unsigned: bool,
    /// Take an older version than the installed one.
    pub allow_downgrade: bool,
    /// The publisher who has to have signed it.
    pub publisher: Option<Publisher>,
    /// The digest that the file has to have.
    pub digest: Option<Digest>,
    /// What it is granted.
    pub grants: BTreeSet<String>,
}

/// What is to be written down, if the questions are answered with yes.
#[derive(Debug)]
pub struct Decision {
    /// The entry of the lock file.
    pub entry: Entry,
    /// What neither the lock nor the command line answers.
    pub questions: Vec<Question>,
}

/// Something that only the operator can answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Question {
    /// Is this the publisher? No plugin here is theirs yet.
    Publisher(Publisher),
    /// May it do that?
    Grant {
        /// The grant's name.
        name: &'static str,
        /// What it lets a plugin do.
        means: &'static str,
    },
}

impl Question {
    /// What answers it on the command line.
    #[must_use]
    pub fn option(&self) -> String {
        match self {
            Self::Publisher(publisher) => format!("--publisher {publisher}"),
            Self::Grant { name, .. } => format!("--grant {name}"),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publisher(publisher) => write!(
                f,
                "nobody here knows the publisher {publisher} yet: compare this key with the one that the publisher shows"
            ),
            Self::Grant { name, means } => write!(f, "it wants to be granted \"{name}\": to {means}"),
        }
    }
}

/// Decides.
///
/// # Errors
/// "corrupt" if the digest isn't the one that was told; "permission-denied" for what is refused unless it is told;
/// "invalid-options" if something was told that doesn't fit the component.
pub fn decide(found: &Inspection, lock: &Lock, told: &Told) -> Result<Decision> {
    check_digest(found.sha256, told)?;
    let name = &found.about.name;
    let installed = lock.get(name);
    check_publisher(found, installed, told)?;
    let version = found.about.parsed_version()?;
    if let Some(installed) = installed.filter(|i| version.cmp_precedence(&i.version).is_lt() && !told.allow_downgrade) {
        return Err(Error::permission_denied(format!(
            "{name} {version} is older than the installed {}, and an older version may have faults that are known",
            installed.version
        ))
        .with_hint("if you want to go back, say so with --allow-downgrade"));
    }
    let needed = permission::needed(found.imports.iter().map(String::as_str));
    if let Some(unasked) = told.grants.iter().find(|grant| !needed.contains(grant.as_str())) {
        return Err(Error::invalid_options(format!("{name} doesn't ask for the grant \"{unasked}\"")).with_hint(
            if needed.is_empty() {
                "it asks for none".to_owned()
            } else {
                format!("it asks for: {}", needed.into_iter().collect::<Vec<_>>().join(", "))
            },
        ));
    }
    let mut questions = Vec::new();
    if let Some(publisher) = found.publisher.filter(|p| !is_known(*p, lock, told)) {
        questions.push(Question::Publisher(publisher));
    }
    // Grants were given to a publisher's code, and aren't handed on to another's.
    let kept = installed.filter(|i| i.publisher == found.publisher).map(|i| &i.grants);
    let mut grants = BTreeSet::new();
    for grant in needed {
        if !told.grants.contains(grant) && !kept.is_some_and(|kept| kept.contains(grant)) {
            questions.push(Question::Grant { name: grant, means: permission::meaning(grant) });
        }
        grants.insert(grant.to_owned());
    }
    Ok(Decision { entry: Entry::of(found, grants)?, questions })
}

/// The digest was told together with the file, so the publisher in the file was too.
fn is_known(publisher: Publisher, lock: &Lock, told: &Told) -> bool {
    told.publisher == Some(publisher) || told.digest.is_some() || lock.published_by(publisher).next().is_some()
}

/// Holds the digest against the one that was told.
///
/// # Errors
/// "corrupt" if it is another one.
pub fn check_digest(found: Digest, told: &Told) -> Result<()> {
    match told.digest {
        Some(wanted) if wanted != found => {
            Err(Error::corrupt(format!("the file's digest is {found}, and {wanted} was asked for"))
                .with_hint("don't use this file; get it again, and the digest from another place than the file"))
        }
        _ => Ok(()),
    }
}

fn check_publisher(found: &Inspection, installed: Option<&Entry>, told: &Told) -> Result<()> {
    let name = &found.about.name;
    let before = installed.and_then(|i| i.publisher);
    match (found.publisher, told.publisher) {
        (None, Some(wanted)) => Err(Error::permission_denied(format!(
            "the plugin {name} isn't signed, and its publisher was to be {wanted}"
        ))),
        (None, None) if !told.allow_unsigned => {
            let was = before.map(|p| format!("; the installed version is signed by {p}")).unwrap_or_default();
            Err(Error::permission_denied(format!("the plugin {name} isn't signed, so anybody can have made it{was}"))
                .with_hint("get a signed one from its publisher; if you made it yourself, say --allow-unsigned"))
        }
        (Some(signer), Some(wanted)) if signer != wanted => {
            Err(Error::permission_denied(format!("the plugin {name} is signed by {signer}, not by {wanted}"))
                .with_hint("don't use this file, unless its publisher says that the key was changed"))
        }
        (Some(signer), None) => match before.filter(|before| *before != signer) {
            Some(before) => Err(Error::permission_denied(format!(
                "the plugin {name} is signed by {signer}, and the installed version by {before}"
            ))
            .with_hint(format!(
                "somebody else may have made it; if the publisher says that the key was changed, say --publisher {signer}"
            ))),
            None => Ok(()),
        },
        (Some(_), Some(_)) | (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
