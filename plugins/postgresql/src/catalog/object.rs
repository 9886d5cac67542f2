//! An object of the database, on its way to being an entry of a unit.

use super::id::Id;
use crate::comparable;
use crate::counts::Counts;
use crate::entry::{Entry, RoleStatement};
use crate::quote::either;

/// Whether the server is older than PostgreSQL 18.
const BEFORE_18: &str = "pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 180000";

/// What kind an object is, in the order in which objects are made when nothing else says otherwise. This is the order of
/// pg_dump (`dbObjectTypePriority` in `pg_dump_sort.c`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Schema,
    Language,
    Collation,
    Transform,
    Extension,
    ShellType,
    Type,
    Cast,
    Function,
    Aggregate,
    AccessMethod,
    Operator,
    OperatorFamily,
    OperatorClass,
    OperatorFamilyMembers,
    Conversion,
    SearchParser,
    SearchTemplate,
    SearchDictionary,
    SearchConfiguration,
    ForeignDataWrapper,
    ForeignServer,
    Sequence,
    Table,
    DummyView,
    Default,
    Check,
    View,
    MaterializedView,
    Attach,
    SequenceOwner,
}

impl Kind {
    /// The word for it in reports; none for what isn't an object of its own.
    pub fn word(self) -> Option<&'static str> {
        Some(match self {
            Self::Schema => "schema",
            Self::Language => "language",
            Self::Collation => "collation",
            Self::Transform => "transform",
            Self::Extension => "extension",
            Self::Type => "type",
            Self::Cast => "cast",
            Self::Function => "function",
            Self::Aggregate => "aggregate",
            Self::AccessMethod => "access method",
            Self::Operator => "operator",
            Self::OperatorFamily => "operator family",
            Self::OperatorClass => "operator class",
            Self::Conversion => "conversion",
            Self::SearchParser => "text search parser",
            Self::SearchTemplate => "text search template",
            Self::SearchDictionary => "text search dictionary",
            Self::SearchConfiguration => "text search configuration",
            Self::ForeignDataWrapper => "foreign data wrapper",
            Self::ForeignServer => "server",
            Self::Sequence => "sequence",
            Self::Table => "table",
            Self::Default => "default",
            Self::Check => "check",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Attach => "partition",
            Self::SequenceOwner => "sequence owner",
            Self::ShellType | Self::DummyView | Self::OperatorFamilyMembers => return None,
        })
    }
}

/// A part of an object that is usually made together with it, and on its own where there would be a loop otherwise: a
/// default that calls a function on the table's own row type, say.
#[derive(Clone, Debug)]
pub struct Part {
    /// The part's own identity: a default or a check constraint.
    pub id: Id,
    /// Which of the two it is.
    pub kind: Kind,
    /// The statement that adds it to the object once that exists.
    pub statement: String,
}

/// How an object is made.
#[derive(Clone, Debug)]
pub enum Body {
    /// By these statements.
    Statements(Vec<String>),
    /// By a list in parentheses, some of whose members may come later.
    List(List),
    /// At first by a stand-in, if others must be able to refer to it before it can be made: a view, a base type.
    Late {
        /// Makes the stand-in.
        stand_in: Vec<String>,
        /// Makes the object where no stand-in is needed.
        create: Vec<String>,
        /// Makes the object in place of its stand-in.
        replace: Vec<String>,
    },
}

/// `head (member, member) tail`.
#[derive(Clone, Debug)]
pub struct List {
    /// Everything before the list: `CREATE TABLE "a"."b"`.
    pub head: String,
    /// The same for servers before PostgreSQL 18, if they need another.
    pub head_until_17: Option<String>,
    /// Whether a list without members still has its parentheses.
    pub parentheses: bool,
    /// What is between members.
    pub separator: &'static str,
    /// The members.
    pub members: Vec<Member>,
    /// Everything after the list.
    pub tail: String,
    /// Statements that follow.
    pub then: Vec<String>,
}

/// A member of a list.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its text, without the part that may come later: a column without its default. May be empty for a part that is a
    /// member by itself.
    pub text: String,
    /// What follows the text if the part isn't made later.
    pub part: Option<(Part, String)>,
}

