//! Step 7: after the commit, everything derived follows. All of it can be repeated, and none of it can fail a
//! record that is already durable.

use news::ItemKey;
use store::Placement;

use crate::public::{Ask, Sheet};
use crate::steps::{Receipt, Recorded};
use crate::Room;

/// Drops what is out of date from the site's caches, lays the freshly gated pages in, and lifts denials that the
/// record now expresses itself.
pub(crate) fn deliver(room: &Room, recorded: Recorded, key: Option<&ItemKey>, placements: &[Placement]) -> Vec<Receipt> {
    let Some(key) = key else { return vec![] };
    let mut receipts = Vec::with_capacity(placements.len());
    for placement in placements {
        room.public.undeny(&placement.site, placement.id);
        let moment = room.public.moment();
        let page = recorded.pages.iter().find(|(site, id, _)| *site == placement.site && *id == placement.id);
        if let Some((site, id, page)) = page {
            let noindex = room.noindex(site, &key.agency);
            room.public.keep(site, Ask::Story(*id), moment, &Sheet::new(page.clone(), noindex));
        }
        receipts.push(Receipt {
            key: key.clone(),
            outlet: format!("site:{}", placement.site),
            shows: page.is_some(),
        });
    }
    room.health.committed(recorded.committed().seq);
    receipts
}
