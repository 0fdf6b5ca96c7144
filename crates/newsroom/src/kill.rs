//! The fast lane. A withdrawal needs no leaf, no signature and no free disk: deny in memory, append to the
//! preallocated kill file, then journal, leaf and receipts follow with the batch.

use std::collections::HashSet;

use desk::{Command, Decision};
use news::{Act, ItemKey, ItemStanding, Reason, Relation, Ruling};
use store::{Index as _, KillRecord, Placement, StoreError};
use tokio::sync::oneshot;

use crate::main_loop::{Desk, refuse};
use crate::record::kills;
use crate::steps::Outcome;
use crate::{CommandError, Room, decide, kill};

/// From here on no output answers with the item, on any site.
pub(crate) fn deny(room: &Room, placements: &[Placement]) {
    room.store.erasure_is_near();
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
    let kept = append(room, key, placements, by, reason);
    room.outlets.falls(room, key, room.clock.now());
    kept
}

fn append(
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
    room.kills.settle(|record| killed.contains(&record.key))
}

/// The journal holds them now: the desk's thread is the only one that appends, and it has just committed.
pub(crate) fn settle(room: &Room) -> Result<(), StoreError> {
    room.kills.settle(|_| true)
}

/// A kill that holds already (it is denied, and in the kill file), and whose journal entry is still to be written.
pub(crate) struct Owed {
    pub(crate) key: ItemKey,
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) reply: Option<oneshot::Sender<Result<Vec<Outcome>, CommandError>>>,
}

impl Desk {
    /// A kill's first half, which needs neither the journal nor a free disk: no output answers with the item any more,
    /// also not where its publication waits in the batch, and the kill is durable.
    pub(crate) fn kill_now(&mut self, key: &ItemKey, by: &str, reason: &str) -> Result<(), StoreError> {
        let row = self.room.store.story(key)?;
        let killed = row.as_ref().is_some_and(|row| row.standing == ItemStanding::Killed);
        if killed && !self.open.contains(key) || self.doomed.contains(key) {
            return Ok(());
        }
        let mut placements = row.map(|row| row.placements).unwrap_or_default();
        let waiting = self.batch.iter().filter(|work| work.key.as_ref() == Some(key));
        for placement in waiting.flat_map(|work| &work.placements) {
            if !placements.iter().any(|known| known.id == placement.id) {
                placements.push(placement.clone());
            }
        }
        kill::deny(&self.room, &placements);
        self.doomed.insert(key.clone());
        kill::remember(&self.room, key, &placements, by, reason)
    }

    /// Kills of a transmission whose turn has not come: they hold from now on, and are recorded in their turn.
    pub(crate) fn foresee(&mut self, keys: &[ItemKey], feed: &news::FeedId) -> Result<(), StoreError> {
        keys.iter().try_for_each(|key| self.kill_now(key, feed.as_str(), desk::code::CANCELED))
    }

    /// Kills for whose transmission there is no space: they hold from now on, and are recorded once there is some.
    pub(crate) fn owe(&mut self, keys: Vec<ItemKey>, feed: &news::FeedId) -> Result<(), StoreError> {
        self.foresee(&keys, feed)?;
        for key in keys {
            // A sender who is refused comes again and again.
            if self.doomed.contains(&key) && !self.owed.iter().any(|owed| owed.key == key) {
                let (reason, by) = (desk::code::CANCELED.to_owned(), feed.to_string());
                self.owed.push_back(Owed { key, reason, by, reply: None });
            }
        }
        Ok(())
    }

    /// Kills that hold already get their journal entry and leaf.
    pub(crate) fn pay_what_is_owed(&mut self) -> Result<(), StoreError> {
        while !self.owed.is_empty() {
            self.commit()?;
            let Some(Owed { key, reason, by, .. }) = self.owed.front() else { break };
            let (key, reason, by) = (key.clone(), reason.clone(), by.clone());
            let outcome = self.record_kill(&key, &reason, &by);
            let outcome = outcome.and_then(|outcome| self.commit().map(|()| outcome));
            let reply = self.owed.pop_front().and_then(|owed| owed.reply);
            match outcome {
                Ok(outcome) => {
                    self.spare(&key)?;
                    if let (Some(reply), Some(outcome)) = (reply, outcome) {
                        let _ = reply.send(Ok(vec![outcome]));
                    }
                }
                Err(error) => refuse(reply, error)?,
            }
        }
        Ok(())
    }

    /// Decides about an operator's kill and lays it into the batch.
    pub(crate) fn kill(
        &mut self,
        key: &ItemKey,
        reason: &str,
        by: &str,
    ) -> Result<Option<Outcome>, StoreError> {
        let row = self.room.store.story(key)?;
        let command = Command::Kill { reason: reason.to_owned() };
        let certain = self.room.clock.not_after();
        let Ok(decision) = desk::operate(&decide::story_of(row.as_ref()), &command, certain) else {
            return Ok(None);
        };
        self.shift(key.clone(), row, decision, by, Some(reason.to_owned())).map(Some)
    }

    /// What will be recorded of a kill that holds already.
    pub(crate) fn foretold(&self, owed: &Owed) -> Result<Outcome, StoreError> {
        let row = self.room.store.story(&owed.key)?;
        let reason =
            Reason::new(desk::code::OPERATOR_KILL, format!("killed by the operator: {}", owed.reason));
        Ok(Outcome {
            key: owed.key.clone(),
            version: row
                .as_ref()
                .and_then(|row| row.versions.last())
                .map(|v| v.stamp.raw.clone())
                .unwrap_or_default(),
            ruling: Ruling::new(Act::Kill, reason),
            url: row.and_then(|row| self.room.url(&row.placements)),
            copy_hash: None,
            transmission: None,
            unconfirmed: false,
        })
    }

    /// The fast lane's first half: deny in memory, then the kill file. The journal follows with the batch.
    pub(crate) fn withdraw(
        &mut self,
        key: &ItemKey,
        decision: &Decision,
        placements: &[Placement],
        by: &str,
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        kill::deny(&self.room, placements);
        if kills(&decision.changes) {
            self.remember_fallen(key)?;
            self.note_headline(key)?;
        }
        if kills(&decision.changes) && !self.doomed.contains(key) {
            let code = decision.ruling.reasons.first().map_or("", |reason| reason.code);
            kill::remember(&self.room, key, placements, by, reason.unwrap_or(code))?;
        }
        Ok(())
    }

    /// What a search would find it by, as long as anybody knows.
    fn note_headline(&self, key: &ItemKey) -> Result<(), StoreError> {
        let Some(row) = self.room.store.story(key)?.filter(|row| row.was_public) else { return Ok(()) };
        let last = crate::record::last_public(&row);
        let words = last.map(|n| self.room.sound_words(key, n)).transpose()?.flatten();
        if let Some(headline) = words.as_ref().and_then(|words| words.version.copy.headline()) {
            self.room.receipts.note_headline(key, headline.to_owned());
        }
        Ok(())
    }

    /// What the journal says of a kill that holds already: whoever ordered it still did.
    pub(crate) fn record_kill(
        &mut self,
        key: &ItemKey,
        reason: &str,
        by: &str,
    ) -> Result<Option<Outcome>, StoreError> {
        self.close(key)?;
        if by.starts_with("operator ") {
            return self.kill(key, reason, by);
        }
        let row = self.room.store.story(key)?;
        let certain = self.room.clock.not_after();
        let decision = desk::fall(&decide::story_of(row.as_ref()), Relation::Kills, None, certain);
        self.shift(key.clone(), row, decision, by, None).map(Some)
    }
}
