//! Ends a session.

use super::Client;

impl Client {
    /// Ends the session behind everything that was asked before, and waits until the server has closed its side.
    ///
    /// Calls of other handles that come later fail. If the session has ended already, it returns at once. Don't wait
    /// for it while the data of a COPY has neither been read nor dropped.
    pub async fn close(self) {
        self.ask_to_close().await;
        let closed = self.ending();
        drop(self);
        wait_closed(closed).await;
    }

    /// Waits until the session has ended, for whatever reason, and its socket is closed.
    pub async fn closed(&self) {
        wait_closed(self.ending()).await;
    }
}

async fn wait_closed<T>(mut ending: tokio::sync::watch::Receiver<T>) {
    while ending.changed().await.is_ok() {}
}
