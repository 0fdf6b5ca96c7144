//! Group commit: many threads wait for one sync.
//!
//! A thread of its own takes whatever lies in the queue, runs one batch, and only then answers each job. While one
//! batch is being synced the next gathers, so no timer is needed: one caller pays one sync, a hundred callers pay
//! one as well.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::JoinHandle;

/// The group ended before it answered: its batch panicked, or it was dropped. Nothing may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the group commit ended without an answer; nothing of it may be acknowledged")
    }
}

impl std::error::Error for Unanswered {}

type Reply<R> = Box<dyn FnOnce(Result<R, Unanswered>) + Send>;

/// A job in the queue. If it is dropped without an answer, the caller hears that.
struct Queued<J, R> {
    job: Option<J>,
    reply: Option<Reply<R>>,
}

impl<J, R> Queued<J, R> {
    fn answer(mut self, answer: R) {
        if let Some(reply) = self.reply.take() {
            reply(Ok(answer));
        }
    }
}

impl<J, R> Drop for Queued<J, R> {
    fn drop(&mut self) {
        if let Some(reply) = self.reply.take() {
            reply(Err(Unanswered));
        }
    }
}

/// A queue of jobs `J`, each answered with an `R` after the batch it was in has run.
pub struct Group<J, R> {
    queue: Option<SyncSender<Queued<J, R>>>,
    thread: Option<JoinHandle<()>>,
}

impl<J, R> fmt::Debug for Group<J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").finish_non_exhaustive()
    }
}

impl<J: Send + 'static, R: Send + 'static> Group<J, R> {
    /// Starts the thread. `run` gets at most `batch` jobs at a time and gives one answer for each, in order; what
    /// it does must be durable when it returns. At most `room` jobs wait.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        name: &str,
        batch: usize,
        room: usize,
        mut run: impl FnMut(Vec<J>) -> Vec<R> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::sync_channel(room);
        let work = move || while serve(&jobs, batch.max(1), &mut run) {};
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Queues a job, waiting while there is no room. `reply` is called on the group's thread, once, after the
    /// batch is durable; it must be quick.
    pub fn submit(&self, job: J, reply: impl FnOnce(Result<R, Unanswered>) + Send + 'static) {
        let queued = Queued { job: Some(job), reply: Some(Box::new(reply)) };
        if let Some(queue) = &self.queue {
            // On failure the job comes back inside the error and answers for itself as it is dropped.
            let _ = queue.send(queued);
        }
    }

    /// Queues a job if there is room at once.
    ///
    /// # Errors
    /// The job, if there is none: tell the sender to come again.
    pub fn try_submit(
        &self,
        job: J,
        reply: impl FnOnce(Result<R, Unanswered>) + Send + 'static,
    ) -> Result<(), J> {
        let Some(queue) = &self.queue else { return Err(job) };
        match queue.try_send(Queued { job: Some(job), reply: Some(Box::new(reply)) }) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(mut queued) | TrySendError::Disconnected(mut queued)) => {
                queued.reply = None;
                queued.job.take().map_or(Ok(()), Err)
            }
        }
    }

    /// Queues a job and waits for its answer.
    ///
    /// # Errors
    /// [`Unanswered`] if the group ended.
    pub fn run(&self, job: J) -> Result<R, Unanswered> {
        let (answer, wait) = mpsc::sync_channel(1);
        self.submit(job, move |result| {
            let _ = answer.send(result);
        });
        wait.recv().map_err(|_| Unanswered)?
    }
}

/// Runs one batch. False when there will be no more, or when a batch broke.
fn serve<J, R>(jobs: &Receiver<Queued<J, R>>, batch: usize, run: &mut impl FnMut(Vec<J>) -> Vec<R>) -> bool {
    let Ok(first) = jobs.recv() else { return false };
    let mut queued = vec![first];
    queued.extend(jobs.try_iter().take(batch - 1));
    let work: Vec<J> = queued.iter_mut().filter_map(|queued| queued.job.take()).collect();
    let Ok(answers) = catch_unwind(AssertUnwindSafe(|| run(work))) else {
        tracing::error!("a group commit panicked; nothing of it is acknowledged");
        return false;
    };
    for (queued, answer) in queued.into_iter().zip(answers) {
        queued.answer(answer);
    }
    true
}

impl<J, R> Drop for Group<J, R> {
    /// Runs what is queued, then ends the thread.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier, Mutex};

    use super::*;

    #[test]
    fn jobs_that_come_while_a_batch_runs_share_the_next_one() {
        let gate = Arc::new(Barrier::new(2));
        let batches = Arc::new(Mutex::new(Vec::new()));
        let (held, sizes) = (gate.clone(), batches.clone());
        let group = Group::start("test", 8, 64, move |jobs: Vec<u32>| {
            sizes.lock().unwrap().push(jobs.len());
            if jobs[0] == 0 {
                held.wait();
                held.wait();
            }
            jobs.iter().map(|job| job * 10).collect()
        })
        .unwrap();
        let answers = Arc::new(Mutex::new(Vec::new()));
        let submit = |job| {
            let answers = answers.clone();
            group.submit(job, move |answer| answers.lock().unwrap().push(answer.unwrap()));
        };
        submit(0);
        gate.wait();
        (1..=10).for_each(submit);
        assert!(answers.lock().unwrap().is_empty(), "nothing is answered before its batch has run");
        gate.wait();
        drop(group);
        assert_eq!(*batches.lock().unwrap(), [1, 8, 2]);
        assert_eq!(*answers.lock().unwrap(), (0..=10).map(|job| job * 10).collect::<Vec<_>>());
    }

    #[test]
    fn a_batch_that_panics_acknowledges_nothing() {
        let group =
            Group::start("test", 8, 64, |_: Vec<u32>| -> Vec<u32> { panic!("as the test wants") }).unwrap();
        assert_eq!(group.run(1), Err(Unanswered));
        assert_eq!(group.run(2), Err(Unanswered));
    }

    #[test]
    fn a_job_without_an_answer_hears_so() {
        let group = Group::start("test", 8, 64, |_: Vec<u32>| Vec::<u32>::new()).unwrap();
        assert_eq!(group.run(1), Err(Unanswered));
    }

    #[test]
    fn a_full_queue_gives_the_job_back() {
        let gate = Arc::new(Barrier::new(2));
        let held = gate.clone();
        let group = Group::start("test", 1, 1, move |jobs: Vec<u32>| {
            if jobs[0] == 0 {
                held.wait();
                held.wait();
            }
            jobs
        })
        .unwrap();
        group.submit(0, |_| ());
        gate.wait();
        assert_eq!(group.try_submit(1, |_| ()), Ok(()));
        assert_eq!(group.try_submit(2, |_| ()), Err(2));
        gate.wait();
    }
}
