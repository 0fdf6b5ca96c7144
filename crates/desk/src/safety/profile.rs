//! A version's words, gone through once: what all rules about words ask for.
//!
//! Nothing in a profile can be read as words again. Its numbers are hashes; those that outlive the item (its
//! [`Sketch`]) are keyed and cut to sixteen bits each.

use news::{BlockKind, Version};

use super::language::{Script, Tongues, script_of, tongues_of};
use super::sketch::{Key, Sketch};

/// How many words of a version are looked at; what comes after is as it was before.
const WORDS: usize = 4_000;
/// How many words of the body are kept for comparing with the headline.
const STEMS: usize = 1_500;
/// How many words at the top are kept for the watch list.
const TOP: usize = 160;
/// How many letters tell the script.
const LETTERS: usize = 800;
/// How many words tell the language.
const TALK: usize = 240;
/// How many words make a shingle.
const SHINGLE: usize = 3;

/// What the rules know of a version's words.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The fingerprint by which twins are found.
    pub sketch: Sketch,
    /// How many words the body has, as far as it is looked at.
    pub(super) body_words: usize,
    /// The beginnings of the headline's long words.
    pub(super) headline: Vec<u64>,
    /// The beginnings of the body's long words, in order of their hashes.
    body: Vec<u64>,
    /// The first words, headline and lead, with a gap between blocks.
    pub(super) top: Vec<u64>,
    /// Letters by script, in the body.
    pub(super) scripts: [u32; Script::COUNT],
    /// How many of the body's first words each language owns.
    pub(super) tongues: [u32; Tongues::COUNT],
    /// How many words were asked for that.
    pub(super) talk: u32,
}

/// Below so many words of body, the headline belongs to the fingerprint: a flash has nothing else.
const SHORT: usize = 25;

impl Profile {
    /// Goes through a version's copy. The key makes the sketch of no use to who does not have it.
    pub fn of(version: &Version, key: &Key) -> Self {
        let mut reading = Reading::new(key);
        for block in version.copy.blocks() {
            let part = match block.kind() {
                BlockKind::Headline => Part::Headline,
                BlockKind::Subhead => Part::Subhead,
                BlockKind::Byline | BlockKind::Dateline | BlockKind::Caption | BlockKind::Credit => continue,
                _ => Part::Body,
            };
            reading.block(block.text(), part);
            if reading.words >= WORDS {
                break;
            }
        }
        reading.done()
    }

    /// How many of the headline's long words begin as a word of the body does.
    pub(super) fn in_common(&self) -> usize {
        self.headline.iter().filter(|stem| self.body.binary_search(stem).is_ok()).count()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Headline,
    Subhead,
    Body,
}

struct Reading<'k> {
    key: &'k Key,
    profile: Profile,
    words: usize,
    last: [u64; SHINGLE - 1],
    letters: usize,
    title: Vec<u64>,
}

impl<'k> Reading<'k> {
    fn new(key: &'k Key) -> Self {
        let profile = Profile {
            sketch: Sketch::empty(),
            body_words: 0,
            headline: Vec::with_capacity(12),
            body: Vec::with_capacity(256),
            top: Vec::with_capacity(TOP),
            scripts: [0; Script::COUNT],
            tongues: [0; Tongues::COUNT],
            talk: 0,
        };
        Self { key, profile, words: 0, last: [0; SHINGLE - 1], letters: 0, title: Vec::with_capacity(16) }
    }

    fn block(&mut self, text: &str, part: Part) {
        if part == Part::Body && self.letters < LETTERS {
            self.scripts(text);
        }
        each_word(text, |word| {
            if self.words < WORDS {
                self.word(word, part);
            }
        });
        if self.profile.top.len() < TOP {
            self.profile.top.push(0);
        }
    }

    fn scripts(&mut self, text: &str) {
        for c in text.chars().filter(|c| c.is_alphabetic()) {
            if let Some(count) = self.profile.scripts.get_mut(script_of(c) as usize) {
                *count += 1;
            }
            self.letters += 1;
            if self.letters >= LETTERS {
                return;
            }
        }
    }

