//! The same questions put to crates that others wrote: tlog_tiles and signed_note (Cloudflare), ct-merkle.

use std::cell::RefCell;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use notary::leaf_hash;
use notary::note::{Checkpoint, KeyKind, Note, SignerKey, VerifierKey};
use notary::tiles::{self, FromTiles, Levels, Tile, Tiles, WIDTH};
use notary::tree::{self, Edge, Hash};
use proptest::prelude::*;
use sha2::Sha256;
use signed_note::{Signer as _, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{HashReader, stored_hash_index};

/// A log in memory, as its server has it: full tiles of level 0 put away, the rest in [`Levels`].
#[derive(Default)]
struct Log {
    levels: Levels,
    away: Vec<Vec<Hash>>,
}

impl Log {
    fn of(leaves: &[Vec<u8>]) -> Self {
        let mut log = Self::default();
        for leaf in leaves {
            if let Some((n, tile)) = log.levels.push(leaf_hash(leaf)) {
                assert_eq!(n, log.away.len() as u64);
                log.away.push(tile);
            }
        }
        log
    }
}

impl Tiles for Log {
    type Error = String;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, String> {
        let away = self.away.get(tile.n as usize).filter(|_| tile.level == Some(0));
        let found = away.map(Vec::as_slice).or_else(|| self.levels.tile(tile));
        found.map(<[Hash]>::to_vec).ok_or(format!("{tile} is not there"))
    }

    fn short(&self, tile: Tile) -> String {
        format!("{tile} is too short")
    }
}

/// Their hashes, as they number them.
#[derive(Default)]
struct Theirs(RefCell<Vec<tlog_tiles::Hash>>);

impl HashReader for Theirs {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let all = self.0.borrow();
        Ok(indexes.iter().map(|index| all[*index as usize]).collect())
    }
}

fn theirs(leaves: &[Vec<u8>]) -> Theirs {
    let them = Theirs::default();
    for (n, leaf) in leaves.iter().enumerate() {
        let new = tlog_tiles::stored_hashes(n as u64, leaf, &them).unwrap();
        assert_eq!(them.0.borrow().len() as u64, stored_hash_index(0, n as u64));
        them.0.borrow_mut().extend(new);
    }
    them
}

