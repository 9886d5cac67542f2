//! What is told of a fault of our own.

use std::panic::{self, Location};

/// Has a panic tell where it happened and nothing else. Its own words hold whatever was being looked at: a secret, or what
/// a server sent to move the cursor with.
pub fn tell_only_where() {
    panic::set_hook(Box::new(|panic| eprintln!("{}", told(panic.location()))));
}

fn told(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    format!("fault: Cofferdam itself failed at {place}; please report it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_by_its_place() {
        let here = Location::caller();
        assert_eq!(told(Some(here)), format!("fault: Cofferdam itself failed at {here}; please report it"));
    }
}
