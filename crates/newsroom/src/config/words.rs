//! The small grammars of the file: durations, sizes, names, addresses, and the nearest word to a mistyped one.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::tz::TimeZone;
use url::Url;

/// The longest time that may be configured: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Checks a text by its kind, as the schema names it.
///
/// # Errors
/// What is wrong and what would be right, without a final stop.
pub(super) fn check(kind: &str, text: &str) -> Result<(), String> {
    match kind {
        "id" => id(text),
        "duration" => duration(text).map(drop),
        "size" => size(text).map(drop),
        "url" => web_address(text).map(drop),
        "address" => socket_address(text).map(drop),
        "language" => language(text),
        "timezone" => zone(text).map(drop),
        "variable" => variable(text),
        "path" if text.is_empty() => Err("a path cannot be empty".into()),
        _ => Ok(()),
    }
}

fn id(text: &str) -> Result<(), String> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let good = (1..=64).contains(&text.len())
        && text.bytes().all(|b| fits(b) || b == b'-')
        && text.bytes().next().is_some_and(fits);
    if good {
        Ok(())
    } else {
        Err(format!("`{text}` is not a short name: up to 64 of a-z, 0-9 and -, not beginning with -"))
    }
}

/// A length of time: a whole number and its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let refuse = || {
        format!(
            "`{text}` is not a length of time: write a whole number and ms, s, m, h or d, like \"90s\", \"15m\" or \"30d\""
        )
    };
    let (number, unit) = part(text).ok_or_else(refuse)?;
    let scale = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(refuse()),
    };
    let length = number.checked_mul(scale).map(Duration::from_millis).filter(|length| *length <= LONGEST);
    length.ok_or_else(|| format!("`{text}` is longer than a hundred years"))
}

/// A number of bytes, with or without a unit.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let refuse = || {
        format!(
            "`{text}` is not a size: write bytes as a whole number, or one with kB, MB, GB, KiB, MiB or GiB, like \"16MiB\""
        )
    };
    let (number, unit) = part(text).ok_or_else(refuse)?;
    let scale: u64 = match unit {
        "" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(refuse()),
    };
    match number.checked_mul(scale) {
        Some(0) => Err("a size of 0 would refuse everything".into()),
        Some(bytes) if bytes <= 1 << 32 => Ok(bytes),
        _ => Err(format!("`{text}` is more than 4GiB, which no transmission may be")),
    }
}

/// Digits and what follows them.
fn part(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// An http or https URL without a user, a password or a fragment.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|fault| {
        format!("`{text}` is not a URL ({fault}): write it whole, like \"https://daily.example\"")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{text}` is not an http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL cannot carry a user or a password here: secrets never stand in this file".into());
    }
    if url.fragment().is_some() {
        return Err(format!("`{text}` carries a fragment (`#…`), which leads nowhere: leave it out"));
    }
    Ok(url)
}

/// An address and a port.
pub(super) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    let literal = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    literal.as_deref().unwrap_or(text).parse().map_err(|_| {
        format!("`{text}` is not an address and a port: write it like \"127.0.0.1:8080\" or \"[::1]:8080\"")
    })
}

pub(super) fn language(text: &str) -> Result<(), String> {
    let mut parts = text.split('-');
    let first = parts
        .next()
        .is_some_and(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()));
    let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    if first && rest {
        Ok(())
    } else {
        Err(format!("`{text}` is not a language tag: write one of BCP 47, like \"en\" or \"hi-IN\""))
    }
}

/// A zone of the IANA database.
pub(super) fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        // Not the abbreviations: what `IST` means depends on who says it, and `EST` is no answer.
        let hint = nearest(text, names.iter().map(String::as_str).filter(|name| name.contains('/')));
        let hint = hint.map_or_else(
            || "write one like \"Asia/Kolkata\"".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        format!("`{text}` is not in the IANA time zone database: {hint}")
    })
}

fn variable(text: &str) -> Result<(), String> {
    let good = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if good {
        return Ok(());
    }
    // Never quote it: it may well be the secret itself.
    Err("this is not the name of an environment variable: write the name, never the secret".into())
}

/// The word that is nearest to a mistyped one, if one is near enough to be meant.
pub(super) fn nearest<'a>(typed: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = typed.chars().count();
    if length > 64 {
        return None;
    }
    let most = (length / 3).max(1);
    words
        .into_iter()
        .map(|word| (distance(&typed.to_ascii_lowercase(), &word.to_ascii_lowercase()), word))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// How many insertions, deletions, replacements and swaps of neighbours lie between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let above = &rows[i - 1];
            row[j] = (above[j - 1] + usize::from(a[i - 1] != b[j - 1])).min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