fn leaves() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let sizes = prop_oneof![0..40usize, 250..262usize, 508..520usize, 760..775usize];
    sizes.prop_flat_map(|size| prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), size))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn roots_and_proofs_are_those_of_others(leaves in leaves(), picks in prop::collection::vec(any::<prop::sample::Index>(), 8)) {
        let log = Log::of(&leaves);
        let them = theirs(&leaves);
        let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        let mut edge = Edge::default();
        for leaf in &leaves {
            tree.push(leaf.clone());
            edge.push(leaf_hash(leaf));
        }
        let size = leaves.len() as u64;
        let nodes = FromTiles { tiles: &log, size };
        let root = tree::root(&nodes, size).unwrap();
        prop_assert_eq!(root, edge.root());
        prop_assert_eq!(root, tlog_tiles::tree_hash(size, &them).unwrap().0);
        let root_of_theirs: Hash = (*tree.root().as_bytes()).into();
        prop_assert_eq!(root, root_of_theirs);
        for pick in picks.iter().filter(|_| size > 0) {
            let index = pick.index(leaves.len()) as u64;
            let leaf = leaf_hash(&leaves[index as usize]);
            let path = tree::prove_inclusion(&nodes, index, size).unwrap();
            let path_of_theirs = tlog_tiles::prove_record(size, index, &them).unwrap();
            prop_assert_eq!(path.clone(), path_of_theirs.iter().map(|hash| hash.0).collect::<Vec<_>>());
            prop_assert_eq!(tree::check_inclusion(&leaf, index, size, &root, &path), Ok(()));
            let digests: Vec<_> = path.iter().map(|hash| (*hash).into()).collect();
            let proof = InclusionProof::<Sha256>::from_digests(&digests);
            prop_assert!(RootHash::<Sha256>::new(root.into(), size).verify_inclusion(&leaves[index as usize], index, &proof).is_ok());

            // An earlier tree, seen from the tiles of the later one.
            let old = index + 1;
            let earlier = tree::root(&FromTiles { tiles: &log, size: old }, old).unwrap();
            prop_assert_eq!(earlier, tlog_tiles::tree_hash(old, &them).unwrap().0);
            let path = tree::prove_consistency(&nodes, old, size).unwrap();
            let path_of_theirs = tlog_tiles::prove_tree(size, old, &them).unwrap();
            prop_assert_eq!(path.clone(), path_of_theirs.iter().map(|hash| hash.0).collect::<Vec<_>>());
            prop_assert_eq!(tree::check_consistency(old, &earlier, size, &root, &path), Ok(()));
            let digests: Vec<_> = path.iter().map(|hash| (*hash).into()).collect();
            let proof = ConsistencyProof::<Sha256>::from_digests(&digests);
            let roots = (RootHash::<Sha256>::new(earlier.into(), old), RootHash::new(root.into(), size));
            prop_assert!(roots.1.verify_consistency(&roots.0, &proof).is_ok());
        }
    }

    #[test]
    fn what_was_altered_is_refused_by_us_as_by_them(leaves in leaves(), pick in any::<prop::sample::Index>(), bit in 0..256usize, other in 0..900u64) {
        prop_assume!(leaves.len() > 1);
        let (log, them) = (Log::of(&leaves), theirs(&leaves));
        let size = leaves.len() as u64;
        let nodes = FromTiles { tiles: &log, size };
        let root = tree::root(&nodes, size).unwrap();
        let index = pick.index(leaves.len()) as u64;
        let leaf = leaf_hash(&leaves[index as usize]);
        let path = tree::prove_inclusion(&nodes, index, size).unwrap();
        let mut flipped = path.clone();
        flipped[bit % path.len()][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(tree::check_inclusion(&leaf, index, size, &root, &flipped).is_err());
        let theirs_of = |path: &[Hash]| path.iter().map(|hash| tlog_tiles::Hash(*hash)).collect::<Vec<_>>();
        // Another index or size, whatever it is: both say the same.
        let ours = tree::check_inclusion(&leaf, other, size, &root, &path).is_ok();
        let judged = tlog_tiles::check_record(&theirs_of(&path), size, tlog_tiles::Hash(root), other, tlog_tiles::Hash(leaf)).is_ok();
        prop_assert_eq!(ours, judged);
        let ours = tree::check_inclusion(&leaf, index, other, &root, &path).is_ok();
        let judged = tlog_tiles::check_record(&theirs_of(&path), other, tlog_tiles::Hash(root), index, tlog_tiles::Hash(leaf)).is_ok();
        prop_assert_eq!(ours, judged);
        let old = index + 1;
        let earlier = tlog_tiles::tree_hash(old, &them).unwrap();
        let path = tree::prove_consistency(&nodes, old, size).unwrap();
        let ours = tree::check_consistency(other, &earlier.0, size, &root, &path).is_ok();
        let judged = other > 0 && tlog_tiles::check_tree(&theirs_of(&path), size, tlog_tiles::Hash(root), other, earlier).is_ok();
        prop_assert_eq!(ours, judged);
    }

    #[test]
    fn a_tile_has_the_path_that_others_give_it(level in 0..8u8, n in prop_oneof![0..3_000u64, 0..1u64 << 40], width in 1..=WIDTH) {
        let ours = Tile { level: Some(level), n, width };
        let path = tlog_tiles::Tile::new(8, level, n, u32::from(width), false).path();
        prop_assert_eq!(ours.to_string(), path.replacen("tile/8/", "tile/", 1));
        prop_assert_eq!(Tile::parse(&ours.to_string()), Some(ours));
        let entries = Tile { level: None, n, width };
        let path = tlog_tiles::Tile::new(8, 0, n, u32::from(width), true).path();
        prop_assert_eq!(entries.to_string(), path.replacen("tile/8/data/", "tile/entries/", 1));
        prop_assert_eq!(Tile::parse(&entries.to_string()), Some(entries));
    }

    #[test]
    fn paths_are_read_as_others_read_them(path in "tile/(entries|0?[0-9]|[1-5][0-9]|x0)/(x?[0-9]{2,4}/){0,2}x?[0-9]{3}(\\.p/0?[1-9][0-9]?)?") {
        let theirs = path.replacen("tile/entries/", "tile/data/", 1).replacen("tile/", "tile/8/", 1);
        prop_assert_eq!(Tile::parse(&path).is_some(), tlog_tiles::Tile::from_path(&theirs).is_ok(), "{}", path);
    }

    #[test]
    fn tiles_fold_to_what_others_make_of_them(hashes in prop::collection::vec(any::<Hash>(), 1..=256)) {
        let bytes: Vec<u8> = hashes.concat();
        prop_assert_eq!(tiles::hashes(&bytes), Some(hashes.clone()));
        if hashes.len().is_power_of_two() {
            prop_assert_eq!(tiles::fold(&hashes), Some(tlog_tiles::Tile::subtree_hash(&bytes).0));
        }
    }

    #[test]
    fn notes_are_signed_and_verified_across(seed in any::<[u8; 32]>(), name in "[a-z./:0-9-]{1,30}", size in 0..1u64 << 40, root in any::<Hash>(), cut in any::<prop::sample::Index>()) {
        let key = SignerKey::new(&name, KeyKind::Log, &seed).unwrap();
        let vkey = key.verifier().to_string();
        let state = Checkpoint { origin: name.clone(), size, root };
        let note = state.sign(&[&key], 0).to_string();
        let known = || VerifierList::new(vec![Box::new(StandardVerifier::new(&vkey).unwrap())]);
        let read = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        prop_assert_eq!(read.verify(&known()).unwrap().0.len(), 1);
        let theirs = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
        prop_assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), (name.as_str(), size, root));

        let signer = StandardSigner::new(key.to_text().trim_end()).unwrap();
        prop_assert_eq!((signer.name(), signer.key_id()), (name.as_str(), u32::from_be_bytes(key.verifier().id())));
        let mut made = signed_note::Note::new(state.encode().as_bytes(), &[]).unwrap();
        made.add_sigs(&[&signer]).unwrap();
        prop_assert_eq!(String::from_utf8(made.to_bytes()).unwrap(), note.clone());
        prop_assert_eq!(SignerKey::parse(&key.to_text()).unwrap().to_text(), key.to_text());
        prop_assert_eq!(VerifierKey::parse(&vkey).unwrap(), key.verifier());

        let mut altered = note.clone().into_bytes();
        let at = cut.index(altered.len());
        altered[at] ^= 1;
        let ours = std::str::from_utf8(&altered).ok().and_then(|note| Note::parse(note).ok());
        let ours = ours.is_some_and(|note| note.verify(&[key.verifier()]).is_ok());
        let theirs = signed_note::Note::from_bytes(&altered).is_ok_and(|note| note.verify(&known()).is_ok());
        prop_assert!(!ours && !theirs);
    }

    #[test]
    fn anything_is_read_as_a_note_by_both_or_by_none(text in "([a-z\n\u{2014} +]|\n\n\u{2014} a AAAAAAA=\n|\n\n){0,12}") {
        prop_assert_eq!(Note::parse(&text).is_ok(), signed_note::Note::from_bytes(text.as_bytes()).is_ok(), "{:?}", text);
    }
}

