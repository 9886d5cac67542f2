//! A command that the system doesn't let have more memory than it may.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Result;

/// A limit that the kernel holds: a control group where one can be made, else the size of a process's data.
#[derive(Debug)]
pub enum MemoryLimit {
    /// A control group of its own; everything counts, the page cache too.
    Group(PathBuf),
    /// `RLIMIT_DATA` in bytes: private writable memory, whether it is used or not.
    Data(u64),
}

/// Where version 1 and version 2 of control groups are mounted, and the file that holds the limit.
const HIERARCHIES: [(&str, &str); 2] =
    [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];

impl MemoryLimit {
    /// A limit of so many bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let name = format!("cofferdam-test-{}-{:?}", std::process::id(), std::thread::current().id());
        let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        for (hierarchy, file) in HIERARCHIES {
            let group = Path::new(hierarchy).join(&name);
            if fs::create_dir(&group).is_err() {
                continue;
            }
            if fs::write(group.join(file), bytes.to_string()).is_ok() {
                return Self::Group(group);
            }
            let _ = fs::remove_dir(&group);
        }
        Self::Data(bytes)
    }

    /// The same command under the limit.
    ///
    /// # Errors
    /// If its environment or folder can't be carried over.
    pub fn around(&self, command: &Command) -> Result<Command> {
        let mut limited = match self {
            Self::Group(group) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", "echo $$ >\"$0/cgroup.procs\" && exec \"$@\""]).arg(group);
                shell
            }
            Self::Data(bytes) => {
                let mut prlimit = Command::new("prlimit");
                prlimit.arg(format!("--data={bytes}"));
                prlimit
            }
        };
        limited.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => limited.env(name, value),
                None => limited.env_remove(name),
            };
        }
        limited.current_dir(command.get_current_dir().ok_or("the command has no folder")?);
        Ok(limited)
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        if let Self::Group(group) = self {
            let _ = fs::remove_dir(group);
        }
    }
}
