//! The chain from the words on a page to the signature under the log, link by link, as a list that can be shown.

use std::fmt;

use crate::disclosure::{Disclosure, commit};
use crate::leaf::{Leaf, leaf_hash};
use crate::lines::hex;
use crate::note::{KeyKind, Signed, VerifierKey, VerifyNoteError};
use crate::paragraphs::Quote;
use crate::proof::Proof;
use crate::tree::Hash;

/// What a proof of ours carries as `extra`: what opens the leaf's commitment, and the leaf itself.
///
/// Written as the 32 bytes of the salt, LF, the disclosure's lines, an empty line, and the leaf; of a leaf that opens
/// nothing, or whose opening was destroyed, the leaf alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// Salt and disclosure.
    pub opening: Option<([u8; 32], String)>,
    /// The leaf as it stands in the log.
    pub leaf: String,
}

impl Extra {
    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some((salt, disclosure)) = &self.opening {
            for piece in [salt.as_slice(), b"\n", disclosure.as_bytes(), b"\n"] {
                out.extend(piece);
            }
        }
        out.extend(self.leaf.as_bytes());
        out
    }

    /// Reads them. None if they are none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if let Ok(leaf) = std::str::from_utf8(bytes)
            && leaf.starts_with(crate::FORMAT)
        {
            return Some(Self { opening: None, leaf: leaf.to_owned() });
        }
        let (salt, rest) = bytes.split_first_chunk::<32>()?;
        let rest = std::str::from_utf8(rest).ok()?.strip_prefix('\n')?;
        let (disclosure, leaf) = match rest.strip_prefix('\n') {
            Some(leaf) => ("", leaf),
            None => {
                let at = rest.find("\n\n")?;
                (&rest[..=at], &rest[at + 2..])
            }
        };
        Some(Self { opening: Some((*salt, disclosure.to_owned())), leaf: leaf.to_owned() })
    }
}

/// What was seen of a story, by whoever wants it checked. What was not looked at is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What the page does to hide words or to add some to them, in phrases; empty if nothing was found.
    pub faults: Option<Vec<String>>,
    /// SHA-256 of the words in their canonical form.
    pub copy: Option<Hash>,
    /// The hash of the words as pasted text ([`crate::relaxed_hash`]).
    pub relaxed: Option<Hash>,
    /// The hash of what the blocks are.
    pub roles: Option<Hash>,
    /// SHA-256 of the label's sentence.
    pub label: Option<Hash>,
    /// The review state that the page states.
    pub review: Option<String>,
    /// The item's identifier in the page's address.
    pub item: Option<String>,
    /// One block, with its own proof, instead of all.
    pub quote: Option<Quote>,
}

/// By whom the log must be signed.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The log's keys. Without any, the signature cannot be told.
    pub keys: Vec<VerifierKey>,
    /// Witnesses whose cosignatures count.
    pub witnesses: Vec<VerifierKey>,
    /// How many of them must have signed.
    pub quorum: usize,
}

/// One link of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// The page hides none of the words and the label, and adds none.
    Page,
    /// The words shown are those in the disclosure.
    Words,
    /// So is what the blocks are: headline, paragraph, quotation.
    Roles,
    /// The label shown is the one on record.
    Label,
    /// The proof is about the story at this address.
    Story,
    /// Salt and disclosure open the leaf's commitment.
    Commitment,
    /// The leaf says that this was published.
    Leaf,
    /// The leaf is in the tree under the checkpoint.
    Inclusion,
    /// The log's key signed the checkpoint.
    Signature,
    /// Witnesses signed it, too.
    Witnesses,
}

impl Link {
    /// A stable word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Link::Page => "page",
            Link::Words => "words",
            Link::Roles => "roles",
            Link::Label => "label",
            Link::Story => "story",
            Link::Commitment => "commitment",
            Link::Leaf => "leaf",
            Link::Inclusion => "inclusion",
            Link::Signature => "signature",
            Link::Witnesses => "witnesses",
        }
    }
}

/// What was found about a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It holds.
    Held,
    /// It does not: something was changed.
    Broken,
    /// It could not be told.
    Unknown,
}

impl Verdict {
    /// A stable word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Held => "held",
            Verdict::Broken => "broken",
            Verdict::Unknown => "unknown",
        }
    }
}

