//! Attacks by files: whatever they hold, they are a plugin or an error, and nothing of them runs before that is clear.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use bytes::Bytes;
use cofferdam::plugin::{Candidate, LARGEST, Runtime};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::component::{of, section, written_out};
use crate::host::{BOUND, RUNTIME, everything};

fn refused(bytes: impl Into<Bytes>) -> cofferdam::error::Error {
    let candidate = Candidate::new(&RUNTIME, bytes.into());
    candidate.and_then(|candidate| candidate.admit(&RUNTIME, &BTreeSet::new()).map(drop)).unwrap_err()
}

#[test]
fn what_is_no_component_is_refused() {
    let mut module = wat::parse_str("(module (func (export \"cofferdam:engine/instance@0.1.0#inspect\")))").unwrap();
    module.extend(section(b"{}"));
    for bytes in [
        &b""[..],
        b"\0",
        b"\0asm",
        b"\0asm\x0d\0\x01\0",
        b"\0asm\xff\xff\xff\xff",
        b"this is a letter",
        b"#!/bin/sh\nexit 0\n",
        b"PK\x03\x04\x14\0\0\0\x08\0",
        b"\x1f\x8b\x08\0\0\0\0\0",
        b"\x28\xb5\x2f\xfd\x04\0",
        b"\x7fELF\x02\x01\x01\0",
        b"MZ\x90\0",
        &module,
        &[0xff; 4096],
    ] {
        let error = refused(bytes.to_vec());
        assert_eq!(error.code(), "plugin", "{bytes:?}: {error:?}");
    }
}

/// Compiled code can't be checked; an engine of the very same kind would load it.
#[test]
fn compiled_code_is_refused_also_where_it_says_who_it_is() {
    let engine = wasmtime_compiled();
    let error = refused(engine.clone());
    assert!(error.message().contains("compiled code"), "{error}");
    let mut described = engine;
    described.extend(section(b"{}"));
    assert_eq!(refused(described).code(), "plugin");
}

/// The head of what wasmtime compiles a component to: an ELF file of its own kind.
fn wasmtime_compiled() -> Vec<u8> {
    let mut compiled = b"\x7fELF\x02\x01\x01\xc8".to_vec();
    compiled.resize(64, 0);
    for (at, bytes) in [(16, &[1, 0, 0, 0, 1][..]), (48, &[2]), (52, &[64])] {
        compiled[at..at + bytes.len()].copy_from_slice(bytes);
    }
    compiled
}

#[test]
fn a_component_that_is_cut_short_anywhere_is_refused() {
    let whole = of("count");
    assert!(Candidate::new(&RUNTIME, whole.clone().into()).unwrap().admit(&RUNTIME, &BTreeSet::new()).is_ok());
    for end in (0..whole.len()).step_by(97).chain(whole.len() - 40..whole.len()) {
        assert_eq!(refused(whole[..end].to_vec()).code(), "plugin", "{end} bytes");
    }
}

/// A flipped bit may make another plugin, if it is in a constant, say. It never makes one that has more rights, and
/// never harms the host.
#[test]
fn a_component_with_a_flipped_bit_has_no_right_that_it_had_not() {
    let whole = of("many_connections");
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..300 {
        let mut flipped = whole.clone();
        let at = random.random_range(0..flipped.len());
        flipped[at] ^= 1 << random.random_range(0..8);
        let Ok(candidate) = Candidate::new(&RUNTIME, flipped.into()) else { continue };
        assert_ne!(candidate.inspection().digest, blake3_of(&whole));
        assert!(candidate.admit(&RUNTIME, &BTreeSet::new()).is_err(), "it is admitted without its grants");
    }
}

fn blake3_of(bytes: &[u8]) -> String {
    Candidate::new(&RUNTIME, bytes.to_vec().into()).unwrap().inspection().digest.clone()
}

#[test]
fn a_gigantic_file_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gigantic.wasm");
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let began = Instant::now();
    let error = Candidate::read(&RUNTIME, &path).map(drop).unwrap_err();
    assert!(error.message().contains(&format!("larger than {} MiB", LARGEST >> 20)), "{error}");
    assert!(began.elapsed() < BOUND);
    // It has no length, and no end.
    assert!(Candidate::read(&RUNTIME, "/dev/zero".as_ref()).is_err());
    assert!(Candidate::read(&RUNTIME, folder.path()).is_err());
}

/// A function of so many variables, each changed in the innermost of so many loops: paths meet at each loop, and each
/// variable may differ there.
fn loops(depth: usize, variables: usize) -> String {
    let locals = "(local i32)".repeat(variables);
    let changes: String =
        (0..variables).map(|n| format!("(local.set {n} (i32.add (i32.const 1) (local.get {n})))")).collect();
    let (begin, end) = ("(loop (br_if 0 (local.get 0)) ".repeat(depth), ")".repeat(depth));
    format!("(func {locals} {begin} {changes} {end})")
}

/// A function whose loops in each other hand so many values on.
fn handing(depth: usize, values: usize) -> String {
    let (types, zeros) = ("i32 ".repeat(values), "i32.const 0 ".repeat(values));
    let (begin, end) = ("loop (type $t) ".repeat(depth), "end ".repeat(depth));
    format!("(type $t (func (param {types}) (result {types}))) (func {zeros} {begin} {end} {})", "drop ".repeat(values))
}

/// A function with so many jumps by tables of so many places.
fn tables(jumps: usize, places: usize) -> String {
    let places_of: String = (0..places).map(|n| format!("{n} ")).collect();
    let jump = format!("block i32.const 0 br_table {places_of} 0 end ");
    format!("(func {} {} {})", "block ".repeat(places), jump.repeat(jumps), "end ".repeat(places))
}

