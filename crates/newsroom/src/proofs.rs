//! What readers may take away to check: the signed logs, and the proofs of stories, quotations and withdrawals.

use ::notary::tiles::Tile;
use ::notary::{Paragraphs, Proof, Quote, Secret};
use news::{ItemId, ItemStanding, ReviewState, SiteId};
use serde_json::{Value, json};
use store::{Index as _, LeafAt, StoryRow, Vault as _, Words};

use crate::notary::{LogError, opening};
use crate::press::story_url;
use crate::{Newsroom, Room};

/// How often a proof is made anew because something was withdrawn meanwhile.
const TRIES: usize = 32;

/// A file of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Its bytes.
    pub body: Vec<u8>,
    /// Whether it is text: a checkpoint. Otherwise it is a tile or a bundle.
    pub text: bool,
    /// Whether it never changes.
    pub immutable: bool,
}

/// What is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// What the story's page shows; of a story that is gone, that it is.
    Page,
    /// An earlier version, by its ordinal, while its words are kept.
    Version(u32),
    /// One paragraph of what is shown, by its number from 0.
    Paragraph(u32),
}

/// A proof, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proved {
    /// The story is live: 200.
    Live(String),
    /// It is gone; the proof of that, once it is recorded: 410.
    Gone(Option<String>),
    /// There is no such story, version or paragraph: 404.
    Missing,
    /// The log could not be read: 503.
    Unfit,
}

impl Newsroom {
    /// A file of a site's log, by its path below `/log/`: of the current shard, or below a number, of that one.
    pub fn log_file(&self, site: &SiteId, path: &str) -> Option<LogFile> {
        let room = &self.room;
        let (shard, path) = match path.split_once('/') {
            Some((name, rest)) if name.starts_with(|c: char| c.is_ascii_digit()) => {
                (Some(::notary::shard::number(name)?), rest)
            }
            _ => (None, path),
        };
        if path == "checkpoint" {
            let note = room.notary.checkpoint(&room.store, site, shard)?;
            return Some(LogFile { body: note.into_bytes(), text: true, immutable: false });
        }
        let tile = Tile::parse(path)?;
        match room.notary.tile(&room.store, site, shard, tile) {
            // Below `/log/` itself another shard may take the place of this one.
            Ok(body) => body.map(|body| LogFile { body, text: false, immutable: shard.is_some() }),
            Err(error) => {
                self.not_proved(&error);
                None
            }
        }
    }

    fn not_proved(&self, error: &LogError) {
        tracing::error!("serving the public log: {error}");
        self.room.health.alarm(self.room.clock.now(), format!("the public log could not be served: {error}"));
    }

    /// The proof of a story, an earlier version, a paragraph or a withdrawal, as it is sent.
    pub fn proof(&self, site: &SiteId, id: ItemId, of: Of) -> Proved {
        for _ in 0..TRIES {
            let moment = self.room.public.moment();
            let proved = self.prove(site, id, of);
            if self.room.public.denied_since(moment) {
                continue;
            }
            return proved.unwrap_or_else(|error| {
                self.not_proved(&error);
                Proved::Unfit
            });
        }
        Proved::Unfit
    }

    fn prove(&self, site: &SiteId, id: ItemId, of: Of) -> Result<Proved, LogError> {
        let room = &self.room;
        let Some(row) = room.store.placed(site, id)?.filter(|row| row.was_public) else {
            return Ok(Proved::Missing);
        };
        let live = match row.standing {
            ItemStanding::Live(n) if !room.public.is_denied(site, id) => n,
            ItemStanding::Live(_) => return Ok(Proved::Gone(None)),
            _ => {
                return Ok(Proved::Gone(room.prove_gone(site, &row)?));
            }
        };
        let n = if let Of::Version(n) = of { n } else { live };
        let Some(leaf) = leaf_of(&row, site, n) else { return Ok(Proved::Missing) };
        let Some(words) = room.store.words(&row.key, n)? else { return Ok(Proved::Missing) };
        let Some(proof) = room.prove_leaf(leaf, Some(&words))? else { return Ok(Proved::Missing) };
        let Of::Paragraph(number) = of else { return Ok(Proved::Live(proof.encode())) };
        let Some(place) = room.config.site(site) else { return Ok(Proved::Missing) };
        let quoted = quote(&words, number, story_url(place.base_url(), id), proof);
        Ok(quoted.map_or(Proved::Missing, |quote| Proved::Live(quote.encode())))
    }

