//! The fast lane. A withdrawal needs no leaf, no signature and no free disk: deny in memory, append to the
//! preallocated kill file, then journal, leaf and receipts follow with the batch.

use news::ItemKey;
use store::{KillRecord, Placement, StoreError};

use crate::Room;

/// From here on no output answers with the item, on any site.
pub(crate) fn deny(room: &Room, placements: &[Placement]) {
    for placement in placements {
        room.public.deny(&placement.site, placement.id);
    }
}

/// Makes the kill durable before anything else is: at the next start it is replayed before a door opens.
pub(crate) fn remember(
    room: &Room,
    key: &ItemKey,
    placements: &[Placement],
    by: &str,
    reason: &str,
) -> Result<(), StoreError> {
    let record = KillRecord {
        key: key.clone(),
        at: room.clock.now(),
        by: by.to_owned(),
        reason: reason.to_owned(),
        placements: placements.iter().map(|placement| (placement.site.clone(), placement.id)).collect(),
    };
    room.kills.append(&record)
}

/// The journal holds them now: the desk's thread is the only one that appends, and it has just committed.
pub(crate) fn settle(room: &Room) -> Result<(), StoreError> {
    room.kills.settle(&room.kills.pending())
}
