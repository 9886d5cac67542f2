//! What a run of a program costs: time, processor time and memory, its child processes included.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use cofferdam_tests::command::show;
use cofferdam_tests::error::Result;

/// How often the program's end is looked for; what wall times are exact to.
const POLL: Duration = Duration::from_millis(5);
/// How many polls pass between two looks at the memory.
const POLLS_A_SAMPLE: u32 = 8;
/// Clock ticks a second in `/proc`; 100 on every Linux that Rust runs on (proc(5), USER_HZ).
const TICKS: f64 = 100.0;

/// The cost of one run.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Wall time in seconds.
    pub wall: f64,
    /// User and system time in seconds, summed over the program's processes. The server's isn't in it.
    pub cpu: f64,
    /// The highest sum of the proportional set sizes of the program's processes, in bytes; sampled.
    pub memory: u64,
}

/// Runs `command` to its end and measures it. Nothing else that this process started may end meanwhile.
///
/// # Errors
/// If it can't be started or fails; then with what it said.
pub fn measure(command: &mut Command) -> Result<Cost> {
    let said = tempfile::NamedTempFile::new()?;
    command.stdin(Stdio::null()).stdout(said.reopen()?).stderr(said.reopen()?);
    let before = processor_time()?;
    let start = Instant::now();
    let mut child = command.spawn().map_err(|e| format!("{}: {e}", show(command)))?;
    let (mut memory, mut polls) = (0, 0);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if polls % POLLS_A_SAMPLE == 0 {
            memory = memory.max(resident(child.id()));
        }
        polls += 1;
        sleep(POLL);
    };
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("{} failed ({status})\n{}", show(command), fs::read_to_string(said.path())?).into());
    }
    Ok(Cost { wall, cpu: processor_time()? - before, memory })
}

/// Seconds that our children that ended, and theirs, have used: `cutime` and `cstime`, fields 16 and 17 of proc(5).
fn processor_time() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name in the second field may contain anything; the third begins after the last parenthesis.
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/self/stat isn't as proc(5) says")?;
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<std::result::Result<f64, _>>()? / TICKS)
}

/// Proportional set size of a process and all below it, in bytes. A process that ends meanwhile counts for nothing.
fn resident(process: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let own = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next()?.parse::<u64>().ok());
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let below = threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|children| children.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .map(resident)
        .sum::<u64>();
    own.unwrap_or(0) * 1024 + below
}
