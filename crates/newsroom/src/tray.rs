//! The desk's in-tray: what is urgent lies on top, below it what may go before a backlog.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A queue with three lanes and one taker. Kills and operator commands go into the urgent lane, what may overtake a
/// backlog into the fresh one.
#[derive(Debug)]
pub(crate) struct Tray<T> {
    lanes: Mutex<Lanes<T>>,
    filled: Condvar,
}

#[derive(Debug)]
struct Lanes<T> {
    urgent: VecDeque<T>,
    fresh: VecDeque<T>,
    ordinary: VecDeque<T>,
}

impl<T> Default for Tray<T> {
    fn default() -> Self {
        Self {
            lanes: Mutex::new(Lanes {
                urgent: VecDeque::new(),
                fresh: VecDeque::new(),
                ordinary: VecDeque::new(),
            }),
            filled: Condvar::new(),
        }
    }
}

impl<T> Tray<T> {
    fn lanes(&self) -> MutexGuard<'_, Lanes<T>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays something at the end of the ordinary lane.
    pub(crate) fn put(&self, thing: T) {
        self.lanes().ordinary.push_back(thing);
        self.filled.notify_one();
    }

    /// Lays something at the end of the fresh lane, which comes before the ordinary one.
    pub(crate) fn put_fresh(&self, thing: T) {
        self.lanes().fresh.push_back(thing);
        self.filled.notify_one();
    }

    /// Lays something at the end of the urgent lane, which is emptied first.
    pub(crate) fn put_urgent(&self, thing: T) {
        self.lanes().urgent.push_back(thing);
        self.filled.notify_one();
    }

    /// What lies on top, if anything does.
    pub(crate) fn take(&self) -> Option<T> {
        self.lanes().top()
    }

    /// What lies on top of the urgent lane, if anything does.
    pub(crate) fn take_urgent(&self) -> Option<T> {
        self.lanes().urgent.pop_front()
    }

    /// Whether something lies in the urgent lane.
    pub(crate) fn is_urgent(&self) -> bool {
        !self.lanes().urgent.is_empty()
    }

    /// What lies on top of the fresh lane, if anything does.
    pub(crate) fn take_fresh(&self) -> Option<T> {
        self.lanes().fresh.pop_front()
    }

    #[cfg(test)]
    pub(crate) fn take_ordinary(&self) -> Option<T> {
        self.lanes().ordinary.pop_front()
    }

    /// Waits for something urgent, at most this long.
    pub(crate) fn wait_urgent(&self, at_most: Duration) -> Option<T> {
        let lanes = self.lanes();
        let empty = |lanes: &mut Lanes<T>| lanes.urgent.is_empty();
        let (mut lanes, _) =
            self.filled.wait_timeout_while(lanes, at_most, empty).unwrap_or_else(PoisonError::into_inner);
        lanes.urgent.pop_front()
    }

    /// Waits for something that is urgent or fresh, at most this long; it stays where it lies.
    pub(crate) fn wait_pressing(&self, at_most: Duration) {
        let lanes = self.lanes();
        let empty = |lanes: &mut Lanes<T>| lanes.urgent.is_empty() && lanes.fresh.is_empty();
        drop(self.filled.wait_timeout_while(lanes, at_most, empty));
    }

    /// Waits for something to lie there, at most this long.
    pub(crate) fn wait(&self, at_most: Duration) -> Option<T> {
        let lanes = self.lanes();
        let empty = |lanes: &mut Lanes<T>| lanes.count() == 0;
        let (mut lanes, _) =
            self.filled.wait_timeout_while(lanes, at_most, empty).unwrap_or_else(PoisonError::into_inner);
        lanes.top()
    }

    /// How many lie in all lanes.
    pub(crate) fn len(&self) -> usize {
        self.lanes().count()
    }
}

impl<T> Lanes<T> {
    fn top(&mut self) -> Option<T> {
        self.urgent.pop_front().or_else(|| self.fresh.pop_front()).or_else(|| self.ordinary.pop_front())
    }

    fn count(&self) -> usize {
        self.urgent.len() + self.fresh.len() + self.ordinary.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_urgent_overtakes_the_queue() {
        let tray = Tray::default();
        (1..=3).for_each(|n| tray.put(n));
        tray.put_fresh(5);
        tray.put_urgent(9);
        assert_eq!(std::iter::from_fn(|| tray.take()).collect::<Vec<_>>(), [9, 5, 1, 2, 3]);
    }

    #[test]
    fn waiting_on_an_empty_tray_ends() {
        assert_eq!(Tray::<u8>::default().wait(Duration::from_millis(1)), None);
    }
}
