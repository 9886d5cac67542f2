//! Where a backup's time goes: what the program says of its streams' threads, beside the processor time of all of it.

use cofferdam_tests::error::Result;

use crate::measure::Cost;

/// The head of the Markdown table. The plugin's share, which decodes COPY among other things, and what the host needs to
/// move bytes between it, the network and the streams, are what is left of the program's processor time.
pub const HEAD: &str = "\
| part | wall, s | server's CPU, s | plugin and transport, CPU s | cutting, s | naming, s | compressing, s | sealing, s | \
waiting for the store, s | waiting for the source, s |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

/// The row of one backup.
///
/// # Errors
/// If the program didn't say what its streams needed.
pub fn row(part: &str, cost: &Cost, answer: &str) -> Result<String> {
    let answer: serde_json::Value = serde_json::from_str(answer)?;
    let spent = |step: &str| -> Result<f64> {
        let seconds = answer.get("spent").and_then(|spent| spent.get(step)).and_then(serde_json::Value::as_f64);
        Ok(seconds.ok_or_else(|| format!("the backup doesn't say how long {step} took"))?)
    };
    let busy = [spent("cutting")?, spent("naming")?, spent("compressing")?, spent("sealing")?];
    let rest = (cost.cpu - busy.iter().sum::<f64>()).max(0.0);
    let cells = [cost.wall, cost.server, rest].into_iter().chain(busy).chain([spent("storing")?, spent("source")?]);
    let cells: Vec<String> = cells.map(|seconds| format!("{seconds:.1}")).collect();
    Ok(format!("| {part} | {} |", cells.join(" | ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_no_step_needed_was_the_plugins_and_the_transports() {
        let cost = Cost { wall: 3.0, cpu: 5.0, server: 2.0, memory: None };
        let answer =
            r#"{"spent": {"source": 6, "cutting": 0.5, "naming": 0.5, "compressing": 1, "sealing": 1, "storing": 4}}"#;
        let row = row("big", &cost, answer).unwrap();
        assert_eq!(row, "| big | 3.0 | 2.0 | 2.0 | 0.5 | 0.5 | 1.0 | 1.0 | 4.0 | 6.0 |");
        assert!(super::row("big", &cost, "{}").is_err());
    }
}
