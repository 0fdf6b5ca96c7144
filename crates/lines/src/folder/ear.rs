//! What the system reports about the folder while nobody looks. Reports may be lost; the looks are what counts.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use super::look::is_wanted;

/// The most names that wait to be asked for.
const MAX_HEARD: usize = 100_000;

/// What was last heard of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It was made, or linked here.
    Made,
    /// It was written, and not closed since.
    Written,
    /// It was closed after writing, or renamed into the folder.
    Whole,
}

#[derive(Default)]
struct Notes {
    files: HashMap<OsString, Heard>,
    lost: bool,
}

#[derive(Default)]
struct Shared {
    notes: Mutex<Notes>,
    whole: Notify,
    stirred: Notify,
}

impl Shared {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, event: notify::Result<Event>) {
        let Ok(event) = event else {
            self.notes().lost = true;
            return self.whole.notify_one();
        };
        if event.need_rescan() {
            self.notes().lost = true;
            return self.whole.notify_one();
        }
        let heard = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Heard::Whole,
            EventKind::Modify(ModifyKind::Data(_)) => Heard::Written,
            EventKind::Create(CreateKind::File | CreateKind::Any | CreateKind::Other) => Heard::Made,
            _ => return,
        };
        let Some(name) = event.paths.first().and_then(|path| path.file_name()).filter(|name| is_wanted(name))
        else {
            return;
        };
        let mut notes = self.notes();
        if notes.files.len() >= MAX_HEARD {
            notes.files.clear();
            notes.lost = true;
        }
        notes.files.insert(name.to_owned(), heard);
        drop(notes);
        if heard == Heard::Whole { self.whole.notify_one() } else { self.stirred.notify_one() }
    }
}

/// Listens to one folder.
pub(super) struct Ear {
    shared: Arc<Shared>,
    watcher: Option<RecommendedWatcher>,
    folder: Option<(u64, u64)>,
    trouble: Option<String>,
}

impl Ear {
    pub(super) fn new() -> Self {
        Self { shared: Arc::default(), watcher: None, folder: None, trouble: None }
    }

    /// Listens to the folder of this identity, if it does not yet. True if it began just now.
    pub(super) fn listen(&mut self, path: &Path, identity: (u64, u64)) -> bool {
        if self.folder == Some(identity) {
            return false;
        }
        self.watcher = None;
        self.folder = Some(identity);
        let shared = Arc::clone(&self.shared);
        let begun = notify::recommended_watcher(move |event| shared.hear(event)).and_then(
            |mut watcher: RecommendedWatcher| {
                watcher.watch(path, RecursiveMode::NonRecursive)?;
                Ok(watcher)
            },
        );
        match begun {
            Ok(watcher) => {
                self.watcher = Some(watcher);
                self.trouble = None;
                true
            }
            Err(error) => {
                let path = path.display();
                self.trouble = Some(format!(
                    "the system does not report what happens in {path}: {error}; files are found a little later"
                ));
                false
            }
        }
    }

    /// The folder is out of reach: listen anew when it is back.
    pub(super) fn deafen(&mut self) {
        self.watcher = None;
        self.folder = None;
    }

    /// Why it cannot listen.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    /// What was heard since the last call, and whether reports were lost.
    pub(super) fn drain(&self) -> (HashMap<OsString, Heard>, bool) {
        let notes = std::mem::take(&mut *self.shared.notes());
        (notes.files, notes.lost)
    }

    /// Returns when a file is whole, or reports were lost.
    pub(super) async fn whole(&self) {
        self.shared.whole.notified().await;
    }

    /// Returns when something changed.
    pub(super) async fn stirred(&self) {
        self.shared.stirred.notified().await;
    }
}
