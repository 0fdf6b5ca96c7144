//! The project's own vectors, in `fixtures/vectors/notary.json`: what docs/formats specifies, as bytes. With
//! `VERBATIM_WRITE_VECTORS` set they are written anew instead of compared.

use notary::chain::{self, Chain, Extra, Link, Seen, Trust, Verdict};
use notary::note::{Checkpoint, KeyKind, SignerKey};
use notary::tree::{self, Edge, Hash, Nodes};
use notary::witness::{AddCheckpoint, Answer, consider};
use notary::{
    Disclosure, Leaf, Paragraphs, Proof, Quote, Secret, VerifierKey, commit, leaf_hash, relaxed, relaxed_hash,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const ORIGIN: &str = "news.example/log/0";
const ITEM: &str = "0123456789abcdefghjkmnpqrs";
const BLOCKS: [(&str, &str); 4] = [
    ("headline", "Council votes for the bridge"),
    ("p", "The council of Exampletown voted on Monday for the new bridge.\nIt will cost 4\u{a0}million."),
    ("quote", "\u{201e}Wir bauen\u{201c}, sagte die B\u{fc}rger\u{ad}meisterin."),
    ("p", "Work begins in May."),
];
const LABEL: &str = "Auto-published from an agency feed without any modifications to the text.";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha(bytes: impl AsRef<[u8]>) -> Hash {
    Sha256::digest(bytes).into()
}

fn log_key() -> SignerKey {
    SignerKey::new(ORIGIN, KeyKind::Log, &[7; 32]).unwrap()
}

fn witness_key() -> SignerKey {
    SignerKey::new("witness.example/1", KeyKind::Witness, &[8; 32]).unwrap()
}

fn canonical() -> String {
    BLOCKS.map(|(_, text)| text).join("\n\n") + "\n"
}

fn roles() -> Hash {
    sha(BLOCKS.iter().fold("verbatim-roles/1\n".to_owned(), |roles, (kind, _)| roles + kind + "\n"))
}

/// Leaves in memory.
struct Leaves(Vec<Hash>);

impl Nodes for Leaves {
    type Error = ();

    fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
        let start = (index << level) as usize;
        notary::tiles::fold(self.0.get(start..start + (1 << level)).ok_or(())?).ok_or(())
    }
}

/// A log of 300 leaves, in which the story's is the one at 256; the story's secret, disclosure, leaf and proof.
struct Story {
    secret: Secret,
    disclosure: Disclosure,
    leaf: Leaf,
    leaves: Leaves,
    proof: Proof,
}

fn story() -> Story {
    let secret = Secret([5; 32]);
    let mut disclosure = Disclosure::default();
    for (name, value) in [
        ("copy", hex(&sha(canonical()))),
        ("relaxed", hex(&relaxed_hash(&canonical()))),
        ("roles", hex(&roles())),
        ("paragraphs", Paragraphs::of(&secret, BLOCKS).line()),
        ("raw", hex(&sha("<item/>"))),
        ("uri", "urn:example:2026:1".to_owned()),
    ] {
        disclosure.push(name, &value).unwrap();
    }
    let leaf = Leaf {
        act: "publish".to_owned(),
        item: Some(ITEM.to_owned()),
        version: Some(1),
        prev: None,
        feed: Some("agx-world".to_owned()),
        received: Some("2026-03-02T12:00:00Z".to_owned()),
        published: "2026-03-02T12:00:00.025Z".to_owned(),
        review: Some("unreviewed".to_owned()),
        label: Some(sha(LABEL)),
        reason: None,
        commit: Some(commit(&secret.salt(), &disclosure.encode())),
    };
    let text = leaf.encode().unwrap();
    let entry = |n: u64| if n == 256 { text.clone() } else { format!("leaf {n}") };
    let leaves = Leaves((0..300).map(|n| leaf_hash(entry(n).as_bytes())).collect());
    let root = tree::root(&leaves, 300).unwrap();
    let state = Checkpoint { origin: ORIGIN.to_owned(), size: 300, root };
    let mut note = state.sign(&[&log_key()], 0);
    note.signatures.push(witness_key().sign(&note.text, 1_772_452_800));
    let opening = Some((secret.salt(), disclosure.encode()));
    let proof = Proof {
        extra: Some(Extra { opening, leaf: text }.encode()),
        index: 256,
        path: tree::prove_inclusion(&leaves, 256, 300).unwrap(),
        checkpoint: note.to_string(),
    };
    Story { secret, disclosure, leaf, leaves, proof }
}

fn quote(story: &Story) -> Quote {
    let n = 2;
    let (kind, text) = BLOCKS[n as usize];
    Quote {
        url: format!("https://news.example/s/{ITEM}"),
        n,
        kind: kind.to_owned(),
        text: text.to_owned(),
        salt: story.secret.paragraph(n),
        path: Paragraphs::of(&story.secret, BLOCKS).prove(n).unwrap(),
        proof: story.proof.clone(),
    }
}

