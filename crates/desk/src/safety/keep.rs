//! The memory as bytes and back, for the newsroom to keep. What cannot be read is forgotten: the rules then know less.

use std::collections::VecDeque;

use jiff::Timestamp;
use news::{FeedId, ItemKey};

use super::Sketch;
use super::watch::{Traffic, Watch, item_hash};

/// How many texts are kept together.
pub const SHEET: u32 = 256;
/// Bytes of one text: item, instant, sketch.
const TEXT: usize = 8 + 8 + 130;

impl Watch {
    /// How many texts were ever remembered; every [`SHEET`] of them make a sheet that can be kept.
    pub fn count(&self) -> u32 {
        self.twins.count()
    }

    /// How many sheets the memory has room for; what is older may be forgotten.
    pub fn sheets(&self) -> u32 {
        self.twins.most() / SHEET + 1
    }

    /// The sheet with this number, from 0: the texts numbered from `sheet` times [`SHEET`] on, as far as there are.
    pub fn sheet(&self, sheet: u32) -> Vec<u8> {
        let first = sheet.saturating_mul(SHEET);
        let mut out = Vec::with_capacity(SHEET as usize * TEXT);
        for (item, at, sketch) in self.twins.numbered(first + 1, first.saturating_add(SHEET)) {
            out.extend(item.to_le_bytes());
            out.extend(at.to_le_bytes());
            out.extend(sketch.to_bytes());
        }
        out
    }

    /// Takes up a sheet; sheets are to be taken up in their order.
    pub fn recall_sheet(&mut self, bytes: &[u8]) {
        let (texts, _) = bytes.as_chunks::<TEXT>();
        for text in texts {
            let (item, rest) = text.split_at(8);
            let (at, sketch) = rest.split_at(8);
            let item = item.try_into().map_or(0, u64::from_le_bytes);
            let at = at.try_into().map_or(0, i64::from_le_bytes);
            if let (Ok(at), Some(sketch)) = (Timestamp::from_second(at), Sketch::from_bytes(sketch)) {
                self.twins.remember(item, at, sketch);
            }
        }
    }

    /// Remembers the words of an item no more: only that there were some, and when. Returns the item as sheets name it.
    pub fn erase(&mut self, key: &ItemKey) -> u64 {
        let item = item_hash(key);
        self.twins.blank(item);
        self.killed.blank(item);
        item
    }

    /// The same for a sheet that is kept. Returns whether it held any.
    pub fn erase_in_sheet(sheet: &mut [u8], item: u64) -> bool {
        let blank = Sketch::empty().to_bytes();
        let (texts, _) = sheet.as_chunks_mut::<TEXT>();
        let mut any = false;
        for text in texts {
            let (name, rest) = text.split_at_mut(8);
            if *name == item.to_le_bytes() && rest[8..] != blank {
                rest[8..].copy_from_slice(&blank);
                any = true;
            }
        }
        any
    }

    /// A feed's traffic as lines of text; empty if nothing was seen of it.
    pub fn traffic(&self, feed: &FeedId) -> String {
        self.feeds.get(feed).map_or_else(String::new, Traffic::to_text)
    }

    /// Takes up a feed's traffic. Whether its breaker has tripped is not in it.
    pub fn recall_traffic(&mut self, feed: &FeedId, text: &str) {
        let tripped = self.is_tripped(feed);
        self.feeds.insert(feed.clone(), Traffic::from_text(text));
        self.feeds.entry(feed.clone()).or_default().tripped = tripped;
    }
}

impl Traffic {
    fn to_text(&self) -> String {
        let list =
            |instants: &VecDeque<i64>| instants.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");
        let slots: Vec<String> = self.slots.iter().map(|(slot, count)| format!("{slot}:{count}")).collect();
        let mut out = format!(
            "slots {}\nrecent {}\nflashes {}\nobituaries {}\nfindings {}\nbodies {} {}\nstories {} {}\n",
            slots.join(" "),
            list(&self.recent),
            list(&self.flashes),
            list(&self.obituaries),
            list(&self.findings),
            self.bodies,
            self.bare,
            self.stories,
            self.longest_silence,
        );
        if let (Some(first), Some(last)) = (self.first, self.last) {
            out.push_str(&format!("spoke {first} {last}\n"));
        }
        if let Some(number) = self.last_number {
            out.push_str(&format!("number {number} {}\n", self.in_a_row));
        }
        for (sender, sendings) in &self.senders {
            out.push_str(&format!("sender {sendings} {sender}\n"));
        }
        out
    }

    fn from_text(text: &str) -> Self {
        let mut traffic = Self::default();
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let numbers = || rest.split(' ').filter_map(|number| number.parse::<i64>().ok());
            let number = |at: usize| numbers().nth(at);
            let count = |at: usize| number(at).and_then(|n| u32::try_from(n).ok());
            match word {
                "slots" => {
                    let slots = rest.split(' ').filter_map(|slot| slot.split_once(':'));
                    traffic.slots =
                        slots.filter_map(|(at, n)| Some((at.parse().ok()?, n.parse().ok()?))).collect();
                }
                "recent" => traffic.recent = numbers().collect(),
                "flashes" => traffic.flashes = numbers().collect(),
                "obituaries" => traffic.obituaries = numbers().collect(),
                "findings" => traffic.findings = numbers().collect(),
                "bodies" => {
                    (traffic.bodies, traffic.bare) = (count(0).unwrap_or(0), count(1).unwrap_or(0));
                }
                "stories" => {
                    traffic.stories = count(0).unwrap_or(0);
                    traffic.longest_silence = number(1).unwrap_or(0);
                }
                "spoke" => (traffic.first, traffic.last) = (number(0), number(1)),
                "number" => {
                    traffic.last_number = count(0);
                    traffic.in_a_row = count(1).unwrap_or(0);
                }
                "sender" => {
                    if let Some((sendings, sender)) = rest.split_once(' ')
                        && let Ok(sendings) = sendings.parse()
                    {
                        traffic.senders.push((sender.to_owned(), sendings));
                    }
                }
                _ => {}
            }
        }
        traffic
    }
}
