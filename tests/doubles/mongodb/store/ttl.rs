//! TTL indexes (MongoDB manual, "TTL Indexes"): every `ttlMonitorSleepSecs` documents go whose date is too old.

use std::ops::Bound;
use std::time::{Duration, Instant};

use super::{Collection, Place, Store};
use crate::doubles::mongodb::query::{self, number, truth};

impl Store {
    /// Removes what has expired, if it is time to look; `last` is when that was done.
    pub fn sweep(&mut self, last: &mut Instant) {
        let sleep = self.parameters.get("ttlMonitorSleepSecs").and_then(number).and_then(|s| u64::try_from(s).ok());
        let enabled = self.parameters.get("ttlMonitorEnabled").is_some_and(truth);
        if !enabled || !self.is_primary() || last.elapsed() < Duration::from_secs(sleep.unwrap_or(60)) {
            return;
        }
        *last = Instant::now();
        let names: Vec<String> = self.names.keys().filter(|name| !name.starts_with("local.")).cloned().collect();
        for name in names {
            let expired = self.collection(&name).map(expired).unwrap_or_default();
            for place in expired {
                // The collection is there: its name was just asked for.
                let _ = self.remove(&name, place);
            }
        }
    }
}

fn expired(collection: &Collection) -> Vec<Place> {
    let now = bson::DateTime::now().timestamp_millis();
    let mut gone = Vec::new();
    for index in &collection.indexes {
        let seconds = index.specification.get("expireAfterSeconds").and_then(number);
        let (Some(seconds), Some(field)) = (seconds, index.key().keys().next().cloned()) else { continue };
        let limit = now.saturating_sub(seconds.saturating_mul(1000));
        for (place, document) in collection.scan(Bound::Unbounded, None) {
            let dates = query::keys(document, &field).into_iter().filter_map(|key| query::value(key.value()));
            let earliest = dates.filter_map(|value| value.as_datetime().map(|date| date.timestamp_millis())).min();
            if earliest.is_some_and(|date| date < limit) {
                gone.push(place);
            }
        }
    }
    gone
}
