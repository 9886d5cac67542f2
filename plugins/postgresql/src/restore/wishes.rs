//! How the operator wants a restore.

use crate::globals;
use cofferdam_sdk::engine::RestoreOptions;
use cofferdam_sdk::pattern::Patterns;
use cofferdam_sdk::{Error, Result, options};
use std::collections::HashMap;

/// What to do with a database of that name that holds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// Refuse.
    Fail,
    /// Build beside it and swap the names.
    Replace,
    /// Add to it, in one transaction.
    Append,
}

/// How the operator wants a restore.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Which objects.
    pub patterns: Patterns,
    /// What to do with a database that is there.
    pub if_exists: IfExists,
    /// The schema that objects go into, if not their own.
    pub into_schema: Option<String>,
    /// Roles by the source's names for them.
    pub owners: HashMap<String, String>,
    /// Whether everything is to belong to the restoring role.
    pub no_owner: bool,
    /// Whether sessions connected to a database that is replaced may be ended.
    pub end_sessions: bool,
    /// Whether a database that was replaced is dropped.
    pub drop_old: bool,
    /// Whether the source's functions may run as a superuser.
    pub as_superuser: bool,
    /// Whether what belongs to the server comes too.
    pub globals: bool,
    /// Whether the planner's statistics are gathered.
    pub analyze: bool,
    /// Whether what the server refuses is passed over and told.
    pub keep_going: bool,
}

impl Wishes {
    /// Whether objects take the place of those that are there, and not a database that of another.
    pub fn exchanges(&self) -> bool {
        self.if_exists == IfExists::Replace && self.patterns.name_some()
    }

    /// How grave it is that an object can't be made.
    pub fn stopper(&self) -> &'static str {
        if self.keep_going { "warning" } else { "blocker" }
    }

    /// Reads them.
    ///
    /// # Errors
    /// "invalid-options" for what can't be meant.
    pub fn of(given: &RestoreOptions) -> Result<Self> {
        let switch = |name: &str| match options::get(&given.extra, name) {
            None | Some("off") => Ok(false),
            Some("on") => Ok(true),
            Some(other) => Err(Error::invalid_options(format!("{name} must be on or off, it is {other:?}"))),
        };
        let if_exists = match given.if_exists.as_str() {
            "fail" => IfExists::Fail,
            "replace" => IfExists::Replace,
            "append" => IfExists::Append,
            other => return Err(Error::invalid_options(format!("a database that is there can't be met by {other:?}"))),
        };
        let into_schema = options::get(&given.extra, "into-schema").map(str::to_owned);
        if into_schema.is_some() && if_exists != IfExists::Append {
            return Err(Error::invalid_options("into-schema adds to a database that is there")
                .with_hint("use it with --if-exists append"));
        }
        let globals = globals::wanted(&given.extra)?;
        let exchanges = if_exists == IfExists::Replace && !given.only.is_empty();
        if exchanges && options::get(&given.extra, "end-sessions").is_some() {
            return Err(Error::invalid_options("sessions are ended only where a whole database is replaced")
                .with_hint("leave --end-sessions away: what is replaced is locked, and others wait"));
        }
        if globals && (if_exists == IfExists::Append || exchanges) {
            return Err(Error::invalid_options("roles and what else is the server's can't be added with a database")
                .with_hint("restore into a database of its own with --globals"));
        }
        let mut owners = HashMap::new();
        for (_, pair) in given.extra.iter().filter(|(name, _)| name == "owner") {
            let (from, to) = pair
                .split_once('=')
                .filter(|(from, to)| !from.is_empty() && !to.is_empty())
                .ok_or_else(|| Error::invalid_options(format!("owner {pair:?} isn't SOURCE-ROLE=TARGET-ROLE")))?;
            if owners.insert(from.to_owned(), to.to_owned()).is_some_and(|before| before != to) {
                return Err(Error::invalid_options(format!("owner {from:?} is given two roles")));
            }
        }
        Ok(Self {
            patterns: Patterns::new(&given.only, &given.except),
            if_exists,
            into_schema,
            owners,
            no_owner: switch("no-owner")?,
            end_sessions: switch("end-sessions")?,
            drop_old: switch("drop-old")?,
            as_superuser: switch("as-superuser")?,
            globals,
            keep_going: given.keep_going,
            analyze: options::get(&given.extra, "analyze").is_none() || switch("analyze")?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn wishes(if_exists: &str, extra: &[(&str, &str)]) -> Result<Wishes> {
        Wishes::of(&RestoreOptions {
            operation_id: "id".to_owned(),
            database: None,
            if_exists: if_exists.to_owned(),
            only: Vec::new(),
            except: Vec::new(),
            neutral: false,
            keep_going: false,
            extra: extra.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        })
    }

    #[test]
    fn nothing_is_ended_dropped_or_run_as_superuser_unless_told() {
        let plain = wishes("replace", &[]).unwrap();
        assert!(!plain.end_sessions && !plain.drop_old && !plain.as_superuser && !plain.no_owner);
        assert!(wishes("replace", &[("end-sessions", "on")]).unwrap().end_sessions);
        assert!(wishes("replace", &[("end-sessions", "yes")]).is_err());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        assert!(wishes("fail", &[("into-schema", "s")]).is_err());
        assert!(wishes("fail", &[("owner", "a")]).is_err());
        assert!(wishes("fail", &[("owner", "a=b"), ("owner", "a=c")]).is_err());
        assert!(wishes("overwrite", &[]).is_err());
        assert_eq!(wishes("fail", &[("owner", "a=b=c")]).unwrap().owners["a"], "b=c");
    }
}
