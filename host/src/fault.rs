//! Places where a test can stop the process: a kill there must never leave a backup that can't be restored.
//!
//! A debug build reads `COFFERDAM_PAUSE_AT=name=seconds` once. On reaching the point of that name it prints
//! `paused at NAME` to standard error and sleeps, so that a test can send SIGKILL at exactly this step, or let the
//! process go on after it was frozen for a while. A release build contains none of it.

/// Marks the step `name`. See the module's documentation.
#[cfg(debug_assertions)]
pub async fn point(name: &str) {
    use std::sync::LazyLock;
    use std::time::Duration;

    static PAUSE: LazyLock<Option<(String, Duration)>> = LazyLock::new(|| {
        let setting = std::env::var("COFFERDAM_PAUSE_AT").ok()?;
        let (name, seconds) = setting.split_once('=')?;
        Some((name.to_owned(), Duration::from_secs(seconds.parse().ok()?)))
    });
    if let Some((at, pause)) = &*PAUSE
        && at == name
    {
        eprintln!("paused at {name}");
        tokio::time::sleep(*pause).await;
    }
}

/// Marks the step `name`; nothing happens in a release build.
#[cfg(not(debug_assertions))]
pub async fn point(_name: &str) {}
