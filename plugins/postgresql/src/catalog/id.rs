//! How the catalogue points at objects.

use serde::Deserialize;

/// An object: the catalogue that it is in, and its oid there. This is how `pg_depend`, `pg_description` and
/// `pg_seclabel` name objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct Id {
    /// The catalogue's own oid, which is the same on every server.
    pub class: u32,
    /// The object's oid.
    pub oid: u32,
}

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $oid:literal;)*) => {
        $($(#[$doc])* pub const $name: u32 = $oid;)*
    };
}

/// The catalogues' oids (`src/include/catalog/pg_*.h` in PostgreSQL's sources).
pub mod class {
    classes! {
        /// `pg_type`
        TYPE = 1247;
        /// `pg_proc`
        PROC = 1255;
        /// `pg_class`
        RELATION = 1259;
        /// `pg_foreign_server`
        FOREIGN_SERVER = 1417;
        /// `pg_foreign_data_wrapper`
        FOREIGN_DATA_WRAPPER = 2328;
        /// `pg_attrdef`
        DEFAULT = 2604;
        /// `pg_constraint`
        CONSTRAINT = 2606;
        /// `pg_language`
        LANGUAGE = 2612;
        /// `pg_namespace`
        SCHEMA = 2615;
        /// `pg_operator`
        OPERATOR = 2617;
        /// `pg_opclass`
        OPERATOR_CLASS = 2616;
        /// `pg_opfamily`
        OPERATOR_FAMILY = 2753;
        /// `pg_rewrite`
        RULE = 2618;
        /// `pg_trigger`
        TRIGGER = 2620;
        /// `pg_cast`
        CAST = 2605;
        /// `pg_conversion`
        CONVERSION = 2607;
        /// `pg_extension`
        EXTENSION = 3079;
        /// `pg_policy`
        POLICY = 3256;
        /// `pg_statistic_ext`
        STATISTICS = 3381;
        /// `pg_collation`
        COLLATION = 3456;
        /// `pg_event_trigger`
        EVENT_TRIGGER = 3466;
        /// `pg_transform`
        TRANSFORM = 3576;
        /// `pg_ts_dict`
        SEARCH_DICTIONARY = 3600;
        /// `pg_ts_parser`
        SEARCH_PARSER = 3601;
        /// `pg_ts_config`
        SEARCH_CONFIGURATION = 3602;
        /// `pg_ts_template`
        SEARCH_TEMPLATE = 3764;
        /// `pg_publication`
        PUBLICATION = 6104;
        /// `pg_am`
        ACCESS_METHOD = 2601;
        /// `pg_database`
        DATABASE = 1262;
    }
}

impl Id {
    /// An object of a catalogue.
    pub const fn new(class: u32, oid: u32) -> Self {
        Self { class, oid }
    }
}
