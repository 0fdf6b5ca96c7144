//! Values of header fields as text: encoded words (RFC 2047), and UTF-8 as it is (RFC 6532).

use news::Complaint;

use super::transfer;
use crate::decode;

/// The longest name of a character set.
const LONGEST_LABEL: usize = 64;

/// Decodes a header field's value. Line ends inside it are folding and vanish; white space between two encoded words
/// is none. Words of one character set that follow each other are decoded together, since many senders cut
/// characters in two. Bytes that cannot be decoded hold.
pub(super) fn decode(value: &[u8], path: &str, complaints: &mut Vec<Complaint>) -> String {
    let value: Vec<u8> = value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let mut out = Text { text: String::new(), pending: None, path, complaints };
    let mut rest = &value[..];
    let mut after_word = false;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        match word(&rest[at..]) {
            Found::Word { label, bytes, length } => {
                if !(after_word && rest[..at].trim_ascii().is_empty()) {
                    out.plain(&rest[..at]);
                }
                out.word(label, &bytes);
                after_word = true;
                rest = &rest[at + length..];
            }
            Found::No => {
                out.plain(&rest[..at + 2]);
                after_word = false;
                rest = &rest[at + 2..];
            }
            Found::NoMore => break,
        }
    }
    out.plain(rest);
    out.text
}

enum Found<'a> {
    Word { label: &'a [u8], bytes: Vec<u8>, length: usize },
    No,
    NoMore,
}

/// An encoded word at the start of the text: `=?charset*language?encoding?words?=`.
fn word(text: &[u8]) -> Found<'_> {
    let inside = &text[2..];
    let Some(label) = inside.iter().take(LONGEST_LABEL).position(|&b| b == b'?') else { return Found::No };
    let [encoding, b'?', words @ ..] = &inside[label + 1..] else { return Found::No };
    let Some(end) = memchr::memmem::find(words, b"?=") else { return Found::NoMore };
    let mut bytes = Vec::new();
    match encoding.to_ascii_lowercase() {
        b'q' => {
            transfer::escapes(&words[..end], true, &mut bytes);
        }
        b'b' => bytes = transfer::base64(&words[..end]).0,
        _ => return Found::No,
    }
    let name = &inside[..label];
    let name = name.split(|&b| b == b'*').next().unwrap_or(name);
    Found::Word { label: name, bytes, length: 2 + label + 3 + end + 2 }
}

struct Text<'a> {
    text: String,
    pending: Option<(Vec<u8>, Vec<u8>)>,
    path: &'a str,
    complaints: &'a mut Vec<Complaint>,
}

impl Text<'_> {
    fn plain(&mut self, bytes: &[u8]) {
        self.flush();
        if !bytes.is_empty() {
            self.push(bytes, None);
        }
    }

    fn word(&mut self, label: &[u8], bytes: &[u8]) {
        match &mut self.pending {
            Some((before, all)) if before.eq_ignore_ascii_case(label) => all.extend_from_slice(bytes),
            _ => {
                self.flush();
                self.pending = Some((label.to_vec(), bytes.to_vec()));
            }
        }
    }

    fn flush(&mut self) {
        if let Some((label, bytes)) = self.pending.take() {
            self.push(&bytes, Some(&String::from_utf8_lossy(&label)));
        }
    }

    fn push(&mut self, bytes: &[u8], label: Option<&str>) {
        let (text, complaints) = decode::labelled(bytes, label).told(self.path, None);
        self.text.push_str(&text);
        self.complaints.extend(complaints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expect: &str, codes: &[&str]) {
        check_bytes(value.as_bytes(), expect, codes);
    }

    #[track_caller]
    fn check_bytes(value: &[u8], expect: &str, codes: &[&str]) {
        let mut complaints = Vec::new();
        assert_eq!(decode(value, "subject", &mut complaints), expect);
        let found: Vec<_> = complaints.iter().map(|c| c.code).collect();
        assert_eq!(found, codes, "{expect}");
    }

    #[test]
    fn encoded_words_are_read_and_the_space_between_them_is_none() {
        check("plain words", "plain words", &[]);
        check("=?utf-8?Q?caf=C3=A9_au?= lait", "café au lait", &[]);
        check("=?UTF-8*en?b?w6k=?=\r\n =?utf-8?q?=C3=A9?=", "éé", &[]);
        check("=?iso-8859-1?Q?=93q=94?= and =?utf-8?q?x?=", "“q” and x", &[]);
        check("a =?utf-8?q?b?=  =?iso-8859-15?q?=A4?= c", "a b€ c", &[]);
    }

    #[test]
    fn characters_that_were_cut_in_two_are_whole_again() {
        check("=?utf-8?b?4KS5?= =?utf-8?q?=E0=A4?= =?utf-8?q?=BF?=", "हि", &[]);
    }

    #[test]
    fn what_is_no_encoded_word_stays() {
        check("is 1=?2 =?utf-8?x?y?= =?utf-8?q?open", "is 1=?2 =?utf-8?x?y?= =?utf-8?q?open", &[]);
        check("=?", "=?", &[]);
        check_bytes("प्रधान".as_bytes(), "प्रधान", &[]);
    }

    #[test]
    fn bytes_that_cannot_be_decoded_are_said() {
        check("=?utf-8?q?caf=E9?=", "caf\u{fffd}", &["undecodable-bytes"]);
        check_bytes(b"caf\xe9", "caf\u{fffd}", &["undecodable-bytes"]);
        check("=?x-nix?q?a?=", "a", &["unknown-encoding"]);
    }
}
