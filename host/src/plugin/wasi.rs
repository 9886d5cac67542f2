//! What of WASI a plugin may name: what C libraries and interpreters import whether they need it or not. All of it is empty
//! (`services/wasi.rs`), so none of it needs a grant. Pure.

use super::permission::Served;

/// The version that is served; 0.2.x are compatible with each other.
const VERSION: &str = "0.2.12";

const fn empty(interface: &'static str, means: &'static str) -> Served {
    Served { interface, version: VERSION, grant: None, means }
}

const SOCKETS: &str = "name sockets, which it hasn't got: a stub that ends it when it calls one";
const TERMINAL: &str = "find a terminal, of which there is none";

/// All of it.
pub const WASI: [Served; 27] = [
    empty("wasi:io/error", "name errors of its streams"),
    empty("wasi:io/poll", "wait for its clock and its streams"),
    empty("wasi:io/streams", "write to its standard output and error"),
    empty("wasi:clocks/wall-clock", "read the clock"),
    empty("wasi:clocks/monotonic-clock", "measure time and wait"),
    empty("wasi:random/random", "get random bytes"),
    empty("wasi:random/insecure", "get random bytes"),
    empty("wasi:random/insecure-seed", "get random bytes"),
    empty("wasi:cli/environment", "read its environment and arguments, which are empty"),
    empty("wasi:cli/exit", "end itself"),
    empty("wasi:cli/stdin", "read its standard input, which is empty"),
    empty("wasi:cli/stdout", "tell you how it goes, on its standard output"),
    empty("wasi:cli/stderr", "tell you how it goes, on its standard error"),
    empty("wasi:cli/terminal-input", TERMINAL),
    empty("wasi:cli/terminal-output", TERMINAL),
    empty("wasi:cli/terminal-stdin", TERMINAL),
    empty("wasi:cli/terminal-stdout", TERMINAL),
    empty("wasi:cli/terminal-stderr", TERMINAL),
    empty("wasi:filesystem/preopens", "list its directories, of which it has none"),
    empty("wasi:filesystem/types", "open files in its directories, of which it has none"),
    empty("wasi:sockets/network", SOCKETS),
    empty("wasi:sockets/instance-network", SOCKETS),
    empty("wasi:sockets/ip-name-lookup", SOCKETS),
    empty("wasi:sockets/tcp", SOCKETS),
    empty("wasi:sockets/tcp-create-socket", SOCKETS),
    empty("wasi:sockets/udp", SOCKETS),
    empty("wasi:sockets/udp-create-socket", SOCKETS),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::permission::served;
    use super::*;

    #[test]
    fn nothing_of_wasi_needs_a_grant() {
        assert!(WASI.iter().all(|served| served.grant.is_none()));
    }

    #[test]
    fn what_sends_http_is_refused() {
        assert!(served("wasi:http/outgoing-handler@0.2.9").is_err());
        assert!(served("wasi:tls/types@0.2.0-draft").is_err());
    }

    #[test]
    fn the_third_preview_is_refused_and_both_versions_are_named() {
        let reason = served("wasi:cli/environment@0.3.0").unwrap_err().reason;
        assert!(reason.contains("0.3.0") && reason.contains("0.2."), "{reason}");
    }

    #[test]
    fn sockets_are_said_to_be_stubs() {
        assert!(served("wasi:sockets/tcp@0.2.9").unwrap().means.contains("stub"));
    }
}
