//! A person reviews or edits a version: what comes of it takes the way of every version, through the gate, into the
//! record and the log. The words that a person typed are the publisher's, never the agency's, and are labelled so.

use std::sync::Arc;

use ::press::Changed;
use desk::Revised;
use news::{AgencyCopy, BlockKind, ItemKey, ItemStanding, ReviewState};
use store::{Entry, Fact, Index as _, Revision, Ruled, StoreError, StoryRow, VersionRow};

use crate::main_loop::Desk;
use crate::press::dated;
use crate::record::{Work, vaulted};
use crate::steps::Outcome;
use crate::{CommandError, Newsroom, Room, decide};

/// The longest text that a person may put in the place of an agency's.
const TEXT_MAX: usize = 1 << 20;
/// The longest role or reason.
const ROLE_MAX: usize = 200;
/// Longer copy has no public diff: nobody would read it.
const DIFF_MAX: usize = 256 << 10;

/// What a person did with a version.
#[derive(Clone, Debug)]
pub struct Review {
    /// In which role: the public history names it.
    pub role: String,
    /// The new text, as the story's `.txt` is written: paragraphs parted by empty lines. `None`: nothing was changed.
    pub text: Option<String>,
    /// The law, court or authority that demanded the change, if one did. For the record only.
    pub legal_order: Option<String>,
}

impl Review {
    fn state(&self) -> ReviewState {
        match (&self.text, &self.legal_order) {
            (None, _) => ReviewState::Reviewed,
            (Some(_), None) => ReviewState::Edited,
            (Some(_), Some(_)) => ReviewState::Altered,
        }
    }

    /// What is recorded, for the desk.
    fn sentence(&self) -> String {
        match (self.state(), &self.legal_order) {
            (ReviewState::Altered, Some(order)) => format!("changed by {} for {order}", self.role),
            (ReviewState::Edited, _) => format!("edited by {}", self.role),
            _ => format!("reviewed by {} and not changed", self.role),
        }
    }

    fn check(&self) -> Result<(), String> {
        let line = |what: &str, text: &str| match text {
            "" => Err(format!("{what} is empty: say who looked at it, like \"duty editor\"")),
            text if text.chars().count() > ROLE_MAX => {
                Err(format!("{what} is longer than {ROLE_MAX} characters"))
            }
            text if text.chars().any(char::is_control) => Err(format!("{what} is more than one line")),
            _ => Ok(()),
        };
        line("the role", &self.role)?;
        match (&self.legal_order, &self.text) {
            (Some(_), None) => return Err("a legal order changes words: give the new text".to_owned()),
            (Some(order), _) => line("the legal order", order)?,
            (None, _) => {}
        }
        match &self.text {
            Some(text) if text.len() > TEXT_MAX => Err(format!("the text is longer than {TEXT_MAX} bytes")),
            _ => Ok(()),
        }
    }
}

/// The copy that a person wrote. A paragraph that is unchanged keeps its kind and its marks; one that stands where
/// another stood takes over what kind it was; one that is new is a paragraph.
fn copy_of(text: &str, original: &AgencyCopy) -> Result<AgencyCopy, String> {
    let unified = text.replace("\r\n", "\n"); // not copy: a person's words, in whatever editor they were typed
    let parts: Vec<&str> =
        unified.split("\n\n").map(|part| part.trim_matches('\n')).filter(|part| !part.is_empty()).collect();
    let blocks = original.blocks();
    let same = |(block, part): &(&news::Block, &&str)| block.text() == **part;
    let ahead = blocks.iter().zip(&parts).take_while(same).count();
    let most = blocks.len().min(parts.len()) - ahead;
    let behind = blocks.iter().rev().zip(parts.iter().rev()).take(most).take_while(same).count();
    let (old, new) = (&blocks[ahead..blocks.len() - behind], &parts[ahead..parts.len() - behind]);
    let mut copy = AgencyCopy::default();
    blocks[..ahead].iter().for_each(|block| copy.push_block(block.clone()));
    for (at, part) in new.iter().enumerate() {
        match old.iter().find(|block| block.text() == *part) {
            Some(block) => copy.push_block(block.clone()),
            None => {
                let stood = old.get(at);
                let kind = stood.map_or(BlockKind::P, news::Block::kind);
                let list = stood.and_then(news::Block::list);
                copy.push(kind, part, Vec::new(), list).map_err(|fault| fault.to_string())?;
            }
        }
    }
    blocks[blocks.len() - behind..].iter().for_each(|block| copy.push_block(block.clone()));
    if copy.is_empty() {
        return Err("the text is empty: to take the story off, hold or kill it".to_owned());
    }
    Ok(copy)
}

