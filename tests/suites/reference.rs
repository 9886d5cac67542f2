//! docs/reference says what the contract says: it is made from the comments in wit/. `make reference` writes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use wit_parser::{
    Docs, Function, FunctionKind, Handle, Interface, InterfaceId, PackageId, Resolve, Type, TypeDef, TypeDefKind,
    TypeId, World, WorldItem,
};

/// Every package, in the order of what they use of each other.
const PACKAGES: [&str; 5] = ["host", "tcp", "postgres", "mongodb", "engine"];
/// Set to write the files instead of looking at them.
const REWRITE: &str = "COFFERDAM_WRITE_REFERENCE";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_reference_says_what_the_contract_says() {
    let mut resolve = Resolve::default();
    let mut wrong = Vec::new();
    for package in PACKAGES {
        let (id, _) = resolve.push_path(root().join(format!("wit/{package}/0.1.0"))).unwrap();
        let text = Reference(&resolve).package(id, package);
        let path = root().join(format!("docs/reference/{package}.md"));
        if env::var_os(REWRITE).is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(format!("docs/reference/{package}.md"));
        }
    }
    let there = fs::read_dir(root().join("wit")).unwrap().count();
    assert_eq!(there, PACKAGES.len(), "wit/ has packages that the reference leaves out");
    assert!(wrong.is_empty(), "not what wit/ says: {}; run `make reference`", wrong.join(", "));
}

/// Writes Markdown.
struct Reference<'a>(&'a Resolve);

impl Reference<'_> {
    fn package(&self, id: PackageId, folder: &str) -> String {
        let package = &self.0.packages[id];
        let mut text = format!(
            "# {}\n\nMade of `wit/{folder}/0.1.0/{folder}.wit` by `make reference`; [docs/plugins.md](../plugins.md) is the way \
             in.\n\n{}",
            package.name,
            said(&package.docs)
        );
        for (name, id) in &package.interfaces {
            text += &self.interface(name, *id);
        }
        if !package.worlds.is_empty() {
            text += "## Worlds\n\nWhat a component exports is what it can do.\n\n";
        }
        for (name, id) in &package.worlds {
            let _ = writeln!(text, "- `{name}` exports {}", self.exports(&self.0.worlds[*id]));
        }
        text.truncate(text.trim_end().len());
        text + "\n"
    }

    fn exports(&self, world: &World) -> String {
        let names = world.exports.values().filter_map(|item| match item {
            WorldItem::Interface { id, .. } => self.0.interfaces[*id].name.as_ref(),
            _ => None,
        });
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }

    fn interface(&self, name: &str, id: InterfaceId) -> String {
        let interface = &self.0.interfaces[id];
        let mut text = format!("## interface `{name}`\n\n{}", said(&interface.docs));
        for id in interface.types.values() {
            let definition = &self.0.types[*id];
            text += &self.definition(interface, *id, definition);
        }
        for function in interface.functions.values().filter(|function| function.kind.resource().is_none()) {
            text += &self.function(function, "");
        }
        text
    }

    fn definition(&self, interface: &Interface, id: TypeId, definition: &TypeDef) -> String {
        let name = definition.name.as_deref().unwrap_or_default();
        let said = said(&definition.docs);
        let members: Vec<String> = match &definition.kind {
            TypeDefKind::Record(record) => {
                record.fields.iter().map(|field| member(&field.name, Some(self.ty(field.ty)), &field.docs)).collect()
            }
            TypeDefKind::Variant(variant) => {
                variant.cases.iter().map(|case| member(&case.name, case.ty.map(|ty| self.ty(ty)), &case.docs)).collect()
            }
            TypeDefKind::Enum(cases) => cases.cases.iter().map(|case| member(&case.name, None, &case.docs)).collect(),
            TypeDefKind::Resource => {
                let functions = interface.functions.values();
                let own = functions.filter(|function| function.kind.resource() == Some(id));
                let own: String = own.map(|function| self.function(function, &format!("{name}."))).collect();
                return format!("### resource `{name}`\n\n{said}{own}");
            }
            // Taken over from another interface, where it is described.
            TypeDefKind::Type(Type::Id(_)) => return String::new(),
            kind => return format!("### type `{name}`\n\n```wit\ntype {name} = {}\n```\n\n{said}", self.kind(kind)),
        };
        format!("### {} `{name}`\n\n{said}{}\n\n", definition.kind.as_str(), members.concat().trim_end())
    }

    fn function(&self, function: &Function, of: &str) -> String {
        let name = function.item_name();
        let own = matches!(function.kind, FunctionKind::Method(_) | FunctionKind::AsyncMethod(_));
        let parameters = function.params.iter().skip(usize::from(own));
        let parameters: Vec<String> = parameters.map(|p| format!("{}: {}", p.name, self.ty(p.ty))).collect();
        let is_static = matches!(function.kind, FunctionKind::Static(_) | FunctionKind::AsyncStatic(_));
        let kept = if is_static { "static " } else { "" };
        let waits = if function.kind.is_async() { "async " } else { "" };
        let result = function.result.map_or_else(String::new, |ty| format!(" -> {}", self.ty(ty)));
        let signature = format!("{name}: {kept}{waits}func({}){result}", parameters.join(", "));
        format!("#### `{of}{name}`\n\n```wit\n{signature}\n```\n\n{}", said(&function.docs))
    }

    fn ty(&self, ty: Type) -> String {
        let Type::Id(id) = ty else { return format!("{ty:?}").to_lowercase() };
        let definition = &self.0.types[id];
        definition.name.clone().unwrap_or_else(|| self.kind(&definition.kind))
    }

    fn kind(&self, kind: &TypeDefKind) -> String {
        let or_none = |ty: &Option<Type>| ty.map_or_else(|| "_".to_owned(), |ty| self.ty(ty));
        match kind {
            TypeDefKind::List(ty) => format!("list<{}>", self.ty(*ty)),
            TypeDefKind::Option(ty) => format!("option<{}>", self.ty(*ty)),
            TypeDefKind::Future(ty) => format!("future<{}>", or_none(ty)),
            TypeDefKind::Stream(ty) => format!("stream<{}>", or_none(ty)),
            TypeDefKind::Tuple(tuple) => {
                format!("tuple<{}>", tuple.types.iter().map(|ty| self.ty(*ty)).collect::<Vec<_>>().join(", "))
            }
            TypeDefKind::Result(result) => match (&result.ok, &result.err) {
                (None, None) => "result".to_owned(),
                (ok, None) => format!("result<{}>", or_none(ok)),
                (ok, err) => format!("result<{}, {}>", or_none(ok), or_none(err)),
            },
            TypeDefKind::Handle(Handle::Own(id)) => self.ty(Type::Id(*id)),
            TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", self.ty(Type::Id(*id))),
            TypeDefKind::Type(ty) => self.ty(*ty),
            other => panic!("the reference can't write {other:?} yet"),
        }
    }
}

/// A comment, as a paragraph of its own.
fn said(docs: &Docs) -> String {
    docs.contents.as_ref().map_or_else(String::new, |said| format!("{}\n\n", said.trim()))
}

/// A field or a case, with its comment beneath.
fn member(name: &str, ty: Option<String>, docs: &Docs) -> String {
    let ty = ty.map_or_else(String::new, |ty| format!(": {ty}"));
    let mut text = format!("- `{name}{ty}`\n");
    if let Some(said) = &docs.contents {
        // What belongs to an item of a list stands as deep as its text.
        let lines = said.trim().lines().map(|line| if line.is_empty() { "\n".into() } else { format!("  {line}\n") });
        text += &format!("\n{}\n", lines.collect::<String>());
    }
    text
}