/// One link and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub link: Link,
    /// What was found.
    pub verdict: Verdict,
    /// The sentence that says it to a journalist.
    pub why: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// The whole chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The links, from the page to the signature.
    pub steps: Vec<Step>,
    /// The leaf, where it could be read.
    pub leaf: Option<Leaf>,
    /// What opens it, where it could be read.
    pub disclosure: Option<Disclosure>,
    /// The signatures that hold.
    pub signed: Vec<Signed>,
}

impl Chain {
    /// The verdict over all: broken if one link is, else unknown if one is.
    pub fn verdict(&self) -> Verdict {
        let any = |verdict| self.steps.iter().any(|step| step.verdict == verdict);
        match () {
            () if any(Verdict::Broken) => Verdict::Broken,
            () if any(Verdict::Unknown) || self.steps.is_empty() => Verdict::Unknown,
            () => Verdict::Held,
        }
    }

    /// What was found about a link, if it was looked at.
    pub fn of(&self, link: Link) -> Option<Verdict> {
        self.steps.iter().find(|step| step.link == link).map(|step| step.verdict)
    }

    fn say(&mut self, link: Link, verdict: Verdict, why: impl Into<String>) {
        self.steps.push(Step { link, verdict, why: why.into() });
    }

    fn hold(&mut self, link: Link, holds: bool, held: &str, broken: &str) {
        match holds {
            true => self.say(link, Verdict::Held, held),
            false => self.say(link, Verdict::Broken, broken),
        }
    }
}

/// Checks everything that a proof and what was seen allow to check. Pure: it fetches nothing and reads no clock.
pub fn check(seen: &Seen, proof: &Proof, trust: &Trust) -> Chain {
    let mut chain = Chain::default();
    let extra = proof.extra.as_deref().and_then(Extra::parse);
    let leaf = extra.as_ref().and_then(|extra| Leaf::parse(&extra.leaf).ok());
    let disclosure = extra.as_ref().and_then(|extra| extra.opening.as_ref());
    let lines = disclosure.and_then(|(_, text)| Disclosure::parse(text).ok());
    if let Some(faults) = &seen.faults {
        let broken = format!("the page hides words or adds some: {}", faults.join("; "));
        chain.hold(
            Link::Page,
            faults.is_empty(),
            "the page hides none of the words, and adds none to them",
            &broken,
        );
    }
    words(&mut chain, seen, lines.as_ref());
    if let Some(leaf) = &leaf {
        page(&mut chain, seen, leaf);
        match (disclosure, leaf.commit) {
            (Some((salt, text)), Some(committed)) => chain.hold(
                Link::Commitment,
                commit(salt, text) == committed && lines.is_some(),
                "what the proof discloses is what was sealed when the story was published",
                "what the proof discloses is not what was sealed when the story was published",
            ),
            (Some(_), None) => {
                chain.say(
                    Link::Commitment,
                    Verdict::Broken,
                    "the proof discloses something that the log never sealed",
                );
            }
            (None, _) => {}
        }
        let shows = seen.copy.is_some() || seen.relaxed.is_some() || seen.quote.is_some();
        let public = leaf.commit.is_some();
        match (shows, public) {
            (true, true) => chain.say(Link::Leaf, Verdict::Held, said(leaf)),
            (true, false) => {
                chain.say(Link::Leaf, Verdict::Broken, format!("words are shown, but {}", said(leaf)));
            }
            (false, _) => chain.say(Link::Leaf, Verdict::Held, said(leaf)),
        }
    } else {
        chain.say(Link::Leaf, Verdict::Unknown, "the proof does not carry the log's line about this story");
    }
    match &extra {
        Some(extra) => {
            let found = proof.check(&leaf_hash(extra.leaf.as_bytes()));
            let broken = found.err().map(|why| format!("the line is not in the signed log: {why}"));
            chain.hold(
                Link::Inclusion,
                broken.is_none(),
                "the line is in the log, at the place where the proof says",
                broken.as_deref().unwrap_or_default(),
            );
        }
        None => chain.say(
            Link::Inclusion,
            Verdict::Unknown,
            "without the line, its place in the log cannot be checked",
        ),
    }
    signatures(&mut chain, proof, trust);
    chain.leaf = leaf;
    chain.disclosure = lines;
    chain
}

/// What the leaf says, as a clause.
fn said(leaf: &Leaf) -> String {
    let what = match leaf.act.as_str() {
        "publish" => "this version was published",
        "update" => "this version replaced an earlier one",
        "review" => "the label of this version was changed",
        "kill" => "the story was withdrawn",
        "withhold" => "the story was taken off",
        "expire" => "the licence of the story ended",
        _ => "something was recorded",
    };
    format!("the log's line says that {what} at {}", leaf.published)
}

