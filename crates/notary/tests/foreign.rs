//! Logs, notes and proofs that others made, and what they say about them. They lie outside of the project; without
//! them every test here says so and passes.

#![allow(clippy::print_stderr)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use notary::note::{from_base64, to_base64};
use notary::tiles::{self, FromTiles, Levels, Tile, Tiles};
use notary::tree::{self, Hash};
use notary::{Checkpoint, KeyKind, Note, Proof, VerifierKey, leaf_hash};

fn vectors() -> Option<PathBuf> {
    let named = std::env::var_os("VERBATIM_NOTARY_VECTORS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/notary-vectors");
    let found = named.unwrap_or(beside);
    if !found.is_dir() {
        eprintln!(
            "SKIPPED: no vectors of others at {}; VERBATIM_NOTARY_VECTORS names their folder",
            found.display()
        );
        return None;
    }
    Some(found)
}

fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path.as_ref())
        .unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

fn cases(dir: &Path) -> Vec<(PathBuf, serde_json::Value)> {
    let mut files = Vec::new();
    walk(dir, &mut files);
    files.into_iter().map(|path| (path.clone(), serde_json::from_str(&text(&path)).unwrap())).collect()
}

fn hash(value: &serde_json::Value) -> Option<Hash> {
    STANDARD.decode(value.as_str()?).ok()?.try_into().ok()
}

/// A root; some of theirs are words that only have to differ.
fn root(value: &serde_json::Value) -> Option<Hash> {
    hash(value).or_else(|| Some(leaf_hash(value.as_str()?.as_bytes())))
}

fn path_of(value: &serde_json::Value) -> Option<Vec<Hash>> {
    match value {
        serde_json::Value::Null => Some(vec![]),
        list => list.as_array()?.iter().map(hash).collect(),
    }
}

#[test]
fn inclusion_and_consistency_proofs_of_others_are_judged_as_they_judge_them() {
    let Some(vectors) = vectors() else { return };
    let mut seen = (0, 0);
    for (path, case) in cases(&vectors.join("merkle/testdata/inclusion")) {
        let check = || -> Option<()> {
            let (leaf, root) = (hash(&case["leafHash"])?, hash(&case["root"])?);
            let (index, size) = (case["leafIdx"].as_u64()?, case["treeSize"].as_u64()?);
            tree::check_inclusion(&leaf, index, size, &root, &path_of(&case["proof"])?).ok()
        };
        assert_eq!(check().is_none(), case["wantErr"].as_bool().unwrap(), "{}", path.display());
        seen.0 += 1;
    }
    for (path, case) in cases(&vectors.join("merkle/testdata/consistency")) {
        let check = || -> Option<()> {
            let (old, new) = (case["size1"].as_u64()?, case["size2"].as_u64()?);
            let roots = (root(&case["root1"])?, root(&case["root2"])?);
            tree::check_consistency(old, &roots.0, new, &roots.1, &path_of(&case["proof"])?).ok()
        };
        assert_eq!(check().is_none(), case["wantErr"].as_bool().unwrap(), "{}", path.display());
        seen.1 += 1;
    }
    assert!(seen.0 > 50 && seen.1 > 50, "{seen:?}");
}

/// A log on disk, as it is served.
struct Folder(PathBuf);

impl Tiles for Folder {
    type Error = String;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, String> {
        let read = |tile: Tile| std::fs::read(self.0.join(tile.to_string()));
        let bytes = read(tile).or_else(|_| read(tile.full())).map_err(|error| format!("{tile}: {error}"))?;
        tiles::hashes(&bytes).ok_or(format!("{tile} is no tile"))
    }

    fn short(&self, tile: Tile) -> String {
        format!("{tile} is too short")
    }
}

#[test]
fn a_log_of_others_is_read_from_its_tiles_at_every_size() {
    let Some(vectors) = vectors() else { return };
    let log = vectors.join("tessera/testdata/log");
    let entries = std::fs::read(log.join("tile/entries/000.p/15")).unwrap();
    let entries = tiles::unbundle(&entries).unwrap();
    let mut edge = tree::Edge::default();
    let mut roots = BTreeMap::new();
    for size in 0..=15u64 {
        let note = Note::parse(&text(log.join(format!("checkpoint.{size}")))).unwrap();
        let state = Checkpoint::parse(&note.text).unwrap();
        assert_eq!((state.size, state.root), (size, edge.root()));
        assert_eq!(state.encode(), note.text);
        let folder = Folder(log.clone());
        let nodes = FromTiles { tiles: &folder, size };
        assert_eq!(tree::root(&nodes, size).unwrap(), state.root, "size {size}");
        for index in 0..size {
            let path = tree::prove_inclusion(&nodes, index, size).unwrap();
            let leaf = leaf_hash(entries[index as usize]);
            assert_eq!(tree::check_inclusion(&leaf, index, size, &state.root, &path), Ok(()));
        }
        for (old, root) in roots.range(1..) {
            let path = tree::prove_consistency(&nodes, *old, size).unwrap();
            assert_eq!(tree::check_consistency(*old, root, size, &state.root, &path), Ok(()));
        }
        roots.insert(size, state.root);
        if let Some(entry) = entries.get(size as usize) {
            edge.push(leaf_hash(entry));
        }
    }
}