fn seen() -> Seen {
    Seen {
        copy: Some(sha(canonical())),
        relaxed: Some(relaxed_hash(&canonical())),
        roles: Some(roles()),
        label: Some(sha(LABEL)),
        review: Some("unreviewed".to_owned()),
        item: Some(ITEM.to_owned()),
        faults: Some(vec![]),
        quote: None,
    }
}

fn trust() -> Trust {
    Trust { keys: vec![log_key().verifier()], witnesses: vec![witness_key().verifier()], quorum: 1 }
}

#[test]
fn the_vectors_say_what_the_code_does() {
    let story = story();
    let old = tree::root(&story.leaves, 200).unwrap();
    let request = AddCheckpoint {
        old: 200,
        path: tree::prove_consistency(&story.leaves, 200, 300).unwrap(),
        checkpoint: story.proof.checkpoint.clone(),
    };
    let made = json!({
        "copy": {
            "blocks": BLOCKS.map(|(kind, text)| json!([kind, text])),
            "canonical": canonical(),
            "copy_sha256": hex(&sha(canonical())),
            "roles_sha256": hex(&roles()),
            "relaxed": relaxed(&canonical()),
            "relaxed_sha256": hex(&relaxed_hash(&canonical())),
        },
        "paragraphs": {
            "secret": hex(&story.secret.0),
            "salt": hex(&story.secret.salt()),
            "salts": (0..4).map(|n| hex(&story.secret.paragraph(n))).collect::<Vec<_>>(),
            "line": Paragraphs::of(&story.secret, BLOCKS).line(),
        },
        "disclosure": { "text": story.disclosure.encode(), "commit": hex(&story.leaf.commit.unwrap()) },
        "leaf": { "text": story.leaf.encode().unwrap(), "hash": hex(&leaf_hash(story.leaf.encode().unwrap().as_bytes())) },
        "log": {
            "seed": hex(&[7; 32]),
            "vkey": log_key().verifier().to_string(),
            "witness_seed": hex(&[8; 32]),
            "witness_vkey": witness_key().verifier().to_string(),
            "checkpoint": story.proof.checkpoint,
            "add_checkpoint": request.encode(),
            "root_200": hex(&old),
        },
        "proof": story.proof.encode(),
        "quote": quote(&story).encode(),
    });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/vectors/notary.json");
    if std::env::var_os("VERBATIM_WRITE_VECTORS").is_some() {
        std::fs::write(path, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(made, kept);
    let read = Proof::parse(kept["proof"].as_str().unwrap()).unwrap();
    assert_eq!((read.clone(), read.encode()), (story.proof.clone(), story.proof.encode()));
    let read = Quote::parse(kept["quote"].as_str().unwrap()).unwrap();
    assert_eq!(read, quote(&story));
    assert_eq!(AddCheckpoint::parse(kept["log"]["add_checkpoint"].as_str().unwrap()), Some(request));
    assert!(VerifierKey::parse(kept["log"]["vkey"].as_str().unwrap()).is_ok());
}

#[track_caller]
fn check(seen: &Seen, proof: &Proof, trust: &Trust, verdict: Verdict, broken: &[Link]) -> Chain {
    let chain = chain::check(seen, proof, trust);
    let found: Vec<Link> =
        chain.steps.iter().filter(|step| step.verdict == Verdict::Broken).map(|step| step.link).collect();
    assert_eq!((chain.verdict(), found.as_slice()), (verdict, broken), "{chain:#?}");
    chain
}

#[test]
fn a_genuine_story_holds_link_by_link() {
    let story = story();
    let chain = check(&seen(), &story.proof, &trust(), Verdict::Held, &[]);
    assert_eq!(chain.steps.len(), 10, "{chain:#?}");
    assert_eq!(chain.signed.len(), 2);
    let read = Proof::parse(&story.proof.encode()).unwrap();
    check(&seen(), &read, &trust(), Verdict::Held, &[]);
}

#[test]
fn each_change_breaks_the_link_that_it_touches_and_no_other() {
    let story = story();
    let other = sha("another");
    let held = |seen: Seen, broken: Link| {
        check(&seen, &story.proof, &trust(), Verdict::Broken, &[broken]);
    };
    held(Seen { copy: Some(other), relaxed: Some(other), ..seen() }, Link::Words);
    held(Seen { copy: Some(other), ..seen() }, Link::Words);
    held(Seen { faults: Some(vec!["block 2 (p) hidden".to_owned()]), ..seen() }, Link::Page);
    held(Seen { roles: Some(other), ..seen() }, Link::Roles);
    held(Seen { label: Some(other), ..seen() }, Link::Label);
    held(Seen { review: Some("reviewed".to_owned()), ..seen() }, Link::Label);
    held(Seen { item: Some("0000000000000000000000000z".to_owned()), ..seen() }, Link::Story);

    let extra = Extra::parse(story.proof.extra.as_deref().unwrap()).unwrap();
    let with = |extra: Extra| Proof { extra: Some(extra.encode()), ..story.proof.clone() };
    let (salt, text) = extra.opening.clone().unwrap();
    let salted = Extra { opening: Some(([1; 32], text.clone())), ..extra.clone() };
    check(&seen(), &with(salted), &trust(), Verdict::Broken, &[Link::Commitment]);
    let renamed = Extra { opening: Some((salt, text.replace("2026:1", "2026:2"))), ..extra.clone() };
    check(&seen(), &with(renamed), &trust(), Verdict::Broken, &[Link::Commitment]);
    let later = Extra { leaf: extra.leaf.replace("12:00:00.025Z", "12:00:00.026Z"), ..extra.clone() };
    check(&seen(), &with(later), &trust(), Verdict::Broken, &[Link::Inclusion]);

    let moved = Proof { index: 257, ..story.proof.clone() };
    check(&seen(), &moved, &trust(), Verdict::Broken, &[Link::Inclusion]);
    let checkpoint = story.proof.checkpoint.replacen("\n300\n", "\n301\n", 1);
    let grown = Proof { checkpoint, ..story.proof.clone() };
    // A path fits trees of more than one size: the size is what the signature is for.
    check(&seen(), &grown, &trust(), Verdict::Broken, &[Link::Signature, Link::Witnesses]);
    let strange = SignerKey::new(ORIGIN, KeyKind::Log, &[9; 32]).unwrap().verifier();
    let strangers = Trust { keys: vec![strange], ..trust() };
    check(&seen(), &story.proof, &strangers, Verdict::Broken, &[Link::Signature]);
    let many = Trust { quorum: 2, ..trust() };
    check(&seen(), &story.proof, &many, Verdict::Broken, &[Link::Witnesses]);
}

#[test]
fn what_cannot_be_told_is_not_called_genuine() {
    let story = story();
    check(&seen(), &story.proof, &Trust::default(), Verdict::Unknown, &[]);
    let bare = Proof { extra: None, ..story.proof.clone() };
    check(&seen(), &bare, &trust(), Verdict::Unknown, &[]);
    let noise = Proof { extra: Some(b"noise".to_vec()), ..story.proof };
    check(&seen(), &noise, &trust(), Verdict::Unknown, &[]);
}

#[test]
fn pasted_text_is_compared_without_its_spaces_and_said_so() {
    let story = story();
    let pasted = Seen { relaxed: Some(relaxed_hash(&canonical().replace('\n', " "))), ..Seen::default() };
    let chain = check(&pasted, &story.proof, &trust(), Verdict::Held, &[]);
    assert!(chain.steps[0].why.contains("not compared"), "{}", chain.steps[0]);
    let altered =
        Seen { relaxed: Some(relaxed_hash(&canonical().replace("May", "June"))), ..Seen::default() };
    check(&altered, &story.proof, &trust(), Verdict::Broken, &[Link::Words]);
}

#[test]
fn a_paragraph_alone_is_proved_and_an_altered_one_is_not() {
    let story = story();
    let with = |quote: Quote| Seen { quote: Some(quote), ..Seen::default() };
    check(&with(quote(&story)), &story.proof, &trust(), Verdict::Held, &[]);
    for altered in [
        Quote { text: "Wir bauen nicht.".to_owned(), ..quote(&story) },
        Quote { kind: "p".to_owned(), ..quote(&story) },
        Quote { n: 1, ..quote(&story) },
        Quote { salt: story.secret.salt(), ..quote(&story) },
        Quote { path: vec![], ..quote(&story) },
    ] {
        check(&with(altered), &story.proof, &trust(), Verdict::Broken, &[Link::Words]);
    }
    let text = quote(&story).encode();
    assert!(!text.contains("bridge") && text.lines().count() < 40);
    for (n, line) in text.lines().take(9).enumerate() {
        let cut = text.replacen(&format!("{line}\n"), "", 1);
        assert!(Quote::parse(&cut).is_err() || line.starts_with("path"), "without line {}: {line}", n + 1);
    }
}

#[test]
fn words_shown_with_the_proof_of_a_withdrawal_are_not_genuine() {
    let leaf = Leaf { act: "kill".to_owned(), label: None, commit: None, ..story().leaf }.encode().unwrap();
    let mut edge = Edge::default();
    edge.push(leaf_hash(leaf.as_bytes()));
    let state = Checkpoint { origin: ORIGIN.to_owned(), size: 1, root: edge.root() };
    let extra = Extra { opening: None, leaf };
    let proof = Proof {
        extra: Some(extra.encode()),
        index: 0,
        path: vec![],
        checkpoint: state.sign(&[&log_key()], 0).to_string(),
    };
    let trust = Trust { keys: vec![log_key().verifier()], ..Trust::default() };
    let gone = Seen { item: Some(ITEM.to_owned()), ..Seen::default() };
    check(&gone, &proof, &trust, Verdict::Held, &[]);
    let shown = Seen { label: None, ..seen() };
    let chain = chain::check(&shown, &proof, &trust);
    assert_eq!((chain.verdict(), chain.of(Link::Leaf)), (Verdict::Broken, Some(Verdict::Broken)));
}

#[test]
fn relaxing_has_one_order_and_an_empty_end() {
    for (text, expect) in [
        ("", ""),
        (" \n\u{a0}\u{2003}", ""),
        ("a  b\r\n\tc\u{a0}d\u{3000}e ", "a b c d e"),
        ("B\u{fc}rger\u{ad}meisterin", "B\u{fc}rgermeisterin"),
        ("a \u{200b} b", "a b"),
        ("\u{feff}a\u{200b}b", "ab"),
        ("a\u{200d}b e\u{301}", "a\u{200d}b e\u{301}"),
    ] {
        assert_eq!(relaxed(text), expect, "{text:?}");
    }
}

/// Told to a witness that knows the log at 200 of 300 leaves.
#[track_caller]
fn told(body: &str, known: Option<u64>, expect: u16) {
    let story = story();
    let size = known.unwrap_or(0);
    let root = tree::root(&story.leaves, size).unwrap();
    let answer = consider(body, |origin| {
        (origin == ORIGIN && known.is_some()).then(|| (vec![log_key().verifier()], size, root))
    });
    assert_eq!(answer.status(), expect, "{answer}");
    if let Answer::Sign(state) = answer {
        assert_eq!(state.root, tree::root(&story.leaves, state.size).unwrap());
    }
}

#[test]
fn a_witness_signs_what_goes_on_from_what_it_knows_and_nothing_else() {
    let story = story();
    let request = |old: u64, checkpoint: &str| {
        let path = tree::prove_consistency(&story.leaves, old, 300).unwrap();
        AddCheckpoint { old, path, checkpoint: checkpoint.to_owned() }.encode()
    };
    let checkpoint = &story.proof.checkpoint;
    told(&request(200, checkpoint), Some(200), 200);
    told(&request(0, checkpoint), Some(0), 200);
    told(&request(300, checkpoint), Some(300), 200);
    told(&request(200, checkpoint), None, 404);
    told(&request(100, checkpoint), Some(200), 409);
    told(&request(0, checkpoint), Some(200), 409);
    told(&request(301, checkpoint), Some(200), 400);
    told("old 200\n", Some(200), 400);
    told("", Some(200), 400);
    let stranger = SignerKey::new(ORIGIN, KeyKind::Log, &[9; 32]).unwrap();
    let state = story.proof.state().unwrap();
    told(&request(200, &state.sign(&[&stranger], 0).to_string()), Some(200), 403);
    told(&request(200, &checkpoint.replacen("300", "299", 1)), Some(200), 403);
    let forked = Checkpoint { root: [3; 32], ..state.clone() };
    told(&request(200, &forked.sign(&[&log_key()], 0).to_string()), Some(200), 422);
    told(&request(300, &forked.sign(&[&log_key()], 0).to_string()), Some(300), 422);
    let empty = Checkpoint { size: 0, root: [3; 32], ..state };
    told(&request(0, &empty.sign(&[&log_key()], 0).to_string()), Some(0), 422);
    let padded = AddCheckpoint { old: 0, path: vec![[0; 32]], checkpoint: checkpoint.clone() };
    told(&padded.encode(), Some(0), 422);
}

/// Ten thousand alterations of a proof: each is refused, or leaves the chain broken, or changes nothing that is said.
#[test]
fn no_altered_byte_of_a_proof_passes_for_genuine() {
    let story = story();
    let text = story.proof.encode();
    let genuine = chain::check(&seen(), &story.proof, &trust());
    for at in 0..text.len() {
        for new in ["A", "1", "\n", " ", ""] {
            let Some((head, tail)) = text.split_at_checked(at) else { continue };
            let Some(gone) = tail.chars().next() else { continue };
            let altered = format!("{head}{new}{}", &tail[gone.len_utf8()..]);
            if altered == text {
                continue;
            }
            let Ok(proof) = Proof::parse(&altered) else { continue };
            let chain = chain::check(&seen(), &proof, &trust());
            let same = chain.leaf == genuine.leaf && chain.disclosure == genuine.disclosure;
            assert!(chain.verdict() != Verdict::Held || same, "byte {at} to {new:?}");
        }
    }
}