    fn word(&mut self, word: Word, part: Part) {
        self.words += 1;
        let Profile { sketch, headline, body, top, tongues, talk, body_words, .. } = &mut self.profile;
        if top.len() < TOP {
            top.push(word.hash);
        }
        match part {
            Part::Headline => {
                self.title.push(word.hash);
                if word.long {
                    headline.push(word.stem);
                }
            }
            Part::Body => {
                *body_words += 1;
                if word.long && body.len() < STEMS {
                    body.push(word.stem);
                }
                if (*talk as usize) < TALK {
                    *talk += 1;
                    let mut owners = tongues_of(word.hash);
                    while owners != 0 {
                        if let Some(count) = tongues.get_mut(owners.trailing_zeros() as usize) {
                            *count += 1;
                        }
                        owners &= owners - 1;
                    }
                }
            }
            Part::Subhead => {}
        }
        // A headline is often all that a later copy changes: the body alone makes the fingerprint.
        if part == Part::Body {
            sketch.add(self.key.shingle([self.last[0], self.last[1], word.hash]));
            self.last = [self.last[1], word.hash];
        }
    }

    fn done(mut self) -> Profile {
        if self.profile.body_words < SHORT {
            let mut last = [0; SHINGLE - 1];
            for word in &self.title {
                self.profile.sketch.add(self.key.shingle([last[0], last[1], *word]));
                last = [last[1], *word];
            }
        }
        self.profile.body.sort_unstable();
        self.profile
    }
}

/// A word, for comparing only.
#[derive(Clone, Copy)]
struct Word {
    /// Of the whole word in small letters.
    hash: u64,
    /// Of its first four letters.
    stem: u64,
    /// Whether it is long enough to mean something.
    long: bool,
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// How many letters of a word are its stem: declension comes after them in most languages.
const STEM: usize = 4;

/// Calls `f` with each word: letters and digits in a row, a sign of a script without spaces by itself.
fn each_word(text: &str, mut f: impl FnMut(Word)) {
    let (mut hash, mut letters, mut stem) = (SEED, 0usize, SEED);
    let mut end = |hash: &mut u64, letters: &mut usize, stem: &mut u64| {
        if *letters > 0 {
            let stem = if *letters < STEM { *hash } else { *stem };
            f(Word { hash: *hash, stem, long: *letters >= STEM });
        }
        (*hash, *letters, *stem) = (SEED, 0, SEED);
    };
    let put = |hash: &mut u64, letters: &mut usize, stem: &mut u64, c: u64| {
        *hash = (*hash ^ c).wrapping_mul(PRIME);
        *letters += 1;
        if *letters == STEM {
            *stem = *hash;
        }
    };
    for c in text.chars() {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                put(&mut hash, &mut letters, &mut stem, u64::from(c.to_ascii_lowercase()));
            } else if c != '\'' {
                end(&mut hash, &mut letters, &mut stem);
            }
        } else if is_alone(c) {
            end(&mut hash, &mut letters, &mut stem);
            put(&mut hash, &mut letters, &mut stem, u64::from(c));
            end(&mut hash, &mut letters, &mut stem);
        } else if c.is_alphanumeric() || is_mark(c) {
            for c in c.to_lowercase() {
                put(&mut hash, &mut letters, &mut stem, u64::from(c));
            }
        } else if c != '’' && c != '\u{ad}' {
            end(&mut hash, &mut letters, &mut stem);
        }
    }
    end(&mut hash, &mut letters, &mut stem);
}

/// Signs of scripts that put no space between words.
fn is_alone(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Marks that belong to the letter before them.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}' | '\u{200c}' | '\u{200d}')
}

/// The words of a phrase, as [`Profile::top`] keeps them.
pub(super) fn phrase_hashes(phrase: &str) -> Vec<u64> {
    let mut hashes = Vec::new();
    each_word(phrase, |word| hashes.push(word.hash));
    hashes
}

/// One word's hash.
pub(super) fn word_hash(word: &str) -> u64 {
    phrase_hashes(word).first().copied().unwrap_or(0)
}
