//! Why a command fails, as the server says it (MongoDB's `src/mongo/base/error_codes.yml`).

use bson::{Bson, Document, doc};

/// What a handler of the double returns.
pub type Result<T> = std::result::Result<T, Failure>;

/// An error reply, or one of the `writeErrors` of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The number.
    pub code: i32,
    /// The text.
    pub message: String,
    /// Labels for the client, as in "RetryableWriteError".
    pub labels: Vec<String>,
    /// More fields, as in `keyPattern`.
    pub details: Box<Document>,
}

/// A value that isn't allowed.
pub const BAD_VALUE: i32 = 2;
/// Nobody logged in, or who did may not do it.
pub const UNAUTHORIZED: i32 = 13;
/// A field of another type than it must have.
pub const TYPE_MISMATCH: i32 = 14;
/// Too many or too few.
pub const INVALID_LENGTH: i32 = 16;
/// The password is wrong, or there is no such user; which, isn't said.
pub const AUTHENTICATION_FAILED: i32 = 18;
/// Not allowed here.
pub const ILLEGAL_OPERATION: i32 = 20;
/// Not a BSON document.
pub const INVALID_BSON: i32 = 22;
/// No such database or collection.
pub const NAMESPACE_NOT_FOUND: i32 = 26;
/// No such user.
pub const USER_NOT_FOUND: i32 = 11;
/// No such role.
pub const ROLE_NOT_FOUND: i32 = 31;
/// No such index.
pub const INDEX_NOT_FOUND: i32 = 27;
/// The cursor is gone.
pub const CURSOR_NOT_FOUND: i32 = 43;
/// There is one of this name.
pub const NAMESPACE_EXISTS: i32 = 48;
/// No such command.
pub const COMMAND_NOT_FOUND: i32 = 59;
/// An index that can't be.
pub const CANNOT_CREATE_INDEX: i32 = 67;
/// An option that can't be.
pub const INVALID_OPTIONS: i32 = 72;
/// A name that can't be.
pub const INVALID_NAMESPACE: i32 = 73;
/// Not a member of a replica set.
pub const NO_REPLICATION_ENABLED: i32 = 76;
/// The same index with other options.
pub const INDEX_OPTIONS_CONFLICT: i32 = 85;
/// Another index of this name.
pub const INDEX_KEY_SPECS_CONFLICT: i32 = 86;
/// A field that an index specification doesn't have.
pub const INVALID_INDEX_OPTION: i32 = 197;
/// `min` or `max` without a `hint`.
pub const MIN_MAX_NEEDS_HINT: i32 = 51173;
/// A document that its collection's validator doesn't take.
pub const DOCUMENT_VALIDATION_FAILURE: i32 = 121;
/// Only a replica set can do that.
pub const NOT_A_REPLICA_SET: i32 = 123;
/// What a tailable cursor had read last was overwritten.
pub const CAPPED_POSITION_LOST: i32 = 136;
/// A view can't do that.
pub const COMMAND_NOT_SUPPORTED_ON_VIEW: i32 = 166;
/// What a cursor reads is gone.
pub const QUERY_PLAN_KILLED: i32 = 175;
/// The member stopped being the primary.
pub const PRIMARY_STEPPED_DOWN: i32 = 189;
/// A newer transaction of this session was seen.
pub const TRANSACTION_TOO_OLD: i32 = 225;
/// The double doesn't do that, which a server does.
pub const NOT_IMPLEMENTED: i32 = 238;
/// A token that isn't one.
pub const INVALID_RESUME_TOKEN: i32 = 260;
/// The oplog doesn't reach back to where a change stream is to begin.
pub const CHANGE_STREAM_HISTORY_LOST: i32 = 286;
/// The history doesn't reach back to that moment any more.
pub const SNAPSHOT_TOO_OLD: i32 = 239;
/// There is no snapshot of this.
pub const SNAPSHOT_UNAVAILABLE: i32 = 246;
/// The member isn't the primary.
pub const NOT_WRITABLE_PRIMARY: i32 = 10107;
/// Larger than `maxBsonObjectSize`.
pub const BSON_OBJECT_TOO_LARGE: i32 = 10334;
/// A unique index has that key already.
pub const DUPLICATE_KEY: i32 = 11000;
/// A user of this name is there.
pub const USER_ALREADY_EXISTS: i32 = 51003;
/// A field that the command doesn't have.
pub const UNKNOWN_FIELD: i32 = 40415;
/// A field that the command must have.
pub const MISSING_FIELD: i32 = 40414;
/// A role of this name is there.
pub const ROLE_ALREADY_EXISTS: i32 = 51002;

