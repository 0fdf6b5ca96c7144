//! A text as a row of words, for comparing only.

use std::cell::OnceCell;

/// One word.
#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    /// As written.
    text: &'a str,
    /// Whether the next character but spaces is a mark or there is none: the word ends a clause.
    closes: bool,
}

/// The words of a text.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    words: Vec<Word<'a>>,
    /// The words folded, once somebody asks: most texts hold no word that any rule asks for.
    folded: OnceCell<Vec<String>>,
    /// Whether the text has a lower-case letter: if not, capitals mean nothing.
    mixed: bool,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c) || ('\u{900}'..='\u{97f}').contains(&c)
}

impl<'a> Words<'a> {
    /// Parts a text into words: letters and digits of any script, with an apostrophe between two letters.
    pub(super) fn of(text: &'a str) -> Self {
        let mut words = Vec::new();
        let mut start = None;
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            match start {
                None if is_word(c) => start = Some(at),
                Some(from) if !is_word(c) => {
                    let next = text[at..].trim_start_matches([' ', '\t', '\n', '\u{a0}']).chars().next();
                    words.push(Word { text: &text[from..at], closes: next.is_none_or(|c| !is_word(c)) });
                    start = None;
                }
                _ => {}
            }
        }
        Self { words, folded: OnceCell::new(), mixed: text.chars().any(char::is_lowercase) }
    }

    fn folded(&self) -> &[String] {
        self.folded.get_or_init(|| self.words.iter().map(|word| fold(word.text)).collect())
    }

    /// Calls `f` with every word, folded, but for words of ASCII letters that `may` does not let through by their first
    /// letter and length.
    pub(super) fn each_folded(&self, may: &Outlines, mut f: impl FnMut(&str)) {
        let mut small = String::new();
        for word in &self.words {
            if word.text.is_ascii() {
                if !may.has(word.text) {
                    continue;
                }
                // What `fold` gives for a word of ASCII letters, without an allocation for each.
                small.clear();
                small.push_str(word.text);
                small.make_ascii_lowercase();
                f(&small);
            } else {
                f(&fold(word.text));
            }
        }
    }

    fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether the text begins with these words, as written here, and a mark or nothing follows.
    pub(super) fn opens(&self, phrase: &str) -> bool {
        self.written_at(0, phrase).is_some_and(|last| self.words[last].closes)
    }

    /// The same in any case and without accents, whatever follows.
    pub(super) fn opens_folded(&self, phrase: &[String]) -> bool {
        self.folded_at(0, phrase)
    }

    /// Whether these words stand out, as written here: capitals among small letters, or before a mark or the end.
    pub(super) fn shouts(&self, phrase: &str) -> bool {
        (0..self.len())
            .any(|at| self.written_at(at, phrase).is_some_and(|last| self.mixed || self.words[last].closes))
    }

    /// Whether these words stand in a row, in any case and without accents.
    pub(super) fn says(&self, phrase: &[String]) -> bool {
        (0..self.len()).any(|at| self.folded_at(at, phrase))
    }

    /// Whether there is nothing but these words, in any case.
    pub(super) fn is(&self, phrase: &[String]) -> bool {
        phrase.len() == self.len() && self.folded_at(0, phrase)
    }

    /// Whether it is a title of at most `most` words that ends so, in any case.
    pub(super) fn ends_short(&self, phrase: &[String], most: usize) -> bool {
        let Some(at) = self.len().checked_sub(phrase.len()) else { return false };
        self.len() <= most && self.folded_at(at, phrase)
    }

    /// The place of the last word, if the phrase stands here as written.
    fn written_at(&self, at: usize, phrase: &str) -> Option<usize> {
        let mut last = None;
        for (i, word) in phrase.split(' ').enumerate() {
            if self.words.get(at + i)?.text != word {
                return None;
            }
            last = Some(at + i);
        }
        last
    }

    fn folded_at(&self, at: usize, phrase: &[String]) -> bool {
        !phrase.is_empty() && self.folded().get(at..at + phrase.len()) == Some(phrase)
    }
}

/// First letters and lengths of a few words: tells of nearly all others at a glance that they are none of them.
#[derive(Debug)]
pub(super) struct Outlines([u64; 128]);

impl Outlines {
    /// Of these folded words; those that begin beyond ASCII need none.
    pub(super) fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut lengths = [0; 128];
        for word in words {
            if let Some(slot) = word.bytes().next().and_then(|first| lengths.get_mut(usize::from(first))) {
                *slot |= 1 << word.len().min(63);
            }
        }
        Self(lengths)
    }

    /// Whether a word of ASCII letters, in any case, may be one of them.
    fn has(&self, word: &str) -> bool {
        let first = word.bytes().next().unwrap_or_default().to_ascii_lowercase();
        self.0.get(usize::from(first)).is_some_and(|lengths| lengths >> word.len().min(63) & 1 == 1)
    }
}

/// The words of a phrase, as they are compared.
pub(super) fn phrase_words(phrase: &str) -> Vec<String> {
    phrase.split(' ').map(fold).collect()
}

/// Small letters, without the accents of western European alphabets, white space folded: for comparing only.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => out.push('a'),
            'ç' => out.push('c'),
            'è' | 'é' | 'ê' | 'ë' => out.push('e'),
            'ì' | 'í' | 'î' | 'ï' => out.push('i'),
            'ñ' => out.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => out.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => out.push('u'),
            'أ' | 'إ' | 'آ' => out.push('ا'),
            '\u{300}'..='\u{36f}' => {}
            other => out.push(other),
        }
    }
    news::relaxed(&out)
}