impl Desk {
    /// Carries out a review or an edit.
    pub(crate) fn revise(
        &mut self,
        key: &ItemKey,
        n: Option<u32>,
        review: &Review,
        by: &str,
    ) -> Result<Result<Outcome, CommandError>, StoreError> {
        let refused = |why: String| Ok(Err(CommandError::Refused(why)));
        if let Err(why) = review.check() {
            return refused(why);
        }
        let room = Arc::clone(&self.room);
        let (row, state) = (room.store.story(key)?, review.state());
        let story = decide::story_of(row.as_ref());
        let from = |n| row.as_ref()?.version(n)?.revision.as_ref().map(|revision| revision.from);
        let certain = room.clock.not_after();
        let Revised { of, from, decision } =
            match desk::revise(&story, n, state, &review.sentence(), from, certain) {
                Ok(revised) => revised,
                Err(refusal) => return refused(refusal.to_string()),
            };
        let Some((row, base)) = row.as_ref().and_then(|row| Some((row, row.version(of)?))) else {
            return refused("nothing of this item ever came".to_owned());
        };
        let Some(words) = room.sound_words(key, of)? else {
            return refused("the vault does not hold the words of this version, or not whole".to_owned());
        };
        let mut version = words.version;
        if let Some(text) = &review.text {
            if state == ReviewState::Edited && !room.config.contract(&key.agency, &row.feeds).edit {
                return refused(format!(
                    "the contract of agency `{}` wants copy word for word: it allows no edit (`contract.edit`); a legal \
                     order is the one exception, say which",
                    key.agency
                ));
            }
            version.copy = match copy_of(text, &version.copy) {
                Ok(copy) if copy == version.copy => {
                    return refused("the text is the same as before: review it instead".to_owned());
                }
                Ok(copy) => copy,
                Err(why) => return refused(why),
            };
        }
        let now = room.clock.now();
        let feed = room.config.feed(&base.feed);
        let places = room.place(key, feed, Some(row), now, Some(&version), state);
        let placements = dated(&places, &decision.changes, row.was_public, now, now);
        let revision = Revision { role: review.role.clone(), by: format!("operator {by}"), from };
        let mut ruled = ruled(base, row, &version, state, revision, &decision, now);
        ruled.placements.clone_from(&placements);
        ruled.ties = self.lookout.ties(&room, key, &version, None, now)?;
        let fresh = VersionRow::of(&ruled, 0, now);
        let (decision, pages) =
            room.press(key, Some(row.clone()), decision, fresh, &placements, Some(&version), now)?;
        if decide::live(&decision.changes).is_none() {
            let why = decision.ruling.reasons.first().map(|reason| reason.text.clone()).unwrap_or_default();
            return refused(why);
        }
        let words = decision.n.map(|n| vaulted(key, n, version, &ruled));
        let leaves = room.leaves(&decision, Some(row), &placements, feed, words.as_ref(), None);
        let outcome = room.outcome(key, &ruled, &placements);
        self.announce(&outcome, &base.feed);
        let entry = Entry { at: now, fact: Fact::Ruled(Box::new(ruled)), words, leaves }.prepare()?;
        self.lay(Work {
            entry,
            key: Some(key.clone()),
            placements,
            pages,
            gone: None,
            since: None,
            then: None,
        })?;
        Ok(Ok(outcome))
    }
}

