//! Keeps a server exactly as long as somebody wants it.
//!
//! A shell starts the server and waits on a pipe that we hold. When the pipe closes, because we let go or because our
//! process was killed, it stops the server and removes its folder. So no server outlives its test, and none depends on
//! the thread that started it.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::unprivileged::User;
use crate::error::Result;

/// `$1` is the folder, the rest is the server's command. SIGQUIT is PostgreSQL's immediate shutdown: the data goes
/// anyway.
const SCRIPT: &str = r#"
folder=$1
shift
exec 3<&0
"$@" </dev/null >>"$folder/log" 2>&1 3<&- &
server=$!
read -r _ <&3
kill -QUIT "$server"
wait "$server"
cd / && rm -rf "$folder"
"#;

/// A running server; dropping it stops the server and removes the folder.
#[derive(Debug)]
pub(super) struct Supervisor {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Supervisor {
    /// Starts `server` as `user`, in `folder`, with its output in `folder/log`.
    pub(super) fn start(folder: &Path, user: User, server: &Command) -> Result<Self> {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", SCRIPT, "supervisor"]).arg(folder).arg(server.get_program()).args(server.get_args());
        shell.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // A Ctrl-C is meant for us; the shell must live to clean up.
        shell.process_group(0);
        user.run(&mut shell);
        let mut shell = shell.spawn().map_err(|e| format!("/bin/sh in {}: {e}", folder.display()))?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // Nothing is left to do if this fails: the shell stops the server all the same.
        let _ = self.shell.wait();
    }
}
