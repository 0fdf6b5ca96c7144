//! The fast lane. A withdrawal needs no leaf, no signature and no free disk: deny in memory, append to the
//! preallocated kill file, then journal, leaf and receipts follow with the batch.

use std::collections::HashSet;

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
    match room.kills.append(&record) {
        Err(error @ StoreError::Refused { .. }) => {
            // Only a monstrous uri is too long. The journal takes it at once; a hostile wire must not end the process.
            let what =
                format!("a kill that is too long for the kill file waits for the journal alone: {error}");
            tracing::error!("{what}");
            room.health.alarm(record.at, what);
            Ok(())
        }
        kept => kept,
    }
}

/// The journal holds the kills of these items now.
pub(crate) fn settle_these(room: &Room, killed: &HashSet<ItemKey>) -> Result<(), StoreError> {
    let mut settled = room.kills.pending();
    settled.retain(|record| killed.contains(&record.key));
    if settled.is_empty() { Ok(()) } else { room.kills.settle(&settled) }
}

/// The journal holds them now: the desk's thread is the only one that appends, and it has just committed.
pub(crate) fn settle(room: &Room) -> Result<(), StoreError> {
    room.kills.settle(&room.kills.pending())
}
