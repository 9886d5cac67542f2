//! Which of the members that were configured to talk to, by what each says of itself. Pure.

use bson::{Bson, Document};

use crate::error::{Error, Result};

/// Which members are read from (MongoDB manual, "Read Preference").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// The primary.
    Primary,
    /// The primary if there is one.
    PrimaryPreferred,
    /// A secondary.
    Secondary,
    /// A secondary if there is one.
    SecondaryPreferred,
    /// The first that answers.
    Nearest,
}

const NAMES: [(&str, Preference); 5] = [
    ("primary", Preference::Primary),
    ("primaryPreferred", Preference::PrimaryPreferred),
    ("secondary", Preference::Secondary),
    ("secondaryPreferred", Preference::SecondaryPreferred),
    ("nearest", Preference::Nearest),
];

impl Preference {
    /// Its names, for people.
    pub const NAMES: &str = "primary, primaryPreferred, secondary, secondaryPreferred or nearest";

    /// Reads its name.
    pub fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, preference)| *preference)
    }
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A router of a sharded cluster.
    Mongos,
    /// The member of a replica set that takes writes.
    Primary,
    /// A member that follows it.
    Secondary,
    /// A server without a replica set.
    Standalone,
    /// A member that can't be used now: an arbiter, or one that starts or recovers.
    Other,
}

/// What a member says of itself (MongoDB manual, command `hello`), as far as it says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// What it is.
    pub role: Role,
    /// Its replica set.
    pub set: Option<String>,
    /// Who it thinks the primary is.
    pub primary: Option<String>,
    /// The largest document that it takes, in bytes.
    pub max_document: usize,
    /// Most documents of one insert.
    pub max_batch: usize,
    /// Whether an insert can ask for empty timestamps to be kept; MongoDB 8.0 and later.
    pub keeps_empty_timestamps: bool,
}

/// The wire version of MongoDB 8.0.
const VERSION_8_0: i64 = 25;

impl Hello {
    /// Reads the reply, leniently: relatives of MongoDB leave fields out and use other types of numbers.
    pub fn read(reply: &Document) -> Self {
        let truth = |name: &str| match reply.get(name) {
            Some(Bson::Boolean(value)) => *value,
            Some(other) => number(other).is_some_and(|n| n != 0),
            None => false,
        };
        let text = |name: &str| reply.get_str(name).ok().map(str::to_owned);
        let size = |name: &str, default: usize| {
            let value = reply.get(name).and_then(number).and_then(|n| usize::try_from(n).ok());
            value.filter(|n| *n > 0).unwrap_or(default)
        };
        let set = text("setName");
        let role = if reply.get_str("msg").is_ok_and(|msg| msg == "isdbgrid") {
            Role::Mongos
        } else if truth("isWritablePrimary") || truth("ismaster") {
            if set.is_some() { Role::Primary } else { Role::Standalone }
        } else if truth("secondary") && !truth("arbiterOnly") {
            Role::Secondary
        } else {
            Role::Other
        };
        Self {
            role,
            set,
            primary: text("primary"),
            max_document: size("maxBsonObjectSize", 16 << 20),
            max_batch: size("maxWriteBatchSize", 100_000),
            keeps_empty_timestamps: reply.get("maxWireVersion").and_then(number).is_some_and(|n| n >= VERSION_8_0),
        }
    }
}

fn number(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(n) => Some(i64::from(*n)),
        Bson::Int64(n) => Some(*n),
        #[expect(clippy::cast_possible_truncation, reason = "a size; what doesn't fit is saturated")]
        Bson::Double(n) => Some(*n as i64),
        _ => None,
    }
}

