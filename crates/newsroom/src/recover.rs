//! A start: what the last process left is taken up before a door opens.

use std::sync::Arc;

use news::{FeedId, TransmissionId};
use store::{Archive as _, Archived, Index as _, KillRecord, StoreError};

use crate::archive::Look;
use crate::main_loop::{Desk, Event, passes};
use crate::{Room, decide, kill, waiting};

/// How many licences that ended may be found at a start on a full disk.
const DUE: usize = 4_096;
/// So many bytes of what is unread are decided about before the doors open. What lies beyond them is only looked through
/// for kills: readers do not wait for a backlog.
const AT_START: usize = 64 << 20;

/// Kills first, then what is archived but unread, then what the clock says, through the very steps of every day.
/// On a full disk none of it can be recorded: then kills are denied all the same, readers are served, and the desk
/// does the rest once there is space.
pub(crate) fn recover(room: Arc<Room>) -> Result<Desk, StoreError> {
    let pending = room.kills.pending();
    for record in &pending {
        for (site, id) in &record.placements {
            room.public.deny(site, *id);
        }
    }
    room.receipts.take_up(&room)?;
    room.outlets.take_up(&room)?;
    let mut desk = Desk::new(Arc::clone(&room))?;
    match desk.recover(&pending) {
        Err(error) if passes(&error) => {
            // What it had decided is in no record; what it had found to be killed is in the kill file.
            desk = Desk::new(Arc::clone(&room))?;
            desk.put_off(room.kills.pending(), &error)?;
        }
        done => done?,
    }
    Ok(desk)
}

/// A transmission that was looked through at the start and waits for its turn.
struct Later {
    id: TransmissionId,
    seq: u64,
    bytes: usize,
    feed: FeedId,
    seen: waiting::Seen,
}

impl Room {
    /// How many bytes of what is unread are decided about before the doors open.
    fn may_take_at_start(&self) -> usize {
        #[cfg(feature = "rehearsal")]
        if self.clock.hand().is_some() {
            return 4 << 10;
        }
        AT_START
    }
}

impl Desk {
    fn recover(&mut self, pending: &[KillRecord]) -> Result<(), StoreError> {
        for record in pending {
            self.record_kill(&record.key, &record.reason, &record.by)?;
        }
        self.finish()?;
        kill::settle(&self.room)?;
        let (mut taken, last) = self.take_unread(u64::MAX, self.room.may_take_at_start())?;
        let rest = self.look_through_after(last)?;
        taken += rest.len();
        // What fell due while nothing ran: no first answer still carries a licence that has ended.
        while self.is_due() {
            self.look_at_the_clock()?;
        }
        self.go_on_erasing()?;
        self.turn_the_year()?;
        if !pending.is_empty() || taken > 0 {
            tracing::info!(kills = pending.len(), transmissions = taken, later = rest.len(), "recovered");
        }
        for Later { id, seq, bytes, feed, seen } in rest {
            self.room.waiting.add(seq, &feed, bytes, Some(seen));
            self.room.tray.put(Event::LaidBy(id, seq, None));
        }
        Ok(())
    }

    /// Takes what the archive holds unread, up to this place in it, or until it was so many bytes. Returns how many it
    /// were, and the place of the last.
    pub(crate) fn take_unread(&mut self, last: u64, bytes: usize) -> Result<(usize, u64), StoreError> {
        let (mut taken, mut seq, mut left) = (0, 0, bytes);
        loop {
            let mut unread: Vec<Archived> = self.room.store.unread_after(seq, 256)?;
            unread.retain(|archived| archived.seq() <= last);
            if unread.is_empty() {
                return Ok((taken, seq));
            }
            for archived in unread {
                if left == 0 {
                    self.finish()?;
                    return Ok((taken, seq));
                }
                taken += 1;
                seq = archived.seq();
                left = left.saturating_sub(archived.bytes().len());
                self.take(archived, None)?;
                if self.room.is_stopping() {
                    return Ok((taken, seq));
                }
            }
            self.finish()?;
        }
    }

    /// Looks through what the archive holds unread behind this place. What it kills is killed from now on; the rest has
    /// its turn when the desk is at work.
    fn look_through_after(&mut self, mut seq: u64) -> Result<Vec<Later>, StoreError> {
        let (mut rest, room) = (Vec::new(), Arc::clone(&self.room));
        loop {
            let unread = room.store.unread_after(seq, 256)?;
            if unread.is_empty() {
                return Ok(rest);
            }
            for archived in unread {
                seq = archived.seq();
                let look =
                    room.config.feed(archived.feed()).map(|feed| Look::through(&room, feed, &archived));
                if let Some(look) = &look {
                    self.foresee(&look.killed, archived.feed())?;
                    for notice in &look.notices {
                        self.heed_early(notice, archived.feed())?;
                    }
                }
                let seen = look.map(|look| look.seen).unwrap_or_default();
                let (id, bytes, feed) = (archived.id(), archived.bytes().len(), archived.feed().clone());
                rest.push(Later { id, seq, bytes, feed, seen });
            }
        }
    }

    /// There is no space to recover. What must be off is off, and what is to be recorded is owed.
    fn put_off(&mut self, pending: Vec<KillRecord>, error: &StoreError) -> Result<(), StoreError> {
        self.room.set_stalled(Some(error));
        for KillRecord { key, reason, by, .. } in pending {
            self.doomed.insert(key.clone());
            self.room.outlets.falls(&self.room, &key, self.room.clock.now());
            self.owed.push_back(kill::Owed { key, reason, by, reply: None });
        }
        let now = self.room.clock.not_after();
        for key in self.room.store.due(now, DUE)? {
            let row = self.room.store.story(&key)?;
            let ends = desk::tick(&decide::story_of(row.as_ref()), now)
                .is_some_and(|decision| decide::recalls(&decision.changes));
            if ends {
                kill::deny(&self.room, &row.map(|row| row.placements).unwrap_or_default());
            }
        }
        let mut seq = 0;
        while let Some(last) = self.room.store.unread_after(seq, 256)?.last() {
            seq = last.seq();
        }
        self.behind = (seq > 0).then_some(seq);
        Ok(())
    }
}