    /// What a site says about itself at `/.well-known/verbatim.json`: its log, the keys that sign it, and the label
    /// texts whose hashes the leaves carry.
    pub fn well_known(&self, site: &SiteId) -> Option<Value> {
        let room = &self.room;
        let place = room.config.site(site)?;
        let (origin, key, size) = room.notary.current(site)?;
        let keys = crate::notary::keys(&room.store, site).unwrap_or_else(|_| vec![key.to_string()]);
        let mut labels: Vec<Value> = Vec::new();
        for agency in &room.config.agencies {
            let languages = [None, Some(place.language())];
            for (state, language) in
                ReviewState::ALL.into_iter().flat_map(|state| languages.map(|language| (state, language)))
            {
                let label = self.room.config.label(agency, None, state, language);
                let sha256 = crate::press::label_hash(&label).to_string();
                let known = json!({
                    "agency": agency.name(), "review": state.as_str(), "text": label.text, "sha256": sha256,
                });
                if !labels.contains(&known) {
                    labels.push(known);
                }
            }
        }
        Some(json!({
            "name": place.name(),
            "url": place.base_url(),
            "log": { "url": format!("{}/log/", place.base_url()), "origin": origin, "vkey": key.to_string(), "size": size, "keys": keys },
            "policy": crate::witnesses::policy(&key, &format!("{}/log/", place.base_url()), &room.config.log.witnesses),
            "formats": ["verbatim-copy/1", "verbatim-leaf/1", "verbatim-quote/1", "c2sp.org/tlog-proof@v1"],
            "labels": labels,
        }))
    }

    /// The public key of each site's current shard, as `NAME+HASH+BASE64`.
    pub fn log_keys(&self) -> Vec<(SiteId, String)> {
        let sites = self.room.config.sites().iter();
        sites
            .filter_map(|site| Some((site.id().clone(), self.room.notary.current(site.id())?.1.to_string())))
            .collect()
    }
}

impl Room {
    /// The proof that a story was taken off, as it is sent, once that is recorded.
    pub(crate) fn prove_gone(&self, site: &SiteId, row: &StoryRow) -> Result<Option<String>, LogError> {
        let leaf = row.leaf_on(site).filter(|leaf| !shows(leaf));
        let proof = leaf.map(|leaf| self.prove_leaf(leaf, None)).transpose()?.flatten();
        Ok(proof.map(|proof| proof.encode()))
    }

    fn prove_leaf(&self, leaf: &LeafAt, words: Option<&Words>) -> Result<Option<Proof>, LogError> {
        if !self.notary.covers(&self.store)? {
            return Ok(None);
        }
        self.notary.prove(&self.store, &leaf.site, leaf.shard, leaf.index, words.map(opening))
    }
}

/// Whether a leaf says that something is shown from then on.
fn shows(leaf: &LeafAt) -> bool {
    matches!(leaf.act.as_str(), "publish" | "update" | "review" | "edit")
}

/// The leaf with which a version went live on a site.
pub(crate) fn leaf_of<'r>(row: &'r StoryRow, site: &SiteId, n: u32) -> Option<&'r LeafAt> {
    row.leaves.iter().rev().find(|leaf| leaf.site == *site && leaf.version == n && shows(leaf))
}

fn quote(words: &Words, n: u32, url: String, proof: Proof) -> Option<Quote> {
    let secret = Secret(words.salt);
    let blocks = words.version.copy.blocks();
    let block = blocks.get(n as usize)?;
    let all = blocks.iter().map(|block| (block.kind().as_str(), block.text()));
    let path = Paragraphs::of(&secret, all).prove(n)?;
    Some(Quote {
        url,
        n,
        kind: block.kind().as_str().to_owned(),
        text: block.text().to_owned(),
        salt: secret.paragraph(n),
        path,
        proof,
    })
}
