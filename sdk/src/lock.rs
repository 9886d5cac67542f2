//! The lock for what a session has one of: a connection that carries one answer at a time.

/// A lock whose waiters get it in the order in which they asked.
///
/// The host takes the streams of a session in the order of its reads. Were a later read to get the connection before an
/// earlier one, it would hold it for a stream that nobody reads yet, and the earlier one would wait for ever.
pub use tokio_sync::sync::Mutex;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[test]
    fn whoever_asked_first_gets_it_first_also_when_others_come_meanwhile() {
        testing::run(async {
            let (lock, order) = (Rc::new(Mutex::new(())), Rc::new(RefCell::new(Vec::new())));
            let ask = |n: u64| {
                let (lock, order) = (Rc::clone(&lock), Rc::clone(&order));
                crate::spawn_local(async move {
                    let _held = lock.lock().await;
                    order.borrow_mut().push(n);
                    crate::time::sleep(10).await;
                });
            };
            (0..3).for_each(ask);
            crate::time::sleep(15).await;
            // The first has let go, and its place in the queue is free.
            (3..6).for_each(ask);
            crate::time::sleep(100).await;
            assert_eq!(*order.borrow(), [0, 1, 2, 3, 4, 5]);
        });
    }
}
