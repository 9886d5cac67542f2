//! Components of the contract, made of modules that are as short as the attack.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cofferdam::plugin::about::About;
use cofferdam::plugin::package;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmSignature, WasmType};
use wit_parser::{Function, Handle, Interface, Resolve, Type, TypeDefKind};

/// Every package that a plugin may import from, in the order of what they use of each other, and the contract itself.
const PACKAGES: [&str; 5] = ["host", "postgres", "tcp", "mongodb", "engine"];
const ENGINE: &str = "cofferdam:engine/";

/// What a module gets that has no memory of its own. At [`DONE`] stands an error that says "done", as every function of
/// the contract may return it; from 4096 on memory is handed out to the host.
const COMMON: &str = r#"
    (memory (export "memory") 4)
    (data (i32.const 1024) "\01") (data (i32.const 1036) "\4c\04\00\00\04\00\00\00") (data (i32.const 1100) "done")"#;
const REALLOC: &str = r#"
    (global $next (mut i32) (i32.const 4096))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $next (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.get $next)
        (global.set $next (i32.add (global.get $next) (local.get 3))))"#;
const DONE: u32 = 1024;
/// A function of the contract gets an endpoint, and lets go of it.
const DROP: &str = "[resource-drop]endpoint";
const IMPORT: &str = r#"
    (import "cofferdam:host/endpoint@0.1.0" "[resource-drop]endpoint" (func $drop_endpoint (param i32)))"#;

static CONTRACT: LazyLock<Resolve> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    for package in PACKAGES {
        resolve.push_path(folder().join(format!("../wit/{package}/0.1.0"))).unwrap();
    }
    resolve
        .push_source("system.wit", &std::fs::read_to_string(folder().join("components/system.wit")).unwrap())
        .unwrap();
    resolve
});

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The fixture of this name.
pub fn fixture(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("components/{name}.wat"))).unwrap()
}

/// A function of an interface as a module imports it.
pub struct Imported {
    /// With its version: "cofferdam:host/time@0.1.0".
    pub interface: String,
    /// "now", "[method]connection.read", "[resource-drop]connection".
    pub name: String,
    /// The types of its parameters and results in the text format.
    pub signature: (Vec<&'static str>, Vec<&'static str>),
}

/// Every function that a plugin may import, and every kind of handle that it may drop, by the WIT files.
pub fn served_functions() -> Vec<Imported> {
    let mut all = Vec::new();
    for (interface, name) in interfaces().filter(|(_, name)| is_service(name)) {
        for function in interface.functions.values() {
            let signature = CONTRACT.wasm_signature(AbiVariant::GuestImport, function);
            all.push(Imported { interface: name.clone(), name: function.name.clone(), signature: texts(&signature) });
        }
        for (resource, ty) in &interface.types {
            if matches!(CONTRACT.types[*ty].kind, TypeDefKind::Resource) {
                let name_of = format!("[resource-drop]{resource}");
                all.push(Imported { interface: name.clone(), name: name_of, signature: (vec!["i32"], vec![]) });
            }
        }
    }
    all
}

/// The parameters of every function that a plugin may import: their names, and the resources that they are handles of.
pub fn parameters_of_served() -> Vec<(String, Vec<(String, String)>)> {
    let resource = |ty: &Type| {
        let Type::Id(id) = ty else { return String::new() };
        let TypeDefKind::Handle(Handle::Borrow(mut of) | Handle::Own(mut of)) = CONTRACT.types[*id].kind else {
            return String::new();
        };
        while let TypeDefKind::Type(Type::Id(used)) = CONTRACT.types[of].kind {
            of = used;
        }
        CONTRACT.types[of].name.clone().unwrap()
    };
    let mut all = Vec::new();
    for (interface, name) in interfaces().filter(|(_, name)| is_service(name)) {
        for function in interface.functions.values() {
            let parameters = function.params.iter().map(|p| (p.name.clone(), resource(&p.ty))).collect();
            all.push((format!("{name} {}", function.name), parameters));
        }
    }
    all
}

fn is_service(interface: &str) -> bool {
    interface.starts_with("cofferdam:") && !interface.starts_with(ENGINE)
}

fn interfaces() -> impl Iterator<Item = (&'static Interface, String)> {
    CONTRACT.interfaces.iter().map(|(id, interface)| (interface, CONTRACT.id_of(id).unwrap()))
}

fn texts(signature: &WasmSignature) -> (Vec<&'static str>, Vec<&'static str>) {
    let text = |types: &[WasmType]| {
        let name = |ty: &WasmType| match ty {
            WasmType::I64 | WasmType::PointerOrI64 => "i64",
            WasmType::F32 => "f32",
            WasmType::F64 => "f64",
            WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        };
        types.iter().map(name).collect()
    };
    (text(&signature.params), text(&signature.results))
}

/// The component of a fixture.
pub fn of(name: &str) -> Vec<u8> {
    of_module(&fixture(name), StringEncoding::UTF8)
}