/// Where tiles begin and end, and the largest log that the other verifiers are shown.
const SIZES: [u64; 10] = [0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537, 300_000];

#[test]
fn large_logs_are_to_others_what_they_are_to_us_and_altered_ones_are_refused() {
    let leaves: Vec<Vec<u8>> = (0..300_000_u32).map(|n| n.to_be_bytes().to_vec()).collect();
    // Made once: an earlier state is a beginning of it, to them as to us.
    let (log, them) = (Log::of(&leaves), theirs(&leaves));
    let mut edge = Edge::default();
    let mut next = 0;
    let mut before = (0, edge.root());
    for size in SIZES {
        while next < size {
            edge.push(leaf_hash(&leaves[next as usize]));
            next += 1;
        }
        let nodes = FromTiles { tiles: &log, size };
        let root = tree::root(&nodes, size).unwrap();
        assert_eq!((root, root), (edge.root(), tlog_tiles::tree_hash(size, &them).unwrap().0), "{size}");
        let judge = RootHash::<Sha256>::new(root.into(), size);
        let digests = |path: &[Hash]| path.iter().map(|hash| (*hash).into()).collect::<Vec<_>>();
        let hashes = |path: &[Hash]| path.iter().map(|hash| tlog_tiles::Hash(*hash)).collect::<Vec<_>>();
        let picks = [0, 1, 254, 255, 256, 257, 65_534, 65_535, 65_536, size / 2, size.saturating_sub(1)];
        for index in picks.into_iter().filter(|index| *index < size) {
            let leaf = &leaves[index as usize];
            let path = tree::prove_inclusion(&nodes, index, size).unwrap();
            let of_theirs = tlog_tiles::prove_record(size, index, &them).unwrap();
            assert_eq!(hashes(&path), of_theirs, "leaf {index} of {size}");
            // The leaf, its index, the size, the root, the path: each as it is, and each of them altered.
            let other = &leaves[(index as usize + 1) % leaves.len()];
            let mut bent = path.clone();
            bent.iter_mut().take(1).for_each(|hash| hash[7] ^= 1);
            let mut wrong = root;
            wrong[0] ^= 1;
            for (leaf, index, size, root, path, right) in [
                (leaf, index, size, root, &path, true),
                (other, index, size, root, &path, false),
                (leaf, index + 1, size, root, &path, false),
                (leaf, index, size, wrong, &path, false),
                (leaf, index, size, root, &bent, path.is_empty()),
                (leaf, index, size * 2 + 1, root, &path, false),
            ] {
                let ours = tree::check_inclusion(&leaf_hash(leaf), index, size, &root, path).is_ok();
                let (hash, record) = (tlog_tiles::Hash(root), tlog_tiles::record_hash(leaf));
                let cloudflares = tlog_tiles::check_record(&hashes(path), size, hash, index, record).is_ok();
                let proof = InclusionProof::<Sha256>::from_digests(&digests(path));
                let judge = RootHash::<Sha256>::new(root.into(), size);
                let merkles = judge.verify_inclusion(leaf, index, &proof).is_ok();
                assert_eq!((ours, cloudflares, merkles), (right, right, right), "leaf {index} of {size}");
            }
        }
        let (old, earlier) = before;
        if old > 0 {
            let path = tree::prove_consistency(&nodes, old, size).unwrap();
            assert_eq!(hashes(&path), tlog_tiles::prove_tree(size, old, &them).unwrap(), "{old} to {size}");
            let mut wrong = earlier;
            wrong[31] ^= 1;
            for (earlier, right) in [(earlier, true), (wrong, false)] {
                let ours = tree::check_consistency(old, &earlier, size, &root, &path).is_ok();
                let (new, was) = (tlog_tiles::Hash(root), tlog_tiles::Hash(earlier));
                let cloudflares = tlog_tiles::check_tree(&hashes(&path), size, new, old, was).is_ok();
                let proof = ConsistencyProof::<Sha256>::from_digests(&digests(&path));
                let merkles = judge.verify_consistency(&RootHash::new(earlier.into(), old), &proof).is_ok();
                assert_eq!((ours, cloudflares, merkles), (right, right, right), "{old} to {size}");
            }
        }
        before = (size, root);
        // The checkpoint, and one that somebody changed.
        let key = SignerKey::new("log.example/log/2026", KeyKind::Log, &[5; 32]).unwrap();
        let note =
            Checkpoint { origin: "log.example/log/2026".to_owned(), size, root }.sign(&[&key], 0).to_string();
        let known =
            VerifierList::new(vec![Box::new(StandardVerifier::new(&key.verifier().to_string()).unwrap())]);
        let accepts = |note: &str| {
            signed_note::Note::from_bytes(note.as_bytes()).is_ok_and(|note| note.verify(&known).is_ok())
        };
        let state = tlog_tiles::Checkpoint::from_bytes(
            signed_note::Note::from_bytes(note.as_bytes()).unwrap().text(),
        )
        .unwrap();
        assert_eq!((accepts(&note), state.size(), state.hash().0), (true, size, root));
        assert!(!accepts(&note.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size + 1), 1)));
    }
}