fn words(chain: &mut Chain, seen: &Seen, lines: Option<&Disclosure>) {
    if let Some(quote) = &seen.quote {
        match lines.and_then(|lines| lines.get("paragraphs")) {
            Some(line) => chain.hold(
                Link::Words,
                quote.is_under(line),
                "the quoted paragraph is, word for word, a paragraph of the story",
                "the quoted paragraph is not one of the story's paragraphs",
            ),
            None => chain.say(Link::Words, Verdict::Unknown, "the proof does not speak of single paragraphs"),
        }
        return;
    }
    if seen.copy.is_none() && seen.relaxed.is_none() {
        return;
    }
    let Some(lines) = lines else {
        chain.say(Link::Words, Verdict::Unknown, "the proof does not disclose which words were published");
        return;
    };
    let same = |name: &str, hash: &Option<Hash>| {
        hash.as_ref().is_some_and(|hash| lines.get(name) == Some(&hex(hash)))
    };
    match () {
        () if same("copy", &seen.copy) => {
            chain.say(
                Link::Words,
                Verdict::Held,
                "the words are, letter for letter, those that were published",
            );
        }
        () if seen.copy.is_none() && same("relaxed", &seen.relaxed) => chain.say(
            Link::Words,
            Verdict::Held,
            "the words are those that were published; spaces, line breaks and soft hyphens were not compared",
        ),
        () if same("relaxed", &seen.relaxed) => chain.say(
            Link::Words,
            Verdict::Broken,
            "the words are those that were published, but their spaces or line breaks were changed",
        ),
        () => chain.say(Link::Words, Verdict::Broken, "the words are not those that were published"),
    }
    if let Some(roles) = &seen.roles {
        chain.hold(
            Link::Roles,
            lines.get("roles") == Some(&hex(roles)),
            "headline, paragraphs and quotations are marked as they were delivered",
            "something that was a paragraph is shown as a headline, or the like",
        );
    }
}

fn page(chain: &mut Chain, seen: &Seen, leaf: &Leaf) {
    if let Some(label) = &seen.label {
        chain.hold(
            Link::Label,
            leaf.label.as_ref() == Some(label)
                && seen.review.as_ref().is_none_or(|review| leaf.review.as_ref() == Some(review)),
            "the label under the story is the one on record",
            "the label under the story is not the one on record",
        );
    }
    if let Some(item) = &seen.item {
        chain.hold(
            Link::Story,
            leaf.item.as_ref() == Some(item),
            "the proof is about the story at this address",
            "the proof is about another story",
        );
    }
}

fn signatures(chain: &mut Chain, proof: &Proof, trust: &Trust) {
    let (Ok(note), Ok(state)) = (proof.note(), proof.state()) else {
        chain.say(Link::Signature, Verdict::Unknown, "the proof has no readable checkpoint");
        return;
    };
    if trust.keys.is_empty() {
        chain.say(Link::Signature, Verdict::Unknown, "no key of the log is known, so nobody vouches for it");
    } else {
        let own: Vec<VerifierKey> = trust
            .keys
            .iter()
            .filter(|key| key.name() == state.origin && key.kind() == KeyKind::Log)
            .cloned()
            .collect();
        match note.verify(&own) {
            Ok(signed) => {
                chain.say(
                    Link::Signature,
                    Verdict::Held,
                    format!("the log `{}` signed for it with its key", state.origin),
                );
                chain.signed.extend(signed);
            }
            Err(VerifyNoteError::Forged(_)) => {
                chain.say(
                    Link::Signature,
                    Verdict::Broken,
                    "the signature under the log is forged or damaged",
                );
            }
            Err(VerifyNoteError::Unsigned) => chain.say(
                Link::Signature,
                Verdict::Broken,
                format!("the log `{}` is not signed with the key that was asked for", state.origin),
            ),
        }
    }
    let signed = note.verify(&trust.witnesses).unwrap_or_default();
    if trust.quorum > 0 || !signed.is_empty() {
        let (found, asked) = (signed.len(), trust.quorum);
        chain.hold(
            Link::Witnesses,
            found >= asked,
            &format!(
                "{found} independent witness{} saw the log in this state",
                if found == 1 { "" } else { "es" }
            ),
            &format!("{asked} independent witnesses are asked for, {found} signed"),
        );
    }
    chain.signed.extend(signed);
}
