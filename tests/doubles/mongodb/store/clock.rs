//! Cluster time: a timestamp that grows with each write (MongoDB manual, "BSON Types", "Timestamps").

use std::time::{Duration, SystemTime};

use bson::Timestamp;

/// A cluster time: seconds since 1970 in the upper half, a counter within the second in the lower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The time of a timestamp.
    #[must_use]
    pub fn of(timestamp: Timestamp) -> Self {
        Self(u64::from(timestamp.time) << 32 | u64::from(timestamp.increment))
    }

    /// As BSON.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
        Timestamp { time: half(self.0 >> 32), increment: half(self.0) }
    }

    /// The time after this one.
    #[must_use]
    pub fn later(self) -> Self {
        Self(self.0 + 1)
    }

    /// So much earlier, in whole seconds.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.as_secs() << 32))
    }
}

/// What gives each write its time.
#[derive(Debug)]
pub struct Clock {
    last: Time,
}

impl Default for Clock {
    fn default() -> Self {
        Self { last: Time(wall() | 1) }
    }
}

impl Clock {
    /// The time of the last write.
    #[must_use]
    pub fn now(&self) -> Time {
        self.last
    }

    /// The time on the wall, if it is later than the last write.
    #[must_use]
    pub fn wall(&self) -> Time {
        self.last.max(Time(wall()))
    }

    /// The time of a new write.
    pub fn tick(&mut self) -> Time {
        self.last = Time((self.last.0 + 1).max(wall() | 1));
        self.last
    }
}

fn wall() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs() << 32
}
