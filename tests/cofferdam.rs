//! The `cofferdam` program as a user runs it: a folder with a configuration, commands, output, exit codes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use tempfile::TempDir;

use crate::command::{Output, failure, run};
use crate::error::Result;
use crate::servers::{Postgresql, SUPERUSER, target_folder};

/// The program: `COFFERDAM_BIN`, else the one beside the running test or tool, as cargo lays them.
///
/// # Errors
/// If it isn't there.
pub fn program() -> Result<PathBuf> {
    if let Some(path) = env::var_os("COFFERDAM_BIN") {
        return Ok(path.into());
    }
    let here = env::current_exe()?;
    let beside = here.ancestors().skip(1).take(2).map(|folder| folder.join("cofferdam"));
    beside.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        format!("no cofferdam program beside {}; run `make build`, or name it in COFFERDAM_BIN", here.display()).into()
    })
}

/// The postgresql plugin: `COFFERDAM_PLUGIN_POSTGRESQL`, else what `make plugins` built.
///
/// # Errors
/// If it isn't there.
pub fn postgresql_plugin() -> Result<PathBuf> {
    plugin("postgresql")
}

/// The mongodb plugin: `COFFERDAM_PLUGIN_MONGODB`, else what `make plugins` built.
///
/// # Errors
/// If it isn't there.
pub fn mongodb_plugin() -> Result<PathBuf> {
    plugin("mongodb")
}

/// The mysql plugin: `COFFERDAM_PLUGIN_MYSQL`, else what `make plugins` built.
///
/// # Errors
/// If it isn't there.
pub fn mysql_plugin() -> Result<PathBuf> {
    plugin("mysql")
}

/// The redis plugin: `COFFERDAM_PLUGIN_REDIS`, else what `make plugins` built.
///
/// # Errors
/// If it isn't there.
pub fn redis_plugin() -> Result<PathBuf> {
    plugin("redis")
}

/// The plugin that misbehaves on request: `COFFERDAM_PLUGIN_FAULTY`, else what `make plugins` built.
///
/// # Errors
/// If it isn't there.
pub fn faulty_plugin() -> Result<PathBuf> {
    plugin("faulty")
}

/// The plugin that lies on request: `COFFERDAM_PLUGIN_LIAR`, else what `make plugins` built.
///
/// # Errors
/// If it isn't there.
pub fn liar_plugin() -> Result<PathBuf> {
    plugin("liar")
}

fn plugin(name: &str) -> Result<PathBuf> {
    let path = env::var_os(format!("COFFERDAM_PLUGIN_{}", name.to_uppercase()))
        .map_or_else(|| target_folder().join(format!("plugins/{name}.wasm")), PathBuf::from);
    if path.is_file() { Ok(path) } else { Err(format!("no plugin at {}; run `make plugins`", path.display()).into()) }
}

/// A working folder with a `cofferdam.toml`: one repository named "main", and the instances that were added.
#[derive(Debug)]
pub struct Cofferdam {
    program: PathBuf,
    folder: TempDir,
    secrets: Vec<(String, String)>,
}

