//! Writes a log of invented leaves into a folder, as a site would serve it, for verifiers that others wrote.
//!
//! `cargo run -p notary --example sample_log -- FOLDER`: `log/tile/…` with all full tiles and the partial ones of each
//! size, and `cases.json`: for each size its checkpoint, proofs of some leaves, and that earlier sizes are its beginning.

use std::error::Error;
use std::path::Path;

use notary::chain::Extra;
use notary::note::{Checkpoint, KeyKind, SignerKey, to_base64};
use notary::tiles::{FromTiles, Levels, Tile, Tiles, WIDTH, bundle};
use notary::tree::{self, Hash};
use notary::{Leaf, Proof, leaf_hash};
use serde_json::{Value, json};

const ORIGIN: &str = "log.example/log/0";
const SIZES: [u64; 10] = [0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537, 300_000];

fn leaf(n: u64) -> String {
    let leaf = Leaf {
        act: "publish".to_owned(),
        item: Some(format!("{n:026}")),
        version: Some(1),
        prev: None,
        feed: Some("world".to_owned()),
        received: Some("2026-03-02T12:00:00Z".to_owned()),
        published: "2026-03-02T12:00:00.25Z".to_owned(),
        review: Some("unreviewed".to_owned()),
        label: Some([7; 32]),
        reason: None,
        commit: Some(std::array::from_fn(|i| (n >> (8 * (i % 8))) as u8)),
    };
    leaf.encode().expect("a leaf")
}

/// The hashes in memory, all of them.
struct Log {
    levels: Levels,
    full: Vec<Vec<Hash>>,
}

impl Tiles for Log {
    type Error = String;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, String> {
        let away = self.full.get(tile.n as usize).filter(|_| tile.level == Some(0)).map(Vec::as_slice);
        let found =
            away.or_else(|| self.levels.tile(tile)).and_then(|hashes| hashes.get(..usize::from(tile.width)));
        found.map(<[Hash]>::to_vec).ok_or_else(|| format!("{tile} is not there"))
    }

    fn short(&self, tile: Tile) -> String {
        format!("{tile} is too short")
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    let folder = Path::new(&folder);
    let key = SignerKey::new(ORIGIN, KeyKind::Log, &[5; 32])?;
    let mut log = Log { levels: Levels::default(), full: Vec::new() };
    let last = SIZES[SIZES.len() - 1];
    for n in 0..last {
        if let Some((_, tile)) = log.levels.push(leaf_hash(leaf(n).as_bytes())) {
            log.full.push(tile);
        }
    }
    let mut cases = Vec::new();
    for size in SIZES {
        write_tiles(folder, &log, size, size == last)?;
        cases.push(case(&log, size, &key)?);
    }
    let cases = json!({ "origin": ORIGIN, "vkey": key.verifier().to_string(), "cases": cases });
    std::fs::write(folder.join("cases.json"), cases.to_string())?;
    Ok(())
}

fn case(log: &Log, size: u64, key: &SignerKey) -> Result<Value, Box<dyn Error>> {
    let nodes = FromTiles { tiles: log, size };
    let root = tree::root(&nodes, size)?;
    let state = Checkpoint { origin: ORIGIN.to_owned(), size, root };
    let checkpoint = state.sign(&[key], 0).to_string();
    let mut indexes: Vec<u64> =
        [0, 1, 255, 256, size / 2, size.saturating_sub(1)].into_iter().filter(|n| *n < size).collect();
    indexes.sort_unstable();
    indexes.dedup();
    let mut proofs = Vec::new();
    for index in indexes {
        let (text, path) = (leaf(index), tree::prove_inclusion(&nodes, index, size)?);
        let extra = Extra { opening: None, leaf: text.clone() }.encode();
        let proof = Proof { extra: Some(extra), index, path: path.clone(), checkpoint: checkpoint.clone() };
        proofs
            .push(json!({ "index": index, "leaf": text, "path": in_base64(&path), "text": proof.encode() }));
    }
    let mut earlier = Vec::new();
    for old in SIZES.into_iter().filter(|old| (1..size).contains(old)) {
        let old_root = tree::root(&FromTiles { tiles: log, size: old }, old)?;
        let path = tree::prove_consistency(&nodes, old, size)?;
        earlier.push(json!({ "old": old, "root": to_base64(&old_root), "path": in_base64(&path) }));
    }
    Ok(json!({
        "size": size, "root": to_base64(&root), "checkpoint": checkpoint, "proofs": proofs, "consistency": earlier,
    }))
}

fn in_base64(path: &[Hash]) -> Vec<String> {
    path.iter().map(to_base64).collect()
}

/// The tiles and bundles of a tree of this size; of a smaller one only the partial ones, for the full ones never change.
fn write_tiles(folder: &Path, log: &Log, size: u64, all: bool) -> Result<(), Box<dyn Error>> {
    for level in 0..3u8 {
        let hashes = size >> (8 * level);
        for n in 0..hashes.div_ceil(u64::from(WIDTH)) {
            let tile = Tile { level: Some(level), n, width: WIDTH };
            let tile = Tile { width: tile.width_in(size), ..tile };
            if tile.width == WIDTH && !all {
                continue;
            }
            put(&folder.join("log").join(tile.to_string()), &log.tile(tile)?.concat())?;
            if level == 0 {
                let first = n * u64::from(WIDTH);
                let leaves: Vec<String> = (first..first + u64::from(tile.width)).map(leaf).collect();
                let bundled = bundle(&leaves).ok_or("a leaf is too long")?;
                put(&folder.join("log").join(Tile { level: None, ..tile }.to_string()), &bundled)?;
            }
        }
    }
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(std::fs::write(path, bytes)?)
}
