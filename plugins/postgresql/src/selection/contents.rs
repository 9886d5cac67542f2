//! What a backup holds, by the names that patterns are held against, and what needs what. The plan notes it, so that a
//! restore can choose before it reads anything.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The objects of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents(pub Vec<Item>);

/// An object that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// How statements call it: `TABLE "public"."orders"`. Unique.
    #[serde(rename = "o")]
    pub object: String,
    /// What patterns are held against: `public.orders`, `public.total(integer)`, `extension:hstore`.
    #[serde(rename = "n")]
    pub name: String,
    /// Its schema, if it is in one.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Places of the objects that it can't be made without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<u32>,
    /// Places of the objects that come with it if they can: its partitions, its sequences, what its triggers call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<u32>,
}

/// What stands for all large objects. They are too many to be chosen one by one.
pub const LARGE_OBJECTS: &str = "LARGE OBJECTS";

impl Contents {
    /// The items at these places.
    pub fn at<'a>(&'a self, places: &'a [u32]) -> impl Iterator<Item = (u32, &'a Item)> {
        places.iter().filter_map(|place| Some((*place, self.get(*place)?)))
    }

    /// The item at a place.
    pub fn get(&self, place: u32) -> Option<&Item> {
        self.0.get(usize::try_from(place).ok()?)
    }

    /// What each object can't be made without.
    pub fn needs(&self) -> BTreeMap<String, Vec<String>> {
        let named = |places: &[u32]| places.iter().filter_map(|place| Some(self.get(*place)?.object.clone())).collect();
        self.0.iter().map(|item| (item.object.clone(), named(&item.needs))).collect()
    }

    /// Only the items for which `keep` holds, with what they say of each other.
    pub fn retain(&self, keep: impl Fn(&Item) -> bool) -> Self {
        let kept: Vec<u32> = (0..).zip(&self.0).filter(|(_, item)| keep(item)).map(|(place, _)| place).collect();
        let moved: HashMap<u32, u32> = kept.iter().copied().zip(0..).collect();
        let places = |old: &[u32]| old.iter().filter_map(|place| moved.get(place).copied()).collect();
        let items = self.at(&kept).map(|(_, item)| Item {
            needs: places(&item.needs),
            with: places(&item.with),
            ..item.clone()
        });
        Self(items.collect())
    }
}

/// The name that patterns are held against.
pub fn name_of(schema: Option<&str>, name: &str, address: &str) -> String {
    match schema {
        Some(schema) => format!("{schema}.{name}"),
        None => {
            let words = address.split(['"', '(']).next().unwrap_or_default().trim();
            format!("{}:{name}", words.to_lowercase().replace(' ', "-"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_in_no_schema_is_named_by_its_kind() {
        assert_eq!(name_of(Some("public"), "orders", "TABLE \"public\".\"orders\""), "public.orders");
        assert_eq!(name_of(None, "hstore", "EXTENSION \"hstore\""), "extension:hstore");
        assert_eq!(name_of(None, "w", "FOREIGN DATA WRAPPER \"w\""), "foreign-data-wrapper:w");
    }

    #[test]
    fn places_move_when_items_go() {
        let item = |name: &str, needs: &[u32]| Item {
            object: name.to_owned(),
            name: name.to_owned(),
            needs: needs.to_vec(),
            ..Item::default()
        };
        let contents = Contents(vec![item("a", &[]), item("b", &[0, 2]), item("c", &[])]);
        assert_eq!(contents.retain(|item| item.name != "a"), Contents(vec![item("b", &[1]), item("c", &[])]));
    }
}
