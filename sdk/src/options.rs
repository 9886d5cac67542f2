//! Named values, as the contract passes them.

pub use crate::bindings::services::cofferdam::host::types::Options;

/// The value under `name`, the first if there are several.
#[must_use]
pub fn get<'a>(options: &'a [(String, String)], name: &str) -> Option<&'a str> {
    options.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Named values from pairs.
#[must_use]
pub fn from_pairs<const N: usize>(pairs: [(&str, &str); N]) -> Options {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
