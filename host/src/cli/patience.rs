//! What a source that is in use bears.

use crate::config::Period;
use crate::operation;

/// Limits for the sake of those who use the source meanwhile.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Patience {
    /// Give up once others have waited this long for a lock of ours, as in 30s; otherwise only tell of them
    #[arg(long, value_name = "DURATION", value_parser = period)]
    max_blocking: Option<Period>,

    /// Give up once the source's snapshot is this old, as in 4h: while it is kept, nothing deleted can be cleaned up
    #[arg(long, value_name = "DURATION", value_parser = period)]
    max_snapshot_age: Option<Period>,
}

fn period(text: &str) -> Result<Period, String> {
    Period::try_from(text.to_owned())
}

impl From<Patience> for operation::Patience {
    fn from(patience: Patience) -> Self {
        Self {
            blocking: patience.max_blocking.map(Period::duration),
            snapshot_age: patience.max_snapshot_age.map(Period::duration),
        }
    }
}