#[test]
fn notes_of_others_are_verified_by_their_keys_and_no_others() {
    let Some(vectors) = vectors() else { return };
    let read = |name: &str| text(vectors.join(name));
    let key = |text: &str| VerifierKey::parse(text.trim()).unwrap();
    let tessera = key(&read("tessera/vkey.txt"));
    let boundary = key(&read("ours/boundary/log.vkey"));
    for size in 0..=15 {
        let note = Note::parse(&read(&format!("tessera/testdata/log/checkpoint.{size}"))).unwrap();
        assert_eq!(note.verify(std::slice::from_ref(&tessera)).unwrap().len(), 1);
        assert!(note.verify(std::slice::from_ref(&boundary)).is_err());
    }
    assert_eq!(tessera.to_string(), read("tessera/vkey.txt").trim());

    let proof = Proof::parse(&read("sigsum-real/proof.tlog-proof")).unwrap();
    let note = proof.note().unwrap();
    let log = key(&read("sigsum-real/log.vkey"));
    let witnesses: Vec<_> = read("sigsum-real/witnesses.vkeys")
        .lines()
        .map(|line| key(line.split_whitespace().next().unwrap()))
        .collect();
    assert!(witnesses.iter().all(|key| key.kind() == KeyKind::Witness));
    assert_eq!(note.verify(&[log]).unwrap()[0].time, None);
    let signed = note.verify(&witnesses).unwrap();
    assert_eq!(signed.len(), 8);
    assert!(signed.iter().all(|signed| signed.time.is_some_and(|time| time > 1_770_000_000)));
    let leaf = leaf_hash(&std::fs::read(vectors.join("sigsum-real/leaf.bin")).unwrap());
    assert_eq!(proof.check(&leaf), Ok(()));
    assert_eq!(proof.encode(), read("sigsum-real/proof.tlog-proof"));

    let note = Note::parse(&read("mldsa44-cosig/checkpoint")).unwrap();
    assert_eq!(note.verify(&[key(&read("mldsa44-cosig/log.vkey"))]).unwrap().len(), 1);
    let unknown = VerifierKey::parse(read("mldsa44-cosig/witness.vkey").trim());
    assert!(unknown.is_err(), "a type that is not known is named, not guessed at: {unknown:?}");

    let witness = "sunlight-witness/cmd/skylight/testdata/witness";
    let vkey: serde_json::Value = serde_json::from_str(&read(&format!("{witness}/witness.v0.json"))).unwrap();
    let vkey = key(vkey["verifier_keys"][0].as_str().unwrap());
    let folder = "000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706";
    let note = Note::parse(&read(&format!("{witness}/{folder}/checkpoint"))).unwrap();
    assert_eq!(note.verify(&[vkey]).unwrap()[0].kind, KeyKind::Witness);
}

#[test]
fn proofs_of_others_hold_and_altered_ones_do_not() {
    let Some(vectors) = vectors() else { return };
    let boundary = vectors.join("ours/boundary");
    let key = VerifierKey::parse(text(boundary.join("log.vkey")).trim()).unwrap();
    for index in [0u64, 255, 65_536, 299_999] {
        let proof = Proof::parse(&text(boundary.join(format!("p.{index}")))).unwrap();
        let leaf = leaf_hash(&std::fs::read(boundary.join(format!("leaf.{index}"))).unwrap());
        assert_eq!(proof.index, index);
        assert_eq!(proof.check(&leaf), Ok(()));
        assert!(proof.note().unwrap().verify(std::slice::from_ref(&key)).is_ok());
        assert!(proof.check(&leaf_hash(b"another")).is_err());
        assert!(Proof { index: index ^ 1, ..proof.clone() }.check(&leaf).is_err());
        let mut longer = proof.clone();
        longer.path.push([0; 32]);
        assert!(longer.check(&leaf).is_err());
        let larger = proof.checkpoint.replacen("300000", "300001", 1);
        let altered = Proof { checkpoint: larger, ..proof.clone() };
        assert!(
            altered.note().unwrap().verify(std::slice::from_ref(&key)).is_err(),
            "the signature is over the size, too"
        );
    }
    // The leaves of this log are `leaf N`, without a line's end; its roots come from another program.
    let sample = std::fs::read(boundary.join("leaf.299999")).unwrap();
    let stem = String::from_utf8(sample).unwrap().replace("299999", "");
    let (mut levels, mut edge) = (Levels::default(), tree::Edge::default());
    for index in 0..=65_537u64 {
        let checkpoint = boundary.join(format!("checkpoint.{index}"));
        if checkpoint.exists() {
            let state = Checkpoint::parse(&Note::parse(&text(checkpoint)).unwrap().text).unwrap();
            assert_eq!(to_base64(&edge.root()), to_base64(&state.root), "size {index}");
            assert_eq!((levels.size(), from_base64(&to_base64(&state.root))), (index, Some(state.root)));
        }
        let leaf = leaf_hash(format!("{stem}{index}").as_bytes());
        edge.push(leaf);
        levels.push(leaf);
    }
}

#[test]
fn tiles_of_a_large_log_of_others_fit_its_checkpoint() {
    let Some(vectors) = vectors() else { return };
    let mirror = vectors.join(
        "sunlight-witness/cmd/skylight/testdata/witness/mirror/000de184301123b9278c086a7d9f68c9577e83872224c197058fd90784ea9706",
    );
    let note = Note::parse(&text(mirror.join("checkpoint"))).unwrap();
    let state = Checkpoint::parse(&note.text).unwrap();
    let folder = Folder(mirror);
    let nodes = FromTiles { tiles: &folder, size: state.size };
    assert_eq!((state.size, tree::root(&nodes, state.size).unwrap()), (300, state.root));
}
