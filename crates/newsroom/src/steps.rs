//! What passes from step to step. Each type can be had only from the step before it.

use news::{Digest, ItemKey, Reason, Ruling, TransmissionId, Version};
use press::{Gated, Page};
use store::{Archived, Committed};

/// Step 3: a transmission that was read. Only [`crate::read::read`] makes one, and only from what is [`Archived`].
#[derive(Debug)]
pub struct Reading {
    pub(crate) archived: Archived,
    pub(crate) reading: wire::Reading,
}

impl Reading {
    /// The transmission that was read.
    pub fn archived(&self) -> &Archived {
        &self.archived
    }

    /// The versions that it holds, in order.
    pub fn versions(&self) -> &[Version] {
        &self.reading.items
    }
}

/// Step 6: what the record holds durably. Only [`crate::record`] makes one, after the commit.
///
/// Nothing can be handed to step 7 without it:
/// ```compile_fail
/// fn deliver_early(committed: store::Committed) -> newsroom::steps::Recorded {
///     newsroom::steps::Recorded { committed, pages: vec![] }
/// }
/// ```
/// while what the record step gave can be looked at:
/// ```
/// fn look(recorded: &newsroom::steps::Recorded) -> &store::Committed {
///     recorded.committed()
/// }
/// ```
#[derive(Debug)]
pub struct Recorded {
    pub(crate) committed: Committed,
    pub(crate) pages: Vec<(news::SiteId, news::ItemId, Gated<Page>)>,
}

impl Recorded {
    /// The pages that went through the gate before the commit. None is kept: each was pressed before its leaf had a number.
    pub fn pages(&self) -> &[(news::SiteId, news::ItemId, Gated<Page>)] {
        &self.pages
    }

    /// The journal entry and the leaves.
    pub fn committed(&self) -> &Committed {
        &self.committed
    }
}

/// What became of one version, for whoever put it through: one line of `verbatim publish`.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Agency and uri.
    pub key: ItemKey,
    /// The version as delivered.
    pub version: String,
    /// What the desk decided.
    pub ruling: Ruling,
    /// The story's address on the first site, if it has one.
    pub url: Option<String>,
    /// The copy hash, if there is copy.
    pub copy_hash: Option<Digest>,
    /// Which transmission it came with; none for an operator's or the clock's doing.
    pub transmission: Option<TransmissionId>,
    /// For a kill that an operator waits for: some output has not confirmed it yet.
    pub unconfirmed: bool,
}

impl Outcome {
    /// The first reason's code.
    pub fn reason(&self) -> Option<&Reason> {
        self.ruling.reasons.first()
    }
}