/// What is recorded of a version that a person made of another.
fn ruled(
    base: &VersionRow,
    row: &StoryRow,
    version: &news::Version,
    state: ReviewState,
    revision: Revision,
    decision: &desk::Decision,
    now: jiff::Timestamp,
) -> Ruled {
    Ruled {
        key: row.key.clone(),
        feed: base.feed.clone(),
        transmission: None,
        item_no: 0,
        span: 0..0,
        raw_hash: base.raw_hash,
        n: decision.n,
        stamp: base.stamp.clone(),
        claimed: base.claimed,
        arrived: now,
        status: base.status.clone(),
        ruling: decision.ruling.clone(),
        changes: decision.changes.clone(),
        copy_hash: version.copy.copy_hash(),
        role_hash: version.copy.role_hash(),
        copy_empty: false,
        embargo: base.embargo,
        expires: base.expires,
        terms: None,
        language: base.language.clone(),
        review: state,
        routed: base.routed.clone(),
        quiet: false,
        revision: Some(revision),
        placements: Vec::new(),
        ties: Vec::new(),
        complaints: Vec::new(),
    }
}

impl Room {
    /// What an edit changed, where the public may see it; empty otherwise.
    pub(crate) fn changes(
        &self,
        row: &StoryRow,
        n: u32,
        copy: &AgencyCopy,
    ) -> Result<Vec<Changed>, StoreError> {
        let made = row.version(n).filter(|version| !version.review.is_verbatim());
        let Some(revision) = made.and_then(|version| version.revision.as_ref()) else { return Ok(vec![]) };
        if !self.config.contract(&row.key.agency, &row.feeds).diffs {
            return Ok(vec![]);
        }
        let words = self.sound_words(&row.key, revision.from)?;
        let (before, after) = (words.map(|words| words.version.copy.canonical()), copy.canonical());
        Ok(match before {
            Some(before) if before.len() + after.len() <= DIFF_MAX => ::press::changes(&before, &after),
            _ => vec![],
        })
    }
}

impl Newsroom {
    /// The text that a person would edit: of what is live, else of the newest version whose words are here; with its
    /// ordinal.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn text_of(&self, key: &ItemKey) -> Result<Option<(u32, String)>, StoreError> {
        let Some(row) = self.room.store.story(key)? else { return Ok(None) };
        let newest = row.versions.last().map(|version| version.n);
        let n = if let ItemStanding::Live(n) = row.standing { Some(n) } else { newest };
        let words = n.map(|n| self.room.sound_words(key, n)).transpose()?.flatten();
        Ok(words.map(|words| (words.n, words.version.copy.canonical())))
    }
}

#[cfg(test)]
mod tests {
    use news::Digest;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[(BlockKind, &str)]) {
        let mut original = AgencyCopy::default();
        for (kind, text) in [
            (BlockKind::Headline, "Ferry sinks"),
            (BlockKind::P, "It sank on Monday."),
            (BlockKind::H2, "What is known"),
            (BlockKind::Li, "Nobody was hurt"),
        ] {
            original.push(kind, text, vec![], None).expect("plain words");
        }
        let copy = copy_of(text, &original).expect("it is a text");
        let found: Vec<(BlockKind, &str)> =
            copy.blocks().iter().map(|block| (block.kind(), block.text())).collect();
        assert_eq!(found, expect);
        assert_eq!(Digest::of(copy.canonical().as_bytes()), copy.copy_hash());
    }

    #[test]
    fn an_edited_paragraph_keeps_the_kind_of_the_one_in_whose_place_it_stands() {
        use BlockKind::{H2, Headline, Li, P};
        let whole = "Ferry sinks\n\nIt sank on Monday.\n\nWhat is known\n\nNobody was hurt\n";
        let all = [
            (Headline, "Ferry sinks"),
            (P, "It sank on Monday."),
            (H2, "What is known"),
            (Li, "Nobody was hurt"),
        ];
        check(whole, &all);
        check(&whole.replace('\n', "\r\n"), &all);
        let mut other = all;
        other[0].1 = "Ferry aground";
        check(&whole.replace("Ferry sinks", "Ferry aground"), &other);
        check("Ferry sinks\n\nWhat is known\n\nNobody was hurt", &[all[0], all[2], all[3]]);
        check(
            "Ferry sinks\n\nIt sank on Monday.\n\nWhat is known\n\nNobody was hurt\n\n\n\nMore to come",
            &[all[0], all[1], all[2], all[3], (P, "More to come")],
        );
        assert!(copy_of("\n \n".trim(), &AgencyCopy::default()).is_err());
        assert!(copy_of("a\u{1}b", &AgencyCopy::default()).is_err());
    }
}
