//! Streams and futures as `wit-bindgen` has them, with both ends in one test.

use futures::channel::oneshot;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::IntoFuture;
use std::pin::Pin;
use std::rc::Rc;

use super::signal::Signal;

/// How a read or a write ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum StreamResult {
    /// So many values went through.
    Complete(usize),
    /// The other end is gone, and no values went through.
    Dropped,
}

/// What both ends of a stream share. Values wait in it until they are taken: a write is done once nothing waits.
struct Shared<T> {
    waiting: RefCell<VecDeque<T>>,
    ends: RefCell<Ends>,
    changed: Signal,
}

#[derive(Default)]
struct Ends {
    reader_gone: bool,
    writer_gone: bool,
}

/// The end that is read.
pub struct StreamReader<T>(Rc<Shared<T>>);

/// The end that is written.
pub struct StreamWriter<T>(Rc<Shared<T>>);

/// A stream's two ends.
#[must_use]
pub fn stream<T>() -> (StreamWriter<T>, StreamReader<T>) {
    let shared = Rc::new(Shared { waiting: RefCell::default(), ends: RefCell::default(), changed: Signal::default() });
    (StreamWriter(Rc::clone(&shared)), StreamReader(shared))
}

impl<T> StreamReader<T> {
    /// Reads as much as there is, and fits into the room that `values` has.
    pub async fn read(&mut self, mut values: Vec<T>) -> (StreamResult, Vec<T>) {
        let room = values.capacity() - values.len();
        let shared = &self.0;
        let result = shared
            .changed
            .until(|| {
                let mut waiting = shared.waiting.borrow_mut();
                if waiting.is_empty() {
                    return shared.ends.borrow().writer_gone.then_some(StreamResult::Dropped);
                }
                let count = waiting.len().min(room);
                values.extend(waiting.drain(..count));
                Some(StreamResult::Complete(count))
            })
            .await;
        shared.changed.wake();
        (result, values)
    }

    /// The next value; none at the end.
    pub async fn next(&mut self) -> Option<T> {
        self.read(Vec::with_capacity(1)).await.1.pop()
    }

    /// Everything until the end.
    pub async fn collect(mut self) -> Vec<T> {
        let mut all = Vec::new();
        loop {
            all.reserve(64 << 10);
            let (result, read) = self.read(all).await;
            all = read;
            if result == StreamResult::Dropped {
                return all;
            }
        }
    }
}

impl<T> StreamWriter<T> {
    /// Writes values, at the pace at which they are taken; gives back what nobody took.
    pub async fn write_all(&mut self, values: Vec<T>) -> Vec<T> {
        let shared = &self.0;
        shared.waiting.borrow_mut().extend(values);
        shared.changed.wake();
        shared
            .changed
            .until(|| {
                let mut waiting = shared.waiting.borrow_mut();
                (waiting.is_empty() || shared.ends.borrow().reader_gone).then(|| waiting.drain(..).collect())
            })
            .await
    }
}

impl<T> Drop for StreamReader<T> {
    fn drop(&mut self) {
        self.0.ends.borrow_mut().reader_gone = true;
        self.0.changed.wake();
    }
}

impl<T> Drop for StreamWriter<T> {
    fn drop(&mut self) {
        self.0.ends.borrow_mut().writer_gone = true;
        self.0.changed.wake();
    }
}

/// The end of a future that is awaited.
pub struct FutureReader<T>(oneshot::Receiver<T>);

/// The end of a future that is written, once. Dropped before, it writes what was agreed for that.
pub struct FutureWriter<T> {
    sender: Option<oneshot::Sender<T>>,
    default: fn() -> T,
}

/// A future's two ends; the value of `default` is written if nothing else is.
#[must_use]
pub fn future<T>(default: fn() -> T) -> (FutureWriter<T>, FutureReader<T>) {
    let (sender, receiver) = oneshot::channel();
    (FutureWriter { sender: Some(sender), default }, FutureReader(receiver))
}

impl<T> FutureWriter<T> {
    /// Writes the value.
    ///
    /// # Errors
    /// The value, if nobody awaits it any more.
    pub async fn write(mut self, value: T) -> Result<(), T> {
        match self.sender.take() {
            Some(sender) => sender.send(value),
            None => Err(value),
        }
    }
}

impl<T> Drop for FutureWriter<T> {
    fn drop(&mut self) {
        if let Some(sender) = self.sender.take() {
            // Nobody awaits it: then nobody misses it.
            let _ = sender.send((self.default)());
        }
    }
}

impl<T: 'static> IntoFuture for FutureReader<T> {
    type Output = T;
    type IntoFuture = Pin<Box<dyn Future<Output = T>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.0.await {
                Ok(value) => value,
                // A writer that is dropped sends first. One that was forgotten never will.
                Err(_) => std::future::pending().await,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::run::{run, spawn_local};

    #[test]
    fn a_write_is_done_once_it_was_taken() {
        run(async {
            let (mut writer, mut reader) = stream();
            spawn_local(async move {
                assert!(writer.write_all(vec![1, 2, 3]).await.is_empty());
                assert!(writer.write_all(vec![4]).await.is_empty());
            });
            assert_eq!(reader.read(Vec::with_capacity(2)).await, (StreamResult::Complete(2), vec![1, 2]));
            assert_eq!(reader.collect().await, [3, 4]);
        });
    }

    #[test]
    fn what_nobody_reads_comes_back() {
        run(async {
            let (mut writer, reader) = stream();
            drop(reader);
            assert_eq!(writer.write_all(vec![1, 2]).await, [1, 2]);
        });
    }

    #[test]
    fn a_future_that_is_never_written_has_its_default() {
        run(async {
            let (writer, reader) = future(|| 7);
            drop(writer);
            assert_eq!(reader.await, 7);
            let (writer, reader) = future(|| 7);
            writer.write(8).await.unwrap_or_default();
            assert_eq!(reader.await, 8);
        });
    }
}