/// The member to use, as an index into `members`.
///
/// # Errors
/// `unreachable` if none of them can do it, `conflict` if they don't belong together.
pub fn choose(members: &[Hello], writes: bool, preference: Preference, direct: bool) -> Result<usize> {
    if direct {
        return Ok(0);
    }
    let sets: Vec<_> = members.iter().filter_map(|member| member.set.as_ref()).collect();
    if sets.windows(2).any(|pair| pair.first() != pair.last()) {
        return Err(Error::invalid_options("the hosts of the MongoDB URL belong to different replica sets")
            .with_hint("name members of one set"));
    }
    let of = |role: Role| members.iter().position(|member| member.role == role);
    if let Some(routed) = of(Role::Mongos).or(of(Role::Standalone)) {
        return Ok(routed);
    }
    let (primary, secondary) = (of(Role::Primary), of(Role::Secondary));
    let chosen = match preference {
        _ if writes => primary,
        Preference::Primary => primary,
        Preference::PrimaryPreferred => primary.or(secondary),
        Preference::Secondary => secondary,
        Preference::SecondaryPreferred => secondary.or(primary),
        Preference::Nearest => members.iter().position(|member| matches!(member.role, Role::Primary | Role::Secondary)),
    };
    chosen.ok_or_else(|| {
        let what = if writes || preference == Preference::Primary { "the primary" } else { "a secondary" };
        let error =
            Error::unreachable(format!("none of the hosts that the MongoDB URL names is {what}")).retryable(true);
        match members.iter().find_map(|member| member.primary.as_deref()) {
            Some(name) => error.with_hint(format!(
                "the set says that its primary is {name}; only hosts that the URL names are connected to: name every \
                 member of the set there"
            )),
            None => error.with_hint("name every member of the set in the URL, or wait until the set has a primary"),
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use bson::doc;

    use super::*;

    fn primary() -> Hello {
        Hello::read(&doc! { "isWritablePrimary": true, "setName": "rs", "primary": "a:1" })
    }

    fn secondary() -> Hello {
        Hello::read(&doc! { "isWritablePrimary": false, "secondary": true, "setName": "rs", "primary": "a:1" })
    }

    #[test]
    fn a_member_is_what_it_says() {
        assert_eq!((primary().role, secondary().role), (Role::Primary, Role::Secondary));
        assert_eq!(Hello::read(&doc! { "ismaster": 1.0 }).role, Role::Standalone);
        assert_eq!(Hello::read(&doc! { "ismaster": true, "msg": "isdbgrid" }).role, Role::Mongos);
        let arbiter = doc! { "setName": "rs", "arbiterOnly": true, "secondary": true };
        assert_eq!(Hello::read(&arbiter).role, Role::Other);
    }

    #[test]
    fn limits_come_in_any_number_and_may_be_missing() {
        let hello = Hello::read(&doc! { "maxBsonObjectSize": 5.0, "maxWriteBatchSize": 7_i64 });
        assert_eq!((hello.max_document, hello.max_batch), (5, 7));
        assert_eq!(Hello::read(&doc! { "maxBsonObjectSize": -1 }).max_document, 16 << 20);
    }

    #[test]
    fn secondaries_are_read_from_and_the_primary_is_written_to() {
        let members = [primary(), secondary()];
        assert_eq!(choose(&members, false, Preference::SecondaryPreferred, false).unwrap(), 1);
        assert_eq!(choose(&members, false, Preference::Primary, false).unwrap(), 0);
        assert_eq!(choose(&members, true, Preference::SecondaryPreferred, false).unwrap(), 0);
        assert_eq!(choose(&[primary()], false, Preference::SecondaryPreferred, false).unwrap(), 0);
    }

    #[test]
    fn a_primary_that_was_not_configured_is_named_and_not_gone_to() {
        let error = choose(&[secondary()], true, Preference::Primary, false).unwrap_err();
        assert!(error.hint().unwrap().contains("a:1"), "{error:?}");
        assert!(error.is_retryable());
        assert!(choose(&[primary()], false, Preference::Secondary, false).is_err());
    }

    #[test]
    fn members_of_two_sets_are_refused() {
        let other = Hello::read(&doc! { "isWritablePrimary": true, "setName": "other" });
        assert!(choose(&[primary(), other], false, Preference::Nearest, false).is_err());
    }

    #[test]
    fn a_direct_connection_takes_whatever_is_there() {
        assert_eq!(choose(&[secondary()], true, Preference::Primary, true).unwrap(), 0);
    }
}