impl Cofferdam {
    /// A new folder whose repository isn't initialized yet.
    ///
    /// # Errors
    /// If the program or the plugin isn't built.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cofferdam-").tempdir()?;
        let config = format!(
            "[repositories.main]\nurl = \"file://{root}/repository\"\nwriter-key = {{ file = \"{root}/writer.key\" }}\n\
             recovery-key = {{ file = \"{root}/recovery.key\" }}\n",
            root = folder.path().display(),
        );
        fs::write(folder.path().join("cofferdam.toml"), config)?;
        let made = Self { program: program()?, folder, secrets: Vec::new() };
        made.add_plugin(&postgresql_plugin()?, &["postgres"])?;
        Ok(made)
    }

    /// Adds a plugin that was built here, and so isn't signed, and grants it what it asks for.
    ///
    /// # Errors
    /// If it isn't taken.
    pub fn add_plugin(&self, file: &Path, grants: &[&str]) -> Result<()> {
        let file = file.display().to_string();
        let grants = grants.iter().flat_map(|grant| ["--grant", grant]);
        let arguments: Vec<&str> =
            ["plugin", "add", &file, "--allow-unsigned", "--yes"].into_iter().chain(grants).collect();
        self.succeed(&arguments, Duration::from_secs(150)).map(drop)
    }

    fn has_plugin(&self, name: &str) -> Result<bool> {
        Ok(fs::read_to_string(self.folder().join("cofferdam.lock"))?.contains(&format!("[plugins.{name}]")))
    }

    /// Adds an instance: `server` with its superuser, and a password from the environment.
    ///
    /// # Errors
    /// If the configuration can't be written.
    pub fn add_instance(&mut self, name: &str, server: &Postgresql, database: &str) -> Result<()> {
        self.add_instance_at(name, &server.url(SUPERUSER, database), server.password())
    }

    /// Adds an instance of the engine postgresql by its URL, and its password from the environment.
    ///
    /// # Errors
    /// If the configuration can't be written.
    pub fn add_instance_at(&mut self, name: &str, url: &str, password: &str) -> Result<()> {
        // What tests restore, they made themselves.
        self.add_instance_of("postgresql", name, url, password)?;
        self.configure("settings = { as-superuser = \"on\" }\n")
    }

    /// Adds an instance of the engine mongodb by its URL, and its password from the environment.
    ///
    /// # Errors
    /// If the plugin isn't built, or the configuration can't be written.
    pub fn add_mongodb(&mut self, name: &str, url: &str, password: &str) -> Result<()> {
        if !self.has_plugin("mongodb")? {
            self.add_plugin(&mongodb_plugin()?, &["mongodb"])?;
        }
        self.add_instance_of("mongodb", name, url, password)
    }

    /// Adds an instance of the engine mysql by its URL, and its password from the environment.
    ///
    /// # Errors
    /// If the plugin isn't built, or the configuration can't be written.
    pub fn add_mysql(&mut self, name: &str, url: &str, password: &str) -> Result<()> {
        if !self.has_plugin("mysql")? {
            self.add_plugin(&mysql_plugin()?, &["tcp", "secrets", "secret-write"])?;
        }
        self.add_instance_of("mysql", name, url, password)
    }

    /// Adds an instance of the engine redis by its URL, and its password from the environment.
    ///
    /// # Errors
    /// If the plugin isn't built, or the configuration can't be written.
    pub fn add_redis(&mut self, name: &str, url: &str, password: &str) -> Result<()> {
        if !self.has_plugin("redis")? {
            self.add_plugin(&redis_plugin()?, &["tcp", "secret-write"])?;
        }
        self.add_instance_of("redis", name, url, password)
    }

    fn add_instance_of(&mut self, engine: &str, name: &str, url: &str, password: &str) -> Result<()> {
        let variable = format!("PASSWORD_{}", name.to_uppercase().replace('-', "_"));
        self.configure(&format!(
            "[instances.{name}]\nengine = \"{engine}\"\nurl = \"{url}\"\npassword = {{ env = \"{variable}\" }}\n"
        ))?;
        self.secrets.push((variable, password.into()));
        Ok(())
    }

    /// Adds to the configuration.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn configure(&self, toml: &str) -> Result<()> {
        let config = fs::read_to_string(self.config())?;
        fs::write(self.config(), config + "\n" + toml)?;
        Ok(())
    }

    /// The repository's folder.
    #[must_use]
    pub fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("cofferdam.toml")
    }

    /// The folder with configuration, writer key and repository.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes the repository; its keys go into the folder.
    ///
    /// # Errors
    /// If it can't be made.
    pub fn initialize(&self) -> Result<Output> {
        self.succeed(&["repository", "init", "main"], Duration::from_secs(60))
    }

    /// Keeps a secret in the environment of every later command.
    pub fn set_secret(&mut self, variable: &str, value: &str) {
        self.secrets.push((variable.into(), value.into()));
    }

    /// A command in the folder, ready to run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.folder.path());
        // Compiled plugins are kept, but not among the user's.
        command.env("XDG_CACHE_HOME", target_folder().join("cache"));
        command.envs(self.secrets.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end, however it ends.
    ///
    /// # Errors
    /// If it isn't done in time.
    pub fn run(&self, arguments: &[&str], timeout: Duration) -> Result<Output> {
        run(&mut self.command(arguments), timeout)
    }

    /// Runs a command that must succeed.
    ///
    /// # Errors
    /// If it doesn't, with what it said on standard error.
    pub fn succeed(&self, arguments: &[&str], timeout: Duration) -> Result<Output> {
        let output = self.run(arguments, timeout)?;
        if output.status.success() { Ok(output) } else { Err(failure(&self.command(arguments), &output)) }
    }
}
