//! Rounds, medians, and the table that comes of them.

use crate::measure::Cost;

/// All rounds of one tool at one task.
#[derive(Clone, Debug)]
pub struct Series {
    /// The tool, with what makes it comparable.
    pub tool: String,
    /// One for each round.
    pub costs: Vec<Cost>,
    /// Its peak, of a run that isn't among the rounds.
    pub memory: Option<u64>,
    /// Bytes of what it wrote, where that is a backup.
    pub bytes: Option<u64>,
    /// Where the time of the last round went, as a row of its own table.
    pub shares: Option<String>,
}

impl Series {
    /// No round yet.
    pub fn new(tool: impl Into<String>) -> Self {
        Self { tool: tool.into(), costs: Vec::new(), memory: None, bytes: None, shares: None }
    }

    /// Takes a run in: as a round, or for its memory.
    pub fn take(&mut self, cost: Cost) {
        match cost.memory {
            Some(memory) => self.memory = Some(memory),
            None => self.costs.push(cost),
        }
    }

    /// The peak of the memory, in MB, as far as it was looked at.
    pub fn megabytes(&self) -> String {
        self.memory.map_or(String::new(), |bytes| format!("{:.0}", bytes as f64 / 1e6))
    }

    /// The median of a cost over all rounds.
    pub fn median(&self, value: impl Fn(&Cost) -> f64) -> f64 {
        median(self.costs.iter().map(value).collect())
    }
}

/// The head of the Markdown table.
pub const HEAD: &str = "\
| task | part | tool | wall, s | ratio | CPU, s | ratio | server's CPU, s | ratio | peak memory, MB | written, MB | rounds, s |
|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|";

/// The rows of one task on one part: ours, and the one that it's compared with. A ratio below 1 means that we need less.
pub fn rows(task: &str, part: &str, ours: &Series, theirs: &Series) -> String {
    let ratio = |value: fn(&Cost) -> f64| format!("{:.2}", ours.median(value) / theirs.median(value));
    let ratios = [ratio(|c| c.wall), ratio(|c| c.cpu), ratio(|c| c.server)];
    let one = ["1", "1", "1"].map(str::to_owned);
    format!("{}\n{}", row(task, part, ours, &ratios), row(task, part, theirs, &one))
}

fn row(task: &str, part: &str, series: &Series, [wall, cpu, server]: &[String; 3]) -> String {
    let rounds: Vec<_> = series.costs.iter().map(|cost| format!("{:.1}", cost.wall)).collect();
    format!(
        "| {task} | {part} | {} | {:.1} | {wall} | {:.1} | {cpu} | {:.1} | {server} | {} | {} | {} |",
        series.tool,
        series.median(|c| c.wall),
        series.median(|c| c.cpu),
        series.median(|c| c.server),
        series.megabytes(),
        series.bytes.map_or(String::new(), |bytes| format!("{:.0}", bytes as f64 / 1e6)),
        rounds.join(", "),
    )
}

/// The middle one; of an even number, the mean of the two in the middle. Not a number if there are none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let low = if values.len().is_multiple_of(2) { middle.wrapping_sub(1) } else { middle };
    match (values.get(low), values.get(middle)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle_whatever_the_order() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 100.0]), 3.0);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_run_that_was_watched_is_no_round() {
        let mut series = Series::new("x");
        for memory in [Some(7_000_000), None, None] {
            series.take(Cost { wall: memory.map_or(1.0, |_| 99.0), cpu: 1.0, server: 1.0, memory });
        }
        assert_eq!((series.costs.len(), series.median(|c| c.wall), series.megabytes()), (2, 1.0, "7".to_owned()));
    }

    #[test]
    fn a_ratio_compares_medians_and_not_the_best() {
        let series = |walls: [f64; 3]| Series {
            costs: walls.map(|wall| Cost { wall, cpu: wall, server: wall, memory: None }).to_vec(),
            ..Series::new("x")
        };
        let text = rows("t", "p", &series([1.0, 3.0, 3.0]), &series([2.0, 2.0, 2.0]));
        assert!(text.contains("| 3.0 | 1.50 |"), "{text}");
    }
}
