//! Hands: what needs no order is done on every core, so that the one thread that decides is not kept waiting.
//!
//! Rendering a page, reading it back and packing its words are pure. The desk gives them to its hands, does meanwhile
//! what only it may do, helps with what is left, and goes on with all of it in the order in which it was given out.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

/// More of them would only wait for the desk.
const MOST: usize = 7;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that wait for work. They end when this is dropped.
pub(crate) struct Hands {
    bench: Arc<Bench>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Bench {
    jobs: Mutex<Jobs>,
    filled: Condvar,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    closed: bool,
}

impl Hands {
    /// None but the desk's own.
    #[cfg(feature = "rehearsal")]
    pub(crate) fn none() -> Self {
        Self { threads: vec![], bench: Arc::default() }
    }

    /// As many as there are cores beside the desk's own.
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let bench = Arc::<Bench>::default();
        let threads = (1..cores.min(MOST + 1)).filter_map(|_| {
            let bench = Arc::clone(&bench);
            // Where the system gives no thread, the desk does all of it by itself.
            std::thread::Builder::new().name("press".into()).spawn(move || bench.work()).ok()
        });
        Self { threads: threads.collect(), bench }
    }

    /// Does `work` to all of these things, and `meanwhile` in this thread. What comes back stands in the order of the
    /// things; none for what failed in a way that is a defect of ours.
    pub(crate) fn each<T, R, M>(
        &self,
        things: Vec<T>,
        work: impl Fn(T) -> R + Clone + Send + 'static,
        meanwhile: impl FnOnce() -> M,
    ) -> (Vec<Option<R>>, M)
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        let (done, results) = mpsc::channel();
        let count = things.len();
        let jobs = things.into_iter().enumerate().map(|(i, thing)| -> Job {
            let (work, done) = (work.clone(), done.clone());
            Box::new(move || {
                let result = catch_unwind(AssertUnwindSafe(|| work(thing))).ok();
                let _ = done.send((i, result));
            })
        });
        self.bench.put(jobs.collect());
        let meanwhile = meanwhile();
        while let Some(job) = self.bench.take() {
            job();
        }
        let mut all: Vec<Option<R>> = std::iter::repeat_with(|| None).take(count).collect();
        for (i, result) in results.iter().take(count) {
            if let Some(place) = all.get_mut(i) {
                *place = result;
            }
        }
        (all, meanwhile)
    }
}

impl Drop for Hands {
    fn drop(&mut self) {
        self.bench.jobs.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.bench.filled.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Bench {
    fn put(&self, jobs: VecDeque<Job>) {
        let few = jobs.len() < 2;
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).waiting.extend(jobs);
        // A single job is done by whoever gave it before anybody else is awake.
        if !few {
            self.filled.notify_all();
        }
    }

    fn take(&self) -> Option<Job> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).waiting.pop_front()
    }

    fn work(&self) {
        loop {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let idle = |jobs: &mut Jobs| jobs.waiting.is_empty() && !jobs.closed;
            let mut jobs = self.filled.wait_while(jobs, idle).unwrap_or_else(PoisonError::into_inner);
            let Some(job) = jobs.waiting.pop_front() else { return };
            drop(jobs);
            job();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_out_comes_back_in_order() {
        let (results, meanwhile) = Hands::new().each((0..100).collect(), |n| n * n, || "meanwhile");
        assert_eq!(results, (0..100).map(|n| Some(n * n)).collect::<Vec<_>>());
        assert_eq!(meanwhile, "meanwhile");
    }

    #[test]
    fn what_fails_costs_itself() {
        let hands = Hands::new();
        let work = |n: i32| if n == 1 { panic!("one") } else { n };
        for _ in 0..3 {
            assert_eq!(hands.each(vec![0, 1, 2], work, || ()).0, [Some(0), None, Some(2)]);
        }
    }
}