/// The name of a code; those without one are named by their number.
fn name(code: i32) -> String {
    let name = match code {
        BAD_VALUE => "BadValue",
        UNAUTHORIZED => "Unauthorized",
        TYPE_MISMATCH => "TypeMismatch",
        INVALID_LENGTH => "InvalidLength",
        AUTHENTICATION_FAILED => "AuthenticationFailed",
        ILLEGAL_OPERATION => "IllegalOperation",
        INVALID_BSON => "InvalidBSON",
        NAMESPACE_NOT_FOUND => "NamespaceNotFound",
        USER_NOT_FOUND => "UserNotFound",
        ROLE_NOT_FOUND => "RoleNotFound",
        INDEX_NOT_FOUND => "IndexNotFound",
        CURSOR_NOT_FOUND => "CursorNotFound",
        NAMESPACE_EXISTS => "NamespaceExists",
        COMMAND_NOT_FOUND => "CommandNotFound",
        CANNOT_CREATE_INDEX => "CannotCreateIndex",
        INVALID_OPTIONS => "InvalidOptions",
        INVALID_NAMESPACE => "InvalidNamespace",
        NO_REPLICATION_ENABLED => "NoReplicationEnabled",
        INDEX_OPTIONS_CONFLICT => "IndexOptionsConflict",
        INDEX_KEY_SPECS_CONFLICT => "IndexKeySpecsConflict",
        INVALID_INDEX_OPTION => "InvalidIndexSpecificationOption",
        DOCUMENT_VALIDATION_FAILURE => "DocumentValidationFailure",
        NOT_A_REPLICA_SET => "NotAReplicaSet",
        CAPPED_POSITION_LOST => "CappedPositionLost",
        COMMAND_NOT_SUPPORTED_ON_VIEW => "CommandNotSupportedOnView",
        QUERY_PLAN_KILLED => "QueryPlanKilled",
        PRIMARY_STEPPED_DOWN => "PrimarySteppedDown",
        TRANSACTION_TOO_OLD => "TransactionTooOld",
        NOT_IMPLEMENTED => "NotImplemented",
        INVALID_RESUME_TOKEN => "InvalidResumeToken",
        CHANGE_STREAM_HISTORY_LOST => "ChangeStreamHistoryLost",
        SNAPSHOT_TOO_OLD => "SnapshotTooOld",
        SNAPSHOT_UNAVAILABLE => "SnapshotUnavailable",
        NOT_WRITABLE_PRIMARY => "NotWritablePrimary",
        BSON_OBJECT_TOO_LARGE => "BSONObjectTooLarge",
        DUPLICATE_KEY => "DuplicateKey",
        6 => "HostUnreachable",
        7 => "HostNotFound",
        50 => "MaxTimeMSExpired",
        89 => "NetworkTimeout",
        91 => "ShutdownInProgress",
        262 => "ExceededTimeLimit",
        11600 => "InterruptedAtShutdown",
        11602 => "InterruptedDueToReplStateChange",
        13435 => "NotPrimaryNoSecondaryOk",
        13436 => "NotPrimaryOrSecondary",
        _ => return format!("Location{code}"),
    };
    name.to_owned()
}

impl Failure {
    /// A failure without labels and details.
    #[must_use]
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), labels: Vec::new(), details: Box::default() }
    }

    /// What a server does and the double doesn't: said loudly, so that no test relies on it unseen.
    #[must_use]
    pub fn not_modelled(what: &str) -> Self {
        Self::new(NOT_IMPLEMENTED, format!("the double doesn't model {what}"))
    }

    /// Adds fields to the reply.
    #[must_use]
    pub fn with(mut self, details: Document) -> Self {
        self.details.extend(details);
        self
    }

    /// The fields of an error reply, without those that every reply has.
    #[must_use]
    pub fn reply(&self) -> Document {
        let mut reply = doc! { "ok": 0.0, "errmsg": &self.message, "code": self.code, "codeName": name(self.code) };
        reply.extend((*self.details).clone());
        if !self.labels.is_empty() {
            reply.insert("errorLabels", self.labels.iter().map(Bson::from).collect::<Vec<_>>());
        }
        reply
    }

    /// One of the `writeErrors` of a batch (MongoDB manual, `insert`, "Output").
    #[must_use]
    pub fn write_error(&self, index: usize) -> Document {
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        let mut error = doc! { "index": index, "code": self.code, "errmsg": &self.message };
        error.extend((*self.details).clone());
        error
    }
}

/// The codes after which a write may be sent again (driver specification "Retryable Writes", "Determining Retryable
/// Errors"): the server labels them.
#[must_use]
pub fn is_retryable(code: i32) -> bool {
    matches!(code, 6 | 7 | 89 | 91 | 134 | 189 | 262 | 9001 | 10107 | 11600 | 11602 | 13435 | 13436)
}
