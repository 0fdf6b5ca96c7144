//! Which other stories a story's page names: addresses, kinds, agencies and times, never a word of theirs.
//!
//! Whatever a reader of this page may not read is not named: what is not live on this site at this moment, and what may
//! be read in fewer territories than this.

use ::press::{Bond, Kin};
use news::{ItemKey, ItemStanding, TieKind};
use store::{Index as _, Says, StoreError};

use crate::Room;
use crate::config::Site;

/// How many other stories a page names.
const NAMED: usize = 24;

/// How a page calls what the index says.
fn bond(kind: TieKind, says: Says) -> Option<Bond> {
    Some(match (kind, says) {
        (TieKind::Part, _) => Bond::Part,
        (TieKind::Lead, _) => Bond::Later,
        (TieKind::Whole, _) => Bond::Earlier,
        (TieKind::Translation, _) => Bond::Language,
        (TieKind::Replaces | TieKind::Corrects | TieKind::Previous, Says::That) => Bond::Later,
        (TieKind::Replaces | TieKind::Corrects | TieKind::Previous, _) => Bond::Earlier,
        (TieKind::Member, _) => Bond::Package,
        (TieKind::Event, _) => Bond::Event,
        (TieKind::Twin, _) => Bond::Twin,
        (TieKind::SeeAlso, Says::This) => Bond::SeeAlso,
        // That one names this: no reason for this one to name that.
        (TieKind::SeeAlso, _) => return None,
    })
}

impl Room {
    /// What the page of an item names on a site, if it may be read in these territories.
    pub(crate) fn kin(&self, site: &Site, key: &ItemKey, territories: u64) -> Result<Vec<Kin>, StoreError> {
        let found = self.store.kin(key)?;
        let mut found: Vec<(Bond, store::Kin)> =
            found.into_iter().filter_map(|kin| Some((bond(kin.kind, kin.says)?, kin))).collect();
        // Once each, by the closest bond.
        found.sort_by(|(a, x), (b, y)| (a, x.no.is_none(), x.no).cmp(&(b, y.no.is_none(), y.no)));
        let mut named: Vec<Kin> = Vec::new();
        for (bond, kin) in found {
            if named.len() == NAMED {
                break;
            }
            let Some(row) = self.store.story(&kin.key)? else { continue };
            let (Some(placement), ItemStanding::Live(n)) = (row.placement(site.id()), row.standing) else {
                continue;
            };
            let reaches = self.config.contract(&row.key.agency, &row.feeds).territories;
            let hidden = self.public.is_denied(site.id(), placement.id) || reaches & !territories != 0;
            let twice = named.iter().any(|known| known.id == placement.id);
            let Some(agency) = self.config.agency(&row.key.agency).filter(|_| !hidden && !twice) else {
                continue;
            };
            named.push(Kin {
                id: placement.id,
                bond,
                no: kin.no,
                agency: agency.name().to_owned(),
                language: row.version(n).and_then(|version| version.language.clone()),
                published: placement.published,
            });
        }
        Ok(named)
    }
}
