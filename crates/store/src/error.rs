//! What can go wrong with a store, sorted by what the caller must do about it.

use std::path::PathBuf;

/// Reading or writing the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the quota is full. Nothing was written and nothing was lost: refuse intake, free space, go on.
    #[error("{doing}: the disk is full; free some space, nothing was written")]
    Full {
        /// What was being done.
        doing: String,
    },
    /// A commit, sync or input/output operation failed. What is durable is unknown: stop acknowledging, exit and
    /// start again, which reads everything back. Never retried, because a second sync may report success for
    /// pages that the kernel already dropped.
    #[error("{doing}: {why}; what is durable is unknown, stop and start again")]
    Fatal {
        /// What was being done.
        doing: String,
        /// What failed.
        why: String,
    },
    /// Bytes read back are not those that were written.
    #[error("{what} is damaged: {why}; restore it from a backup")]
    Damaged {
        /// The damaged thing, by its name.
        what: String,
        /// What does not agree.
        why: String,
    },
    /// The store cannot take this, and would not take it later either; nothing was written.
    #[error("{doing}: refused, {why}")]
    Refused {
        /// What was being done.
        doing: String,
        /// What is wrong with it.
        why: String,
    },
    /// Another process holds the store for longer than five seconds; try again.
    #[error("{doing}: the store is busy, try again")]
    Busy {
        /// What was being done.
        doing: String,
    },
    /// Anything else that the database reports.
    #[error("{doing}: {why}")]
    Failed {
        /// What was being done.
        doing: String,
        /// What failed.
        why: String,
    },
}

impl StoreError {
    /// Whether the process must stop acknowledging and exit.
    pub fn is_fatal(&self) -> bool {
        matches!(self, StoreError::Fatal { .. })
    }

    /// Whether only space is lacking.
    pub fn is_full(&self) -> bool {
        matches!(self, StoreError::Full { .. })
    }

    /// Whether it is a matter of bytes that changed by themselves.
    pub fn is_damage(&self) -> bool {
        matches!(self, StoreError::Damaged { .. })
    }

    pub(crate) fn refused(why: impl Into<String>) -> Self {
        StoreError::Refused { doing: String::new(), why: why.into() }
    }

    pub(crate) fn damaged(what: impl Into<String>, why: impl Into<String>) -> Self {
        StoreError::Damaged { what: what.into(), why: why.into() }
    }

    /// The same error, saying what was being done.
    pub(crate) fn while_doing(mut self, what: &str) -> Self {
        match &mut self {
            StoreError::Full { doing }
            | StoreError::Busy { doing }
            | StoreError::Fatal { doing, .. }
            | StoreError::Refused { doing, .. }
            | StoreError::Failed { doing, .. } => {
                if doing.is_empty() {
                    what.clone_into(doing);
                }
            }
            StoreError::Damaged { .. } => {}
        }
        self
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let (doing, why) = (String::new(), error.to_string());
        use rusqlite::Error as E;
        if matches!(
            error,
            E::InvalidColumnType(..)
                | E::FromSqlConversionFailure(..)
                | E::IntegralValueOutOfRange(..)
                | E::Utf8Error(..)
        ) {
            return StoreError::damaged("the database", why);
        }
        match error.sqlite_error_code() {
            Some(Code::DiskFull) => StoreError::Full { doing },
            Some(Code::SystemIoFailure) => StoreError::Fatal { doing, why },
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => StoreError::damaged("the database", why),
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => StoreError::Busy { doing },
            Some(Code::ConstraintViolation) => StoreError::Refused { doing, why },
            _ => StoreError::Failed { doing, why },
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        let doing = String::new();
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StoreError::Full { doing },
            _ => StoreError::Fatal { doing, why: error.to_string() },
        }
    }
}

/// A store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenStoreError {
    /// Another process writes to it.
    #[error("the store {} is in use by process {pid}; stop it, or let it do the work", dir.display())]
    Locked {
        /// The store's folder.
        dir: PathBuf,
        /// The holder as it named itself; `unknown` if it has not yet.
        pid: String,
    },
    /// There is no store here to read.
    #[error("there is no store in {}; `verbatim run` creates one", dir.display())]
    Missing {
        /// The store's folder.
        dir: PathBuf,
    },
    /// It was written by a newer program.
    #[error("the store {} has schema {found}, this program knows up to {known}; use the newer program again", dir.display())]
    Newer {
        /// The store's folder.
        dir: PathBuf,
        /// The schema found.
        found: i64,
        /// The newest schema this program knows.
        known: i64,
    },
    /// It was written by an older program and was opened for reading only.
    #[error("the store {} has the older schema {found}; open it once for writing to bring it forward", dir.display())]
    Older {
        /// The store's folder.
        dir: PathBuf,
        /// The schema found.
        found: i64,
    },
    /// The folder or a file in it cannot be used.
    #[error("{doing} {}: {source}", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error("opening the store {}: {source}", dir.display())]
    Database {
        /// The store's folder.
        dir: PathBuf,
        /// What the store says.
        source: StoreError,
    },
}
