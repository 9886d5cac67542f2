//! What a run of a program costs: time, processor time and memory, its child processes included.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use cofferdam_tests::command::show;
use cofferdam_tests::error::Result;
use cofferdam_tests::servers::Postgresql;

/// How often the program's end is looked for; what wall times are exact to.
const POLL: Duration = Duration::from_millis(5);
/// How many polls pass between two looks at the memory.
const POLLS_A_SAMPLE: u32 = 4;
/// Clock ticks a second in `/proc`; 100 on every Linux that Rust runs on (proc(5), USER_HZ).
const TICKS: f64 = 100.0;

/// The cost of one run.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Wall time in seconds.
    pub wall: f64,
    /// User and system time in seconds, summed over the program's processes.
    pub cpu: f64,
    /// The same of the servers' processes, in the time that the program ran.
    pub server: f64,
    /// The highest sum of the proportional set sizes of the program's processes, in bytes; sampled. Only of a run that was
    /// made for it.
    pub memory: Option<u64>,
}

/// What a run is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Time,
    /// The system walks through a process's pages to tell how many it has, some milliseconds each time, in which the process
    /// gets no new ones: such a run says nothing of time.
    Memory,
}

/// Runs `command` to its end and measures it, and what it has `servers` do. Nothing else that this process started may
/// end meanwhile.
///
/// # Errors
/// If it can't be started or fails; then with what it said.
pub fn measure(command: &mut Command, servers: &[&Postgresql], purpose: Purpose) -> Result<Cost> {
    measure_said(command, servers, purpose).map(|(cost, _)| cost)
}

/// The same, and what the program wrote to standard output.
///
/// # Errors
/// As [`measure`].
pub fn measure_said(command: &mut Command, servers: &[&Postgresql], purpose: Purpose) -> Result<(Cost, String)> {
    let (answer, said) = (tempfile::NamedTempFile::new()?, tempfile::NamedTempFile::new()?);
    command.stdin(Stdio::null()).stdout(answer.reopen()?).stderr(said.reopen()?);
    let postmasters = servers.iter().map(|server| server.process()).collect::<Result<Vec<u32>>>()?;
    let server_time = || postmasters.iter().map(|postmaster| family_time(*postmaster)).sum::<f64>();
    let before = (ended_time("self")?, server_time());
    let start = Instant::now();
    let mut child = command.spawn().map_err(|e| format!("{}: {e}", show(command)))?;
    let (mut memory, mut polls) = (None, 0);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if purpose == Purpose::Memory && polls % POLLS_A_SAMPLE == 0 {
            memory = memory.max(Some(resident(child.id())));
        }
        polls += 1;
        sleep(POLL);
    };
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("{} failed ({status})\n{}", show(command), fs::read_to_string(said.path())?).into());
    }
    let cost = Cost { wall, cpu: ended_time("self")? - before.0, server: server_time() - before.1, memory };
    Ok((cost, fs::read_to_string(answer.path())?))
}

/// Seconds that a process's children that ended, and theirs, have used: `cutime` and `cstime` of proc(5).
fn ended_time(process: &str) -> Result<f64> {
    Ok(times(process).ok_or("/proc/self/stat isn't as proc(5) says")?.1)
}

/// Seconds that a process and its children have used, those that ended too: a server's sessions come and go.
fn family_time(process: u32) -> f64 {
    let (own, ended) = times(&process.to_string()).unwrap_or_default();
    own + ended + children(process).into_iter().map(family_time).sum::<f64>()
}

/// Seconds that a process used, and those that its children which ended did: `utime` and `stime`, `cutime` and `cstime`,
/// fields 14 to 17 of proc(5). None if it has ended itself.
fn times(process: &str) -> Option<(f64, f64)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in the second field may contain anything; the third begins after the last parenthesis.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<f64> = fields.split_whitespace().skip(11).take(4).filter_map(|ticks| ticks.parse().ok()).collect();
    let &[user, system, ended_user, ended_system] = ticks.as_slice() else { return None };
    Some(((user + system) / TICKS, (ended_user + ended_system) / TICKS))
}

/// Proportional set size of a process and all below it, in bytes. A process that ends meanwhile counts for nothing.
fn resident(process: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let own = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next()?.parse::<u64>().ok());
    own.unwrap_or(0) * 1024 + children(process).into_iter().map(resident).sum::<u64>()
}

/// The processes that a process has started and that run.
fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|children| children.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .collect()
}
