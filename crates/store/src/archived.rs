//! Step 2's proof: a transmission that is durable.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use news::{Digest, Door, FeedId, TransmissionId};

/// A transmission that is durable. Only now may its sender be told "received".
///
/// There is no way to build one by hand, even with everything at hand that it holds:
/// ```compile_fail
/// fn receive(t: news::Transmission, archive: &dyn store::Archive) -> Option<store::Archived> {
///     let (news::Transmission { id, feed, door, arrived, first_contact, .. }, digest) = (t.clone(), t.digest());
///     let (seq, bytes, erased) = (1, t.bytes.clone().into(), vec![]);
///     Some(store::Archived { id, seq, feed, door, arrived, first_contact, digest, bytes, erased })
/// }
/// ```
/// A store gives it out, after the commit. This differs in its last lines only, and compiles:
/// ```
/// fn receive(t: news::Transmission, archive: &dyn store::Archive) -> Option<store::Archived> {
///     let (news::Transmission { id, feed, door, arrived, first_contact, .. }, digest) = (t.clone(), t.digest());
///     archive.keep(vec![t]).ok()?.pop()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Archived {
    pub(crate) id: TransmissionId,
    pub(crate) seq: u64,
    pub(crate) feed: FeedId,
    pub(crate) door: Door,
    pub(crate) arrived: Timestamp,
    pub(crate) first_contact: bool,
    pub(crate) digest: Digest,
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) erased: Vec<Range<u64>>,
}

impl Archived {
    /// The transmission's own name.
    pub fn id(&self) -> TransmissionId {
        self.id
    }

    /// Its place in the order in which transmissions became durable, from 1.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The feed it came on.
    pub fn feed(&self) -> &FeedId {
        &self.feed
    }

    /// How it came.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// When its last byte was here.
    pub fn arrived(&self) -> Timestamp {
        self.arrived
    }

    /// Whether it was there before we were.
    pub fn first_contact(&self) -> bool {
        self.first_contact
    }

    /// SHA-256 of the bytes as they came, also after parts of them were erased.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The bytes. Where [`Archived::erased`] says so there are spaces (0x20) in place of what came.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The ranges whose bytes were erased since, in order; empty for a transmission that is whole.
    pub fn erased(&self) -> &[Range<u64>] {
        &self.erased
    }
}
