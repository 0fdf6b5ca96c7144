//! Reads what libFuzzer makes up as one of the texts of the public log: the one that `VERBATIM_FORMAT` names.
//!
//! Each of them is strict: whatever is read must be written again as it was, or not have been read. A proof that is read must
//! be judged without a panic, and never be called genuine by whom nobody signed it for.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use notary::chain::{Extra, Seen, Trust, Verdict, check};
use notary::follow::Follower;
use notary::note::{Checkpoint, KeyKind, Note, Signature, SignerKey, VerifierKey};
use notary::tiles::{Tile, bundle, unbundle};
use notary::witness::{AddCheckpoint, consider};
use notary::{Disclosure, Leaf, Proof, Quote};

fn what() -> &'static str {
    static WHAT: OnceLock<String> = OnceLock::new();
    WHAT.get_or_init(|| std::env::var("VERBATIM_FORMAT").unwrap_or_default())
}

/// A key whose secret is not among what is made up.
fn key() -> &'static VerifierKey {
    static KEY: OnceLock<VerifierKey> = OnceLock::new();
    KEY.get_or_init(|| SignerKey::new("log.example/log/0", KeyKind::Log, &[9; 32]).expect("a key").verifier())
}

fuzz_target!(|bytes: &[u8]| {
    if what() == "log-bundle" {
        if let Some(entries) = unbundle(bytes) {
            assert_eq!(bundle(&entries).expect("it was read"), bytes);
        }
        return;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match what() {
        "log-note" => {
            if let Ok(note) = Note::parse(text) {
                let again = Note::parse(&note.to_string()).expect("what is written is read");
                assert_eq!(again, note);
                assert!(note.verify(&[key().clone()]).is_err(), "nobody has that key");
            }
            let _ = Signature::parse(text);
        }
        "log-checkpoint" => {
            if let Ok(state) = Checkpoint::parse(text) {
                assert!(text.starts_with(&state.encode()), "only further lines may follow");
            }
        }
        "log-key" => {
            if let Ok(key) = VerifierKey::parse(text) {
                assert_eq!(VerifierKey::parse(&key.to_string()), Ok(key));
            }
            if let Ok(key) = SignerKey::parse(text) {
                assert_eq!(SignerKey::parse(&key.to_text()).expect("a key").to_text(), key.to_text());
            }
        }
        "log-tile" => {
            if let Some(tile) = Tile::parse(text) {
                assert_eq!(tile.to_string(), text);
            }
        }
        "log-leaf" => {
            if let Ok(leaf) = Leaf::parse(text) {
                assert_eq!(leaf.encode().expect("it was read"), text);
            }
            if let Ok(lines) = Disclosure::parse(text) {
                assert_eq!(lines.encode(), text);
            }
            if let Some(follower) = Follower::parse(text) {
                assert_eq!(Follower::parse(&follower.encode()), Some(follower));
            }
        }
        "log-proof" => {
            if let Ok(proof) = Proof::parse(text) {
                assert_eq!(Proof::parse(&proof.encode()).expect("what is written is read"), proof);
                if let Some(extra) = proof.extra.as_deref().and_then(Extra::parse) {
                    assert_eq!(Some(extra.encode()).as_deref(), proof.extra.as_deref());
                }
                let trust = Trust { keys: vec![key().clone()], ..Trust::default() };
                assert_ne!(check(&Seen::default(), &proof, &trust).verdict(), Verdict::Held);
            }
            if let Ok(quote) = Quote::parse(text) {
                assert_eq!(Quote::parse(&quote.encode()).expect("what is written is read"), quote);
            }
        }
        _ => {
            if let Some(request) = AddCheckpoint::parse(text) {
                assert_eq!(AddCheckpoint::parse(&request.encode()), Some(request));
            }
            let answer = consider(text, |_| Some((vec![key().clone()], 3, [7; 32])));
            assert_ne!(answer.status(), 200, "nobody has that key");
        }
    }
});
