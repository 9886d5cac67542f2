//! From any bytes to a plugin that may run: an error, or a plugin that imports nothing but what is served.
#![no_main]

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use cofferdam::plugin::{Candidate, Runtime, permission};
use libfuzzer_sys::fuzz_target;

static RUNTIME: LazyLock<Arc<Runtime>> = LazyLock::new(|| Arc::new(Runtime::new(None).unwrap()));
static EVERYTHING: LazyLock<BTreeSet<String>> =
    LazyLock::new(|| permission::SERVED.iter().filter_map(|served| served.grant).map(str::to_owned).collect());

fuzz_target!(|bytes: &[u8]| {
    let Ok(candidate) = Candidate::new(&RUNTIME, bytes.to_vec().into()) else { return };
    if let Ok(plugin) = candidate.admit(&RUNTIME, &EVERYTHING) {
        assert!(plugin.inspection().imports.iter().all(|import| permission::served(import).is_ok()));
        assert_eq!(plugin.bytes(), bytes);
    }
});
