//! Events in words, one line each, the same for terminals and logs.

use crate::cli::human;
use crate::cli::output::Verbosity;
use crate::operation::event::Event;
use crate::secrets::sanitize;

/// The line for an event that is told as a line; none for those that only move a bar, or that this verbosity hides.
/// A failure isn't told here: the command ends with it.
pub(super) fn line(event: &Event, verbosity: Verbosity) -> Option<String> {
    let text = match event {
        Event::Started { operation, id, instance } => format!("{operation} {id} of {instance}"),
        Event::Planned { units, estimated_bytes, consistency, jobs } => format!(
            "{}, about {}, {jobs} at once, consistency: {consistency}",
            human::several(*units as u64, "unit"),
            human::size(*estimated_bytes)
        ),
        Event::UnitRetried { unit, attempt, reason } => format!("trying {unit} again (attempt {attempt}): {reason}"),
        Event::Note { kind, object, reason } => note(kind, object, reason),
        Event::UnitDone { unit, bytes, rows } if verbosity == Verbosity::Verbose => {
            let rows = rows.map(|r| format!(", {}", human::several(r, "row"))).unwrap_or_default();
            format!("{unit}: {}{rows}", human::size(*bytes))
        }
        Event::Report { carried, kinds, changed, left_out, failed } => format!(
            "carried {} of {}, changed {}, left out {}{}",
            human::several(*carried, "object"),
            human::several(*kinds as u64, "kind"),
            human::count(*changed),
            human::count(*left_out),
            if *failed > 0 { format!(", failed {}", human::count(*failed)) } else { String::new() }
        ),
        Event::Finished { units, bytes, rows, seconds, stored_bytes, failed, missing_rows, .. } => {
            let time = std::time::Duration::try_from_secs_f64(*seconds).unwrap_or_default();
            let stored = stored_bytes.map(|b| format!("; {} stored anew", human::size(b))).unwrap_or_default();
            let end = if *failed == 0 {
                "done".to_owned()
            } else {
                let missing = human::several(*missing_rows, "row");
                format!("partly done, {} failed, {missing} missing", human::several(*failed, "object"))
            };
            format!(
                "{end}: {}, {}, {} in {} ({}){stored}",
                human::several(*units as u64, "unit"),
                human::several(*rows, "row"),
                human::size(*bytes),
                human::period(time),
                human::rate(*bytes, time)
            )
        }
        _ => return None,
    };
    (verbosity >= least(event)).then(|| sanitize(&text).into_owned())
}

fn note(kind: &str, object: &str, reason: &str) -> String {
    let kind = match kind {
        "left-out" => "left out",
        "info" | "debug" => "note",
        other => other,
    };
    if object.is_empty() { format!("{kind}: {reason}") } else { format!("{kind}: {object}: {reason}") }
}

/// The verbosity that an event is told from. What is missing in a backup or differs from its source is always told.
fn least(event: &Event) -> Verbosity {
    match event {
        Event::Note { kind, .. } => match kind.as_str() {
            "debug" | "carried" => Verbosity::Verbose,
            "info" => Verbosity::Normal,
            _ => Verbosity::Quiet,
        },
        Event::UnitRetried { .. } => Verbosity::Quiet,
        _ => Verbosity::Normal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(kind: &str) -> Event {
        Event::Note { kind: kind.into(), object: "public.a".into(), reason: "why".into() }
    }

    #[test]
    fn what_is_missing_is_told_even_to_those_who_want_quiet() {
        for (kind, from) in [
            ("debug", Verbosity::Verbose),
            ("carried", Verbosity::Verbose),
            ("info", Verbosity::Normal),
            ("warning", Verbosity::Quiet),
            ("changed", Verbosity::Quiet),
            ("left-out", Verbosity::Quiet),
            ("failed", Verbosity::Quiet),
            ("blocker", Verbosity::Quiet),
        ] {
            for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
                assert_eq!(line(&noted(kind), verbosity).is_some(), verbosity >= from, "{kind} {verbosity:?}");
            }
        }
    }

    #[test]
    fn names_cannot_move_the_cursor() {
        let event = Event::UnitRetried { unit: "a\u{1b}[2J\nb".into(), attempt: 2, reason: "x\u{202e}".into() };
        let shown = line(&event, Verbosity::Normal);
        assert_eq!(shown.as_deref(), Some(r"trying a\u{1b}[2J\nb again (attempt 2): x\u{202e}"));
    }

    #[test]
    fn the_end_says_what_was_moved_and_how_fast() {
        let event = Event::Finished {
            backup: None,
            units: 1312,
            bytes: 1_190_000_000,
            rows: 12_345,
            seconds: 14.0,
            stored_bytes: Some(300_000_000),
            failed: 0,
            missing_rows: 0,
        };
        assert_eq!(
            line(&event, Verbosity::Normal).as_deref(),
            Some("done: 1,312 units, 12,345 rows, 1.2 GB in 14 s (85 MB/s); 300 MB stored anew")
        );
    }

    #[test]
    fn what_is_partial_isnt_called_done() {
        let event = Event::Finished {
            backup: None,
            units: 2,
            bytes: 0,
            rows: 1,
            seconds: 1.0,
            stored_bytes: None,
            failed: 1,
            missing_rows: 1_200,
        };
        let shown = line(&event, Verbosity::Normal).unwrap_or_default();
        assert!(shown.starts_with("partly done, 1 object failed, 1,200 rows missing: 2 units, 1 row"), "{shown}");
    }
}
