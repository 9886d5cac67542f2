//! Names of files that a plugin asks for: which are refused. Pure, so that every rule is tested in microseconds.

use std::collections::BTreeSet;

use crate::error::{Error, Result};

/// Bytes of one name that every usual file system holds (NAME_MAX of ext4, XFS, APFS and NTFS).
const LONGEST_NAME: usize = 255;
/// Bytes of a whole path, well below PATH_MAX, so that there is room for the folder's own.
const LONGEST_PATH: usize = 2048;
/// Names that are devices on Windows, whatever comes after a dot in them.
const DEVICES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Looks at every path of a layout.
///
/// # Errors
/// "plugin" if one leads outside of its folder, means something else on some system, or is there twice; upper and lower
/// case are the same, as they are in many a file system.
pub(super) fn check<'a>(paths: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let (mut files, mut folders) = (BTreeSet::new(), BTreeSet::new());
    for path in paths {
        if let Some(reason) = refusal(path) {
            return Err(Error::plugin(format!("it names a file {path:?}, and {reason}")));
        }
        let folded = path.to_lowercase();
        let parents = folded.match_indices('/').filter_map(|(end, _)| folded.get(..end));
        folders.extend(parents.map(str::to_owned));
        if !files.insert(folded) {
            return Err(Error::plugin(format!("it names two files {path:?}, if upper and lower case are the same"))
                .with_hint("export them one by one, with --only or --except"));
        }
    }
    match files.intersection(&folders).next() {
        Some(both) => Err(Error::plugin(format!("it names {both:?} both as a file and as a folder"))),
        None => Ok(()),
    }
}

fn refusal(path: &str) -> Option<&'static str> {
    if path.len() > LONGEST_PATH {
        return Some("that is too long");
    }
    // A colon is a drive or a stream of a file on Windows, a backslash separates names there.
    if path.contains(|c: char| c.is_control() || c == '\\' || c == ':') {
        return Some("a control character, a backslash or a colon isn't allowed in it");
    }
    path.split('/').find_map(|name| match name {
        "" => Some("an empty name isn't allowed in it: it is relative, with one slash between names"),
        "." | ".." => Some("it could lead outside"),
        _ if name.len() > LONGEST_NAME => Some("a name in it is too long"),
        _ if name.ends_with(['.', ' ']) => Some("a name in it ends with a dot or a space"),
        _ if is_device(name) => Some("a name in it is a device's on Windows"),
        _ => None,
    })
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    DEVICES.contains(&stem.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn usual_names_are_taken() {
        let names =
            ["restore.sql", "data/00001-public.orders.sql", "dump/shop/größe%2F.bson", "dump/shop/..x", "a b/c"];
        check(names).unwrap();
        check([format!("{}/x", "n".repeat(255)).as_str()]).unwrap();
    }

    /// The spellings with which names have got out of their folders.
    #[test]
    fn what_leads_outside_or_means_something_else_is_refused() {
        for name in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../../x",
            "a/..",
            "./x",
            "a//b",
            "a/",
            "a\\..\\x",
            "C:/x",
            "C:x",
            "a\0b",
            "a\nb",
            "a\u{9b}b",
            "x.",
            "x ",
            "x ./y",
            "NUL",
            "aux.txt",
            "data/Com1.sql",
            "con .x",
        ] {
            let error = check([name]).expect_err(name);
            assert_eq!(error.code(), "plugin", "{name:?}");
        }
        check([format!("{}/x", "n".repeat(256)).as_str()]).unwrap_err();
        check(["a/".repeat(2000) + "a"].iter().map(String::as_str)).unwrap_err();
    }

    #[test]
    fn names_that_some_system_takes_for_one_are_refused() {
        for names in [["a", "a"], ["Dir/a", "dir/A"], ["ÄB", "äb"], ["a", "A/b"]] {
            check(names).expect_err(names[1]);
        }
    }
}
