//! What a poll remembers from one start to the next.

use news::{Digest, FeedId};
use serde::{Deserialize, Serialize};
use url::Url;

use super::shown;

const DOOR: &str = "poll";

/// What a server wants to see again (RFC 9110 §8.8), and where it was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validators {
    /// The address that answered; another address might use the same tag for something else.
    pub(super) from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<String>,
}

/// The cursor as it is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    door: String,
    /// The configured address.
    #[serde(default)]
    url: String,
    /// SHA-256 of the body that was archived last, in hexadecimal.
    #[serde(default)]
    sha256: String,
    #[serde(default)]
    validators: Validators,
}

/// See [`Cursor`].
#[derive(Debug)]
pub(super) struct Memory {
    met: bool,
    digest: Option<Digest>,
    validators: Validators,
    dirty: bool,
}

impl Memory {
    /// From what was kept. What cannot be read counts as a feed that is known, so that nothing is taken for backlog.
    pub(super) fn from_cursor(kept: Option<&str>, url: &Url, feed: &FeedId) -> Self {
        let new = Self { met: false, digest: None, validators: Validators::default(), dirty: false };
        let Some(kept) = kept else { return new };
        let cursor = serde_json::from_str::<Cursor>(kept).unwrap_or_else(|error| {
            tracing::warn!(%feed, "the poll's cursor cannot be read and is begun anew: {error}");
            Cursor { door: DOOR.into(), ..Cursor::default() }
        });
        // The feed had another door until now: what is offered here was there before us.
        if cursor.door != DOOR {
            return new;
        }
        let validators =
            if cursor.url == shown(url).as_str() { cursor.validators } else { Validators::default() };
        Self { met: true, digest: cursor.sha256.parse().ok(), validators, dirty: false }
    }

    /// As it is to be kept.
    pub(super) fn to_cursor(&self, url: &Url) -> String {
        let cursor = Cursor {
            door: DOOR.into(),
            url: shown(url).into(),
            sha256: self.digest.map(|digest| digest.to_string()).unwrap_or_default(),
            validators: self.validators.clone(),
        };
        serde_json::to_string(&cursor).expect("texts are always JSON")
    }

    /// Whether no body of this feed was ever archived.
    pub(super) fn is_new(&self) -> bool {
        !self.met
    }

    /// Of the body archived last.
    pub(super) fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// What is to be shown to the server at this address.
    pub(super) fn validators(&self, at: &Url) -> Option<&Validators> {
        let known = self.validators.etag.is_some() || self.validators.last_modified.is_some();
        (known && self.digest.is_some() && self.validators.from == at.as_str()).then_some(&self.validators)
    }

    /// A body is archived.
    pub(super) fn had(&mut self, digest: Digest, validators: Validators) {
        (self.met, self.digest, self.validators, self.dirty) = (true, Some(digest), validators, true);
    }

    /// The same body came under another tag. That is not worth a write; after a restart it comes once more.
    pub(super) fn renew(&mut self, validators: Validators) {
        self.validators = validators;
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    pub(super) fn saved(&mut self) {
        self.dirty = false;
    }
}
