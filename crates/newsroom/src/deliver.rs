//! Step 7: after the commit, everything derived follows. All of it can be repeated, and none of it can fail a
//! record that is already durable.

use news::ItemKey;
use store::Placement;

use crate::Room;
use crate::steps::Recorded;

/// Drops what is out of date from the site's caches, and lifts denials that the record now expresses itself.
///
/// The page that went through the gate before the commit is not laid in: it was pressed before its leaf had a
/// number, so it would say other things about the record than every later rendering. A `doomed` item stays denied: its
/// kill holds already, and its record is still to come.
pub(crate) fn deliver(
    room: &Room,
    recorded: &Recorded,
    key: Option<&ItemKey>,
    placements: &[Placement],
    doomed: bool,
) {
    if key.is_none() {
        return;
    }
    for placement in placements {
        if doomed {
            room.public.touch(placement.id);
        } else {
            room.public.undeny(&placement.site, placement.id);
        }
    }
    room.health.committed(recorded.committed().seq);
}
