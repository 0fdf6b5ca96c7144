//! Transfer encodings of mail (RFC 2045 §6): what was done to the bytes so that they survive the way.

use std::borrow::Cow;

/// Undoes a `Content-Transfer-Encoding`.
///
/// Gives the bytes and whether they were damaged: an escape that is none, a stray character, an end that is missing.
/// `None` for an encoding that nobody reads here.
pub(crate) fn undo<'a>(bytes: &'a [u8], encoding: &str) -> Option<(Cow<'a, [u8]>, bool)> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "7bit" | "8bit" | "binary" => Some((Cow::Borrowed(bytes), false)),
        "quoted-printable" => {
            let (bytes, damaged) = quoted_printable(bytes);
            Some((Cow::Owned(bytes), damaged))
        }
        "base64" => {
            let (bytes, damaged) = base64(bytes);
            Some((Cow::Owned(bytes), damaged))
        }
        _ => None,
    }
}

/// Quoted-printable, RFC 2045 §6.7. White space at the end of an encoded line was added on the way (rule 3).
fn quoted_printable(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(bytes.len());
    let mut damaged = false;
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        let text = line.strip_suffix(b"\n").map_or(line, |text| text.strip_suffix(b"\r").unwrap_or(text));
        let end = &line[text.len()..];
        let text = text.trim_ascii_end();
        match text.strip_suffix(b"=") {
            Some(text) => damaged |= escapes(text, false, &mut out),
            None => {
                damaged |= escapes(text, false, &mut out);
                out.extend_from_slice(end);
            }
        }
    }
    (out, damaged)
}

/// Resolves `=XX`; `header` is for encoded words, in which `_` is a space (RFC 2047 §4.2). Whether one was broken.
pub(super) fn escapes(text: &[u8], header: bool, out: &mut Vec<u8>) -> bool {
    let mut damaged = false;
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'=', [a, b, ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
                out.push(nibble(*a) << 4 | nibble(*b));
                rest = &after[2..];
            }
            (b'=', _) => {
                damaged = true;
                out.push(b'=');
            }
            (b'_', _) if header => out.push(b' '),
            _ => out.push(first),
        }
    }
    damaged
}

fn nibble(digit: u8) -> u8 {
    (digit as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0)
}

/// Base 64, RFC 2045 §6.8.
pub(super) fn base64(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut bits, mut count, mut padding) = (0u32, 0usize, 0usize);
    let mut damaged = false;
    for &b in bytes {
        let digit = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                continue;
            }
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            _ => {
                damaged = true;
                continue;
            }
        };
        damaged |= padding > 0;
        bits = bits << 6 | u32::from(digit);
        count += 1;
        if count.is_multiple_of(4) {
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
            bits = 0;
        }
    }
    match count % 4 {
        2 => out.push((bits >> 4) as u8),
        3 => out.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => {}
    }
    (out, damaged || !(count + padding).is_multiple_of(4) || padding > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(encoding: &str, bytes: &str, expect: &[u8], damaged: bool) {
        let found = undo(bytes.as_bytes(), encoding).map(|(bytes, damaged)| (bytes.into_owned(), damaged));
        assert_eq!(found, Some((expect.to_vec(), damaged)), "{bytes}");
    }

    #[test]
    fn quoted_printable_gives_back_the_bytes() {
        let check = |bytes, expect: &[u8], damaged| check("Quoted-Printable", bytes, expect, damaged);
        check("caf=E9=\r\n au lait", b"caf\xe9 au lait", false);
        check("a =\n  b", b"a   b", false);
        check("a=20\r\nb \t\r\nc", b"a \r\nb\r\nc", false);
        check("1 =3D 1, =e2=82=ac", "1 = 1, €".as_bytes(), false);
        check("a=", b"a", false);
        check("a=  \r\nb", b"ab", false);
        check("x=ZZ", b"x=ZZ", true);
        check("x=4", b"x=4", true);
    }

    #[test]
    fn base64_gives_back_the_bytes() {
        let check = |bytes, expect: &[u8], damaged| check("BASE64", bytes, expect, damaged);
        check("aGVs\r\nbG8=\r\n", b"hello", false);
        check("aGVsbG8h", b"hello!", false);
        check("aA==", b"h", false);
        check("", b"", false);
        check("aGVsbG8", b"hello", true);
        check("aGVs*bG8=", b"hello", true);
        check("aA==aA==", b"h\x06\x80", true);
        check("aGVsb", b"hel", true);
    }

    #[test]
    fn an_encoding_that_nobody_knows_is_not_guessed() {
        assert!(undo(b"begin 644 a.txt", "x-uuencode").is_none());
    }
}
