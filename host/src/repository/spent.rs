//! Where the time of a backup's streams went.

use std::ops::AddAssign;
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

/// Wall time in seconds, summed over the threads of the streams; together it is all the time that these had.
///
/// Cutting, naming, compressing and sealing are work of a processor; the rest is waiting.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spent {
    /// Waiting for the source: the server, the network and the plugin.
    #[serde(serialize_with = "seconds")]
    pub source: Duration,
    /// Finding where chunks end.
    #[serde(serialize_with = "seconds")]
    pub cutting: Duration,
    /// Hashing chunks, and looking for those that are there already.
    #[serde(serialize_with = "seconds")]
    pub naming: Duration,
    /// Compressing.
    #[serde(serialize_with = "seconds")]
    pub compressing: Duration,
    /// Encrypting.
    #[serde(serialize_with = "seconds")]
    pub sealing: Duration,
    /// Waiting for the repository's store.
    #[serde(serialize_with = "seconds")]
    pub storing: Duration,
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.source += other.source;
        self.cutting += other.cutting;
        self.naming += other.naming;
        self.compressing += other.compressing;
        self.sealing += other.sealing;
        self.storing += other.storing;
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// Measures one step after the other, with nothing in between.
pub(super) struct Laps(Instant);

impl Laps {
    /// The first lap begins.
    pub fn new() -> Self {
        Self(Instant::now())
    }

    /// The time since the last lap ended; the next one begins.
    pub fn lap(&mut self) -> Duration {
        let now = Instant::now();
        now.saturating_duration_since(std::mem::replace(&mut self.0, now))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn laps_add_up_to_the_whole_time() {
        let whole = Instant::now();
        let mut laps = Laps::new();
        let sum: Duration = (0..100).map(|_| laps.lap()).sum();
        assert!(sum <= whole.elapsed());
    }

    #[test]
    fn it_is_told_in_seconds() {
        let mut spent = Spent { sealing: Duration::from_millis(1500), ..Spent::default() };
        spent += Spent { sealing: Duration::from_millis(500), storing: Duration::from_millis(250), ..Spent::default() };
        let told = serde_json::to_string(&spent).unwrap();
        assert!(told.ends_with(r#""sealing":2.0,"storing":0.25}"#), "{told}");
    }
}
