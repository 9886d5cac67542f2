//! Ctrl-C and SIGTERM: the first asks to stop, the second doesn't ask.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit;
use super::output::Ui;
use crate::error::{Error, Result};

/// Cancels `cancel` on the first Ctrl-C or SIGTERM, so that sessions are closed and half-made things are taken away;
/// ends the process on the second one.
///
/// # Errors
/// "internal" if signals can't be listened to.
pub fn listen(cancel: CancellationToken, ui: Arc<Ui>) -> Result<()> {
    let listen = |kind| signal(kind).map_err(|e| Error::internal("can't listen to signals").with_cause(e));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    tokio::spawn(async move {
        next(&mut interrupt, &mut terminate).await;
        cancel.cancel();
        ui.say("stopping and cleaning up; once more stops at once and leaves things behind");
        next(&mut interrupt, &mut terminate).await;
        std::process::exit(i32::from(exit::CANCELLED));
    });
    Ok(())
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
