//! The operator's file, and the URLs and addresses that are typed.
#![no_main]

use std::path::Path;

use cofferdam::config::Config;
use cofferdam::connection_url::ConnectionUrl;
use cofferdam::repository::Location;
use cofferdam::services::postgres::client::parse_url;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = Config::parse(text, Path::new("/etc/cofferdam.toml")) {
        let _ = format!("{error:?}{:?}", error.hint());
    }
    if let Ok(url) = ConnectionUrl::parse(text) {
        let _ = (url.host(), url.port(), url.database(), url.user(), url.parameters().count());
    }
    let _ = parse_url(text);
    let _ = Location::parse(text);
});
