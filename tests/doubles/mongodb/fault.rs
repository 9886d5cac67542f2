//! What is to go wrong, and when. Over the wire it is the fail point `failCommand` (the driver specifications'
//! "Fail Points"; it needs nothing enabled here); a test that holds the double asks it directly, and can have more.

use std::time::Duration;

use bson::{Bson, Document};

use super::failure::{BAD_VALUE, Failure, Result};
use super::query::number;

/// What goes wrong with a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It fails without having done anything: code and labels.
    Fail(i32, Vec<String>),
    /// The connection closes without having done anything.
    Close,
    /// It does its work, sends so many bytes of the reply, and the connection closes.
    Cut(usize),
    /// A batch of writes carries so many statements out, and the connection closes.
    Half(usize),
    /// It does its work, and reports this in `writeConcernError`.
    WriteConcern(Document),
    /// It only takes its time, see [`Fault::delay`].
    Nothing,
}

/// A fault of some commands.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The commands' names.
    pub commands: Vec<String>,
    /// Only where they are about this namespace.
    pub namespace: Option<String>,
    /// How many go well before.
    pub skip: u64,
    /// How many fail; without a number, all.
    pub times: Option<u64>,
    /// How long they wait before.
    pub delay: Duration,
    /// What happens.
    pub action: Action,
}

impl Fault {
    /// The next of these commands fails so, once.
    #[must_use]
    pub fn once(command: &str, action: Action) -> Self {
        Self { commands: vec![command.into()], namespace: None, skip: 0, times: Some(1), delay: Duration::ZERO, action }
    }

    /// So many go well before.
    #[must_use]
    pub fn after(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    /// So many fail.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Every one fails.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Only on this namespace.
    #[must_use]
    pub fn on(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// They wait so long before.
    #[must_use]
    pub fn slow(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// From `configureFailPoint`; nothing for the mode "off".
    ///
    /// # Errors
    /// If it asks for what isn't modelled.
    pub fn parse(command: &Document) -> Result<Option<Self>> {
        let mut fault = Self::once("", Action::Nothing);
        match command.get("mode") {
            Some(Bson::String(mode)) if mode == "off" => return Ok(None),
            Some(Bson::String(mode)) if mode == "alwaysOn" => fault.times = None,
            Some(Bson::Document(mode)) => {
                let count = |name| mode.get(name).and_then(number).and_then(|n| u64::try_from(n).ok());
                fault.times = count("times");
                fault.skip = count("skip").unwrap_or_default();
            }
            other => return Err(Failure::new(BAD_VALUE, format!("the mode {other:?}"))),
        }
        let data = command.get_document("data").map_err(|e| Failure::new(BAD_VALUE, e.to_string()))?;
        let mut labels = Vec::new();
        let mut code = None;
        let strings =
            |value: &Bson| value.as_array().into_iter().flatten().filter_map(Bson::as_str).map(str::to_owned).collect();
        for (name, value) in data {
            match (name.as_str(), value) {
                ("failCommands", list) => fault.commands = strings(list),
                ("errorLabels", list) => labels = strings(list),
                ("namespace", Bson::String(namespace)) => fault.namespace = Some(namespace.clone()),
                ("errorCode", value) => code = number(value).and_then(|code| i32::try_from(code).ok()),
                ("closeConnection", Bson::Boolean(true)) => fault.action = Action::Close,
                ("closeConnection" | "blockConnection", Bson::Boolean(_)) | ("appName", Bson::String(_)) => {}
                ("blockTimeMS", value) => {
                    fault.delay =
                        Duration::from_millis(number(value).and_then(|ms| ms.try_into().ok()).unwrap_or_default());
                }
                ("writeConcernError", Bson::Document(error)) => fault.action = Action::WriteConcern(error.clone()),
                _ => return Err(Failure::not_modelled(&format!("{name} of failCommand"))),
            }
        }
        if let Some(code) = code {
            fault.action = Action::Fail(code, labels);
        }
        Ok(Some(fault))
    }

    fn is_about(&self, command: &str, namespace: &str) -> bool {
        self.commands.iter().any(|name| name == command)
            && self.namespace.as_ref().is_none_or(|wanted| wanted == namespace)
    }
}

/// The faults that wait for their commands.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What happens to this command: its delay, and the fault. A fault that came as often as it should is gone.
    pub fn strike(&mut self, command: &str, namespace: &str) -> Option<Fault> {
        let index = self.0.iter().position(|fault| fault.is_about(command, namespace))?;
        let fault = self.0.get_mut(index)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        let struck = fault.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.0.remove(index);
            }
        }
        Some(struck)
    }
}