/// A component of the contract. It imports the interfaces that the module imports something of, exports `instance` and
/// what else the module has a function of, and has every function that the module lacks: those say "done" as an error.
pub fn of_module(text: &str, encoding: StringEncoding) -> Vec<u8> {
    described(text, encoding, &about())
}

/// The same, of a plugin that says this of itself.
pub fn described(text: &str, encoding: StringEncoding, about: &About) -> Vec<u8> {
    let named = text.split('"').filter(|part| part.starts_with("cofferdam:") || part.starts_with("wasi:"));
    let imported = named.filter(|name| !name.starts_with(ENGINE) && !name.contains('#'));
    let mut imports: BTreeSet<String> = imported.map(str::to_owned).collect();
    imports.insert("cofferdam:host/endpoint@0.1.0".to_owned());
    let has = |name: &str| {
        let named = [format!("{name}#"), format!("[export]{name}\"")];
        name.starts_with(&format!("{ENGINE}instance@")) || named.iter().any(|named| text.contains(named))
    };
    let exports: Vec<(&Interface, String)> = interfaces().filter(|(_, name)| has(name)).collect();

    let mut world = "package test:hostile; world plugin {\n".to_owned();
    imports.iter().for_each(|name| writeln!(world, "import {name};").unwrap());
    exports.iter().for_each(|(_, name)| writeln!(world, "export {name};").unwrap());
    let mut resolve = CONTRACT.clone();
    let package = resolve.push_source("hostile.wit", &(world + "}")).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();

    let mut module = wat::parse_str(completed(text, &exports)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    package::component(&module, about).unwrap()
}

/// The module with everything that it lacks. A function `$inspect`, `$check` or `$cleanup` is the contract's.
fn completed(text: &str, exports: &[(&Interface, String)]) -> String {
    let mut module = text.trim_end().strip_suffix(')').expect("a module").to_owned();
    if !text.contains(DROP) {
        module = module.replacen("(module", &format!("(module{IMPORT}"), 1);
    }
    for (name, what) in [("memory", COMMON), ("cabi_realloc", REALLOC)] {
        if !text.contains(&format!("(export \"{name}\")")) {
            module.push_str(what);
        }
    }
    for (interface, name) in exports {
        interface.functions.values().for_each(|function| module.push_str(&exported(text, name, function)));
    }
    module + ")"
}

/// A function of the contract: the module's own, or one that says "done" as an error.
fn exported(text: &str, interface: &str, function: &Function) -> String {
    let name = format!("{interface}#{}", function.name);
    if text.contains(&format!("(export \"{name}\")")) || text.contains(&format!("(export \"[async-lift]{name}\")")) {
        return String::new();
    }
    let (parameters, results) = texts(&CONTRACT.wasm_signature(AbiVariant::GuestExport, function));
    assert_eq!(results, ["i32"], "{name} returns a pointer");
    let own = format!("(func ${} ", function.name);
    let result = if text.contains(&own) {
        let arguments: String = (0..parameters.len()).map(|n| format!("(local.get {n})")).collect();
        format!("(call ${} {arguments})", function.name)
    } else {
        format!("(i32.const {DONE})")
    };
    // The endpoint comes first.
    let drop = if interface.contains("/instance@") { "(call $drop_endpoint (local.get 0))" } else { "" };
    let parameters = parameters.join(" ");
    format!("\n(func (export \"{name}\") (param {parameters}) (result i32) {result} {drop})")
}

/// A component that is written out, with the exports that a plugin must have; they can't be called.
pub fn written_out(text: &str) -> Vec<u8> {
    let body = text.trim_end().strip_suffix(')').expect("a component");
    let mut component = wat::parse_str(format!(
        "{body}
        (core module $none (func (export \"f\")))
        (core instance $nothing (instantiate $none))
        (func $f (canon lift (core func $nothing \"f\")))
        (instance $instance (export \"inspect\" (func $f)) (export \"check\" (func $f)) (export \"cleanup\" (func $f)))
        (export \"cofferdam:engine/instance@0.1.0\" (instance $instance)))"
    ))
    .unwrap();
    component.extend(section(&serde_json::to_vec(&about()).unwrap()));
    component
}

/// The custom section in which a plugin says who it is.
pub fn section(data: &[u8]) -> Vec<u8> {
    let name = "cofferdam:plugin";
    let content = [&[u8::try_from(name.len()).unwrap()], name.as_bytes(), data].concat();
    [&[0][..], &leb(content.len()), &content].concat()
}

/// Components in each other, `depth` deep: more than the text format can say.
pub fn nested(depth: usize) -> Vec<u8> {
    let head = b"\0asm\x0d\0\x01\0";
    (0..depth).fold(head.to_vec(), |inner, _| [&head[..], &[4], &leb(inner.len()), &inner].concat())
}

/// An unsigned number in LEB128.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}

/// What the plugins here say of themselves.
pub fn about() -> About {
    About {
        name: "hostile".to_owned(),
        title: "An engine that attacks".to_owned(),
        version: "1.0.0".to_owned(),
        server_versions: String::new(),
        default_port: None,
        settings: Vec::new(),
    }
}
