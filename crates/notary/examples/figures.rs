//! How fast the log is, and how long its proofs are: `cargo run --release -p notary --example figures [LEAVES]`.
//!
//! One thread, nothing written to a disk. Leaves are of the length that a site's are; a checkpoint is signed for every
//! leaf, and once more for every 128.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use notary::chain::{self, Extra, Seen, Trust, Verdict};
use notary::note::{Checkpoint, KeyKind, SignerKey};
use notary::tiles::{FromTiles, Levels, Tile, Tiles};
use notary::tree::{self, Edge, Hash};
use notary::{Disclosure, Leaf, Paragraphs, Proof, Quote, Secret, commit, leaf_hash};

#[derive(Default)]
struct Log {
    levels: Levels,
    edge: Edge,
    away: Vec<Vec<Hash>>,
}

impl Tiles for Log {
    type Error = String;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, String> {
        let away = self.away.get(tile.n as usize).filter(|_| tile.level == Some(0));
        let found = away.map(Vec::as_slice).or_else(|| self.levels.tile(tile));
        found.map(<[Hash]>::to_vec).ok_or_else(|| self.short(tile))
    }

    fn short(&self, tile: Tile) -> String {
        format!("{tile} is not there")
    }
}

fn leaf(n: u64, commitment: [u8; 32]) -> String {
    let leaf = Leaf {
        act: "publish".to_owned(),
        item: Some(format!("{n:026}")),
        version: Some(1),
        prev: None,
        feed: Some("agx-world".to_owned()),
        received: Some("2026-03-02T12:00:00.123456Z".to_owned()),
        published: "2026-03-02T12:00:00.125678Z".to_owned(),
        review: Some("unreviewed".to_owned()),
        label: Some([3; 32]),
        reason: None,
        commit: Some(commitment),
    };
    leaf.encode().expect("a leaf")
}

fn main() -> Result<(), String> {
    let leaves: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let origin = "daily.example/log/0";
    let key = SignerKey::new(origin, KeyKind::Log, &[7; 32]).map_err(|error| error.to_string())?;
    let mut disclosure = Disclosure::default();
    for (name, value) in [
        ("copy", "a".repeat(64)),
        ("relaxed", "b".repeat(64)),
        ("roles", "c".repeat(64)),
        ("paragraphs", format!("24 {}", "d".repeat(64))),
        ("raw", "e".repeat(64)),
        ("uri", "urn:newsml:agx.example:20260302:121212".to_owned()),
        ("version", "1".to_owned()),
    ] {
        disclosure.push(name, &value).map_err(|error| error.to_string())?;
    }
    let commitment = commit(&[1; 32], &disclosure.encode());

    for every in [1u64, 128] {
        let mut log = Log::default();
        let start = Instant::now();
        let mut signed = 0usize;
        for n in 0..leaves {
            let hash = leaf_hash(leaf(n, commitment).as_bytes());
            log.edge.push(hash);
            if let Some((_, tile)) = log.levels.push(hash) {
                log.away.push(tile);
            }
            if (n + 1) % every == 0 {
                let state = Checkpoint { origin: origin.to_owned(), size: n + 1, root: log.edge.root() };
                signed += state.sign(&[&key], 0).to_string().len();
            }
        }
        let took = start.elapsed();
        println!(
            "{leaves} leaves, signed every {every}: {:.0} leaves/s, {:.1} µs a leaf ({signed} bytes of notes)",
            leaves as f64 / took.as_secs_f64(),
            took.as_secs_f64() * 1e6 / leaves as f64,
        );
        if every == 1 {
            continue;
        }
        let size = leaves;
        let state = Checkpoint { origin: origin.to_owned(), size, root: log.edge.root() };
        let note = state.sign(&[&key], 0).to_string();
        let index = size / 3;
        let start = Instant::now();
        let path = tree::prove_inclusion(&FromTiles { tiles: &log, size }, index, size)?;
        let made = start.elapsed();
        let extra = Extra { opening: Some(([1; 32], disclosure.encode())), leaf: leaf(index, commitment) };
        let proof = Proof { extra: Some(extra.encode()), index, path, checkpoint: note }.encode();
        let trust = Trust { keys: vec![key.verifier()], ..Trust::default() };
        let start = Instant::now();
        const ROUNDS: u32 = 200;
        for _ in 0..ROUNDS {
            let read = Proof::parse(&proof).map_err(|error| error.to_string())?;
            let chain = chain::check(&Seen::default(), &read, &trust);
            if chain.verdict() != Verdict::Held {
                return Err(format!("{chain:?}"));
            }
        }
        let (secret, words) = (Secret([1; 32]), "a".repeat(300));
        let blocks = Paragraphs::of(&secret, (0..24).map(|_| ("p", words.as_str())));
        let quote = Quote {
            url: format!("https://daily.example/s/{:026}", index),
            n: 7,
            kind: "p".to_owned(),
            text: words.clone(),
            salt: secret.paragraph(7),
            path: blocks.prove(7).ok_or("no such block")?,
            proof: Proof::parse(&proof).map_err(|error| error.to_string())?,
        };
        println!(
            "a quotation of 300 bytes out of 24 blocks: {} bytes, its words included",
            quote.encode().len()
        );
        println!(
            "a proof among {size} leaves: {} bytes, made in {made:?}, verified in {:?}",
            proof.len(),
            start.elapsed() / ROUNDS
        );
    }
    Ok(())
}
