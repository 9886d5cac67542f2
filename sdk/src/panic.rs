//! Panics, made visible: in a sandbox without standard error they would be silent traps.

use crate::report::{self, Level};
use std::panic;
use std::sync::Once;

/// Reports panics to the host from now on. Every adapter calls it first; later calls do nothing.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        panic::set_hook(Box::new(|info| report::log(Level::Warn, &format!("the plugin failed: {info}"))));
    });
}
