//! `[limits]`.

use serde::Deserialize;

use super::{Period, Size};

/// What a plugin's sandbox may use up. What isn't set keeps its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Limits {
    /// Memory of one sandbox.
    pub memory: Option<Size>,
    /// Wall time of one operation.
    pub wall: Option<Period>,
    /// Time that a plugin may compute without waiting for anything.
    pub cpu: Option<Period>,
}