/// An object.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its identity.
    pub id: Id,
    /// Its kind.
    pub kind: Kind,
    /// Its schema, if it is in one.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// How statements call it: `TABLE "a"."b"`.
    pub address: String,
    /// Its owner, if it can be given one.
    pub owner: Option<String>,
    /// Its tablespace, if that isn't the database's own.
    pub tablespace: Option<String>,
    /// How it is made.
    pub body: Body,
    /// Statements that need roles, beyond the one that gives it its owner.
    pub for_roles: Vec<RoleStatement>,
    /// What must exist before it, beyond what `pg_depend` says.
    pub needs: Vec<Id>,
    /// What is made together with it, beyond its parts.
    pub carries: Counts,
    /// Whether every new database has it: one that was chosen without it does too.
    pub everywhere: bool,
}

impl Object {
    /// An object that is made by statements.
    pub fn new(
        id: Id,
        kind: Kind,
        address: impl Into<String>,
        name: impl Into<String>,
        statements: Vec<String>,
    ) -> Self {
        Self {
            id,
            kind,
            schema: None,
            name: name.into(),
            address: address.into(),
            owner: None,
            tablespace: None,
            body: Body::Statements(statements),
            for_roles: Vec::new(),
            needs: Vec::new(),
            carries: Counts::default(),
            everywhere: false,
        }
    }

    /// Puts it into a schema.
    #[must_use]
    pub fn in_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Gives it an owner.
    #[must_use]
    pub fn owned_by(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    /// Puts it into a tablespace, if there is one to name.
    #[must_use]
    pub fn in_tablespace(mut self, tablespace: Option<String>) -> Self {
        self.tablespace = tablespace;
        self
    }

    /// Gives it another body.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Says what must exist before it.
    #[must_use]
    pub fn after(mut self, needs: impl IntoIterator<Item = Id>) -> Self {
        self.needs.extend(needs);
        self
    }

    /// Says what is made together with it.
    #[must_use]
    pub fn carrying(mut self, kind: &str, number: usize) -> Self {
        self.carries.add(kind, number as u64);
        self
    }

    /// The parts that may come later.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        let members = match &self.body {
            Body::List(list) => list.members.as_slice(),
            _ => &[],
        };
        members.iter().filter_map(|member| member.part.as_ref().map(|(part, _)| part))
    }

    /// Its entry, made by these statements.
    pub fn entry(&self, statements: Vec<String>) -> Entry {
        let mut entry = Entry::new(self.address.clone(), statements);
        if let Some(owner) = &self.owner {
            entry.owned_by(owner);
        }
        entry.for_roles.extend(self.for_roles.iter().cloned());
        entry.carries = self.carries.clone();
        self.kind.word().into_iter().for_each(|word| entry.carries.add(word, 1));
        entry.tablespace.clone_from(&self.tablespace);
        entry
    }
}

impl List {
    fn members(&self, later: impl Fn(Id) -> bool) -> Vec<String> {
        self.members
            .iter()
            .filter_map(|member| match &member.part {
                Some((part, text)) if !later(part.id) => Some(format!("{}{text}", member.text)),
                _ => Some(member.text.clone()).filter(|text| !text.is_empty()),
            })
            .collect()
    }

    /// What stands for the statements where databases are compared: the order of members makes no difference. That of
    /// a table's columns isn't the source's in a restored one, if it got some of them later than its heirs theirs.
    pub fn compare_as(&self, later: impl Fn(Id) -> bool) -> String {
        let (mut members, mut then) = (self.members(later), self.then.clone());
        members.sort();
        then.sort();
        let ends = [self.head.as_str(), self.tail.as_str()].into_iter();
        comparable::digest(ends.chain(members.iter().chain(&then).map(String::as_str)))
    }

    /// The statements, without the parts that `later` names.
    pub fn statements(&self, later: impl Fn(Id) -> bool) -> Vec<String> {
        let members = self.members(later);
        let list = members.join(self.separator);
        let made = |head: &str| {
            let (open, close) = if self.parentheses { (" (\n    ", "\n)") } else { ("", "") };
            format!("{head}{open}{list}{close}{}", self.tail)
        };
        let statement = match &self.head_until_17 {
            Some(older) => either(BEFORE_18, &made(older), &made(&self.head)),
            None => made(&self.head),
        };
        std::iter::once(statement).chain(self.then.iter().cloned()).collect()
    }
}
