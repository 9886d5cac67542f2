//! Two plugins beside each other: one spins, the other's work goes on, and neither sees anything of the other.

use std::time::{Duration, Instant};

use cofferdam::operation::event::Event;
use cofferdam::plugin::{Limits, Plugin, Sandbox};

use crate::component::of;
use crate::host::{BOUND, LIMITS, admitted, assert_gone, is_done, nowhere, operation};

/// How many times slower work may get beside a plugin that does nothing but spin, on a machine with two processors.
const FACTOR: f64 = 3.0;

const PATIENT: Limits = Limits { cpu: Duration::from_secs(600), wall: Duration::from_secs(600), ..LIMITS };

/// Has the plugin count and work, in a sandbox of its own; the shortest of three times.
async fn work(plugin: &Plugin) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let (context, heard) = operation();
        let sandbox = Sandbox::start(plugin, &context, &PATIENT).await.unwrap();
        let began = Instant::now();
        for _ in 0..5 {
            assert!(is_done(&sandbox.inspect(&nowhere()).await.unwrap_err()));
        }
        best = best.min(began.elapsed());
        drop(sandbox);
        assert_gone(&context).await;
        // Each sandbox counts from the beginning: nothing of the one before is there.
        let events = heard.0.lock().unwrap();
        let counted: String = events
            .iter()
            .map(|event| if let Event::Note { reason, .. } = event { reason.as_str() } else { "?" })
            .collect();
        assert_eq!(counted, "12345");
    }
    best
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_beside_one_that_spins_is_no_slower_than_the_stated_factor() {
    let (worker, spinner) = (admitted(of("count")).unwrap(), admitted(of("spin_in_export")).unwrap());
    let alone = work(&worker).await;

    let (context, _) = operation();
    let sandbox = Sandbox::start(&spinner, &context, &PATIENT).await.unwrap();
    let spinning = tokio::spawn({
        let sandbox = sandbox.clone();
        async move { sandbox.inspect(&nowhere()).await.map(|_| ()) }
    });
    let beside = work(&worker).await;
    assert!(!spinning.is_finished(), "nothing was proved: the other one has ended");
    spinning.abort();
    drop(sandbox);
    assert_gone(&context).await;

    let factor = beside.as_secs_f64() / alone.as_secs_f64();
    assert!(factor < FACTOR, "{beside:?} beside it, {alone:?} alone: {factor:.1} times");
}

/// As many as there are threads, and one more: each gives its thread back at every tick.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_plugins_that_spin_leave_time_for_a_fourth() {
    let spinner = admitted(of("spin_in_export")).unwrap();
    let mut spinning = Vec::new();
    for _ in 0..3 {
        let (context, _) = operation();
        let sandbox = Sandbox::start(&spinner, &context, &PATIENT).await.unwrap();
        let beside = sandbox.clone();
        let task = tokio::spawn(async move { beside.inspect(&nowhere()).await.map(|_| ()) });
        spinning.push((context, sandbox, task));
    }
    let began = Instant::now();
    work(&admitted(of("count")).unwrap()).await;
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    for (context, sandbox, task) in spinning {
        task.abort();
        drop(sandbox);
        assert_gone(&context).await;
    }
}