fn values(count: usize) -> String {
    format!("(func {} {})", "i32.const 1 ".repeat(count), "drop ".repeat(count))
}

fn module(text: &str) -> Vec<u8> {
    written_out(&format!("(component (core module {text}))"))
}

/// Files of a few kilobytes, with which the compiler would be busy for minutes, or take more memory than there is.
#[test]
fn a_component_that_is_too_much_work_to_compile_is_refused_before_it_is_compiled() {
    for (text, words) in [
        (loops(2000, 600), "variables in all of its blocks together: more than 1000000"),
        (loops(1, 5000), "5000 variables: more than 4000"),
        (loops(3500, 1), "blocks in each other: more than 3000"),
        (handing(1000, 16), "values handed to its blocks: more than 2000"),
        (handing(10, 400), "a function's type in the component has 400 parameters: more than 250"),
        (handing(10, 17), "a function's type in the component has 17 results: more than 16"),
        (tables(1000, 250), "places to jump to: more than 200000"),
        (values(1001), "1001 values at once: more than 1000"),
        (format!("(func {})", "nop ".repeat(3 << 20)), "bytes of code: more than 2097152"),
    ] {
        let began = Instant::now();
        let error = refused(module(&text));
        assert_eq!(error.code(), "plugin", "{error:?}");
        assert!(error.message().contains(words), "{words}: {error}");
        assert!(began.elapsed() < BOUND, "{words}: {:?}", began.elapsed());
    }
    let within = written_out(&format!("(component (component (core module {})))", values(1001)));
    assert!(refused(within).message().contains("1001 values at once"));
}

#[test]
fn what_is_just_not_too_much_work_is_compiled_in_time() {
    for text in [loops(300, 600), loops(2900, 10), handing(110, 16), tables(500, 199), values(990)] {
        let began = Instant::now();
        assert!(Candidate::new(&RUNTIME, module(&text).into()).is_ok(), "{:.80}", text);
        assert!(began.elapsed() < BOUND, "{:.80}: {:?}", text, began.elapsed());
    }
}

/// What was looked at is what runs, whatever happens to the file meanwhile.
#[test]
fn a_file_that_is_swapped_after_it_was_read_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugin.wasm");
    let (good, bad) = (of("good"), of("spin_in_start"));
    fs::write(&path, &good).unwrap();
    let candidate = Candidate::read(&RUNTIME, &path).unwrap();
    let digest = candidate.inspection().digest.clone();
    fs::write(&path, &bad).unwrap();
    let plugin = candidate.admit(&RUNTIME, &everything()).unwrap();
    assert_eq!(plugin.bytes(), &good);
    assert_eq!(plugin.inspection().digest, digest);
}

#[test]
fn what_a_plugin_exports_under_a_known_name_must_be_what_the_name_says() {
    let none = "(component (core module $m))";
    // It has functions of these names that take nothing and return nothing: they are never called.
    let candidate = Candidate::new(&RUNTIME, written_out(none).into()).unwrap();
    assert!(candidate.admit(&RUNTIME, &BTreeSet::new()).is_ok());
    let mut without = wat::parse_str("(component)").unwrap();
    without.extend(section(b"{\"name\":\"x\",\"title\":\"x\",\"version\":\"1\"}"));
    assert!(refused(without).message().contains("doesn't export cofferdam:engine/instance"));
}

#[test]
fn imports_of_the_system_are_refused_by_name() {
    for import in [
        "wasi:http/outgoing-handler@0.2.0",
        "wasi:tls/types@0.2.0",
        "wasi:keyvalue/store@0.2.0",
        "wasi:filesystem/types@0.3.0",
        "cofferdam:host/files@0.1.0",
        "cofferdam:host/report@0.2.0",
        "cofferdam:tcp/secrets@9.9.9",
        "evil:host/report@0.1.0",
    ] {
        let component = written_out(&format!("(component (import \"{import}\" (instance)))"));
        let error = refused(component);
        assert_eq!(error.code(), "permission-denied", "{import}: {error:?}");
        assert!(error.message().contains(import.split('@').next().unwrap()), "{import}: {error}");
    }
}

#[test]
fn a_cache_that_others_can_write_to_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    for mode in [0o777, 0o770, 0o707, 0o1777] {
        fs::set_permissions(&open, fs::Permissions::from_mode(mode)).unwrap();
        let refused = Runtime::new(Some(&open)).map(drop).unwrap_err();
        assert_eq!(refused.code(), "permission-denied", "{mode:o}: {refused:?}");
    }
    fs::set_permissions(&open, fs::Permissions::from_mode(0o700)).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&open, &link).unwrap();
    assert_eq!(Runtime::new(Some(&link)).map(drop).unwrap_err().code(), "permission-denied");
    fs::write(folder.path().join("file"), "").unwrap();
    assert_eq!(Runtime::new(Some(&folder.path().join("file"))).map(drop).unwrap_err().code(), "permission-denied");
}

/// Broken is all that somebody without our rights can make of it: that is compiled anew.
#[test]
fn what_is_broken_in_the_cache_is_compiled_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let good = of("good");
    drop(Candidate::new(&Runtime::new(Some(&cache)).unwrap(), good.clone().into()).unwrap());
    let mut broken = 0;
    let mut folders = vec![cache.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                // The cache's own thread may still be giving it another name.
                let Ok(half) = fs::read(&path) else { continue };
                fs::write(&path, &half[..half.len() / 2]).unwrap();
                broken += 1;
            }
        }
    }
    assert!(broken > 0, "nothing was kept");
    let runtime = std::sync::Arc::new(Runtime::new(Some(&cache)).unwrap());
    assert!(Candidate::new(&runtime, good.into()).unwrap().admit(&runtime, &everything()).is_ok());
}
