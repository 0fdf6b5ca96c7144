//! Archives of wires: zip (APPNOTE 6.3), tar (POSIX ustar) and gzip (RFC 1952), told by their first bytes.
//!
//! Each member is read as a transmission of its own, in the order in which it stands. Nothing is written anywhere: names
//! of members are only told. Limits hold for all members together: what unpacks to more than the bytes of one
//! transmission, or to more than a hundred times what came, is not read on. A member that cannot be unpacked, or in which
//! no wire is found, is a complaint that names it; its siblings go on. Spans of items are the whole archive.

use std::io::Read as _;

use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use news::{Complaint, Gravity, Origins, Version};

use crate::{Hints, Reading, terms};

/// Archives inside archives are read so deep: a tar inside gzip, and one more.
const NESTING: usize = 3;
/// What may come out whatever came in.
const FREE: usize = 1 << 20;
/// Beyond that, so many bytes for one that came in.
const RATIO: usize = 100;

/// Whether these bytes begin an archive.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    kind(bytes).is_some()
}

#[derive(Clone, Copy)]
enum Kind {
    Zip,
    Tar,
    Gzip,
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        Some(Kind::Zip)
    } else if bytes.starts_with(b"\x1f\x8b\x08") {
        Some(Kind::Gzip)
    } else {
        (bytes.get(257..262) == Some(b"ustar")).then_some(Kind::Tar)
    }
}

/// Reads all members.
pub(crate) fn read(bytes: &[u8], hints: &Hints, nesting: usize) -> Reading {
    let mut members = Members {
        hints,
        nesting,
        left: limit(bytes, hints),
        whole: bytes.len(),
        reading: Reading::default(),
    };
    if nesting >= NESTING {
        members.lose(
            "",
            "archive-too-deep",
            format!("archives are read {NESTING} deep; what lies deeper was not"),
        );
        return members.reading;
    }
    match kind(bytes) {
        Some(Kind::Zip) => members.zip(bytes),
        Some(Kind::Tar) => members.tar(bytes),
        Some(Kind::Gzip) => members.gzip(bytes),
        None => {}
    }
    members.reading
}

fn limit(bytes: &[u8], hints: &Hints) -> usize {
    hints.limits.bytes.min(FREE.max(bytes.len().saturating_mul(RATIO)))
}

struct Members<'a> {
    hints: &'a Hints,
    nesting: usize,
    /// So many bytes may still come out.
    left: usize,
    whole: usize,
    reading: Reading,
}

impl Members<'_> {
    fn lose(&mut self, name: &str, code: &'static str, message: String) {
        self.reading.complaints.push(Complaint::new(Gravity::Lost, code, message).at(name, None));
    }

    /// One member, unpacked.
    fn member(&mut self, name: &str, bytes: &[u8], damaged: bool) {
        if bytes.is_empty() || is_aside(name) {
            return;
        }
        if self.reading.items.len() >= self.hints.limits.items {
            let message =
                format!("more than {} items came; this member was not read", self.hints.limits.items);
            return self.lose(name, "too-many-items", message);
        }
        let inner = crate::read_nested(bytes, self.hints, self.nesting + 1);
        if inner.items.is_empty() && is_medium(bytes) {
            let message = "the member is a picture, sound or film; it stays in the archive";
            let complaint = Complaint::new(Gravity::Remark, "archive-medium", message).at(name, None);
            self.reading.complaints.push(complaint);
            return;
        }
        let first = self.reading.items.len();
        let placed = |mut complaint: Complaint| {
            complaint.place.path = if complaint.place.path.is_empty() {
                name.to_owned()
            } else {
                format!("{name}: {}", complaint.place.path)
            };
            complaint.place.item = complaint.place.item.map(|item| first + item);
            complaint
        };
        self.reading.complaints.extend(inner.complaints.into_iter().map(placed));
        let format = inner.format;
        self.reading.format = match first {
            0 => format,
            _ => self.reading.format.filter(|own| Some(*own) == format),
        };
        let room = self.hints.limits.items - first;
        if inner.items.len() > room {
            let message = format!("more than {} items came; the rest was not read", self.hints.limits.items);
            self.lose(name, "too-many-items", message);
        }
        for version in inner.items.into_iter().take(room) {
            let version = self.moved(version, name, damaged, placed);
            self.reading.items.push(version);
        }
    }

    fn moved(
        &self,
        mut version: Version,
        name: &str,
        damaged: bool,
        placed: impl Fn(Complaint) -> Complaint,
    ) -> Version {
        version.span = 0..self.whole;
        version.origins = Origins::default();
        version.complaints = std::mem::take(&mut version.complaints).into_iter().map(placed).collect();
        for complaint in &mut version.complaints {
            complaint.place.offset = None;
        }
        if damaged {
            let message = "the check sum of the archive's member does not fit its bytes";
            terms::complain(&mut version, Gravity::Hold, "archive-damaged", message, name);
        }
        terms::keep(&mut version, "archive/member", name);
        version
    }

    /// Unpacks at most what is left; `None` if more would come, or it cannot be unpacked.
    fn unpacked(&mut self, name: &str, from: impl std::io::Read) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match from.take(self.left as u64 + 1).read_to_end(&mut out) {
            Ok(_) if out.len() > self.left => {
                let message = "the archive unpacks to more than is read of one transmission".to_owned();
                self.lose(name, "too-large", message);
                self.left = 0;
                None
            }
            Ok(_) => {
                self.left -= out.len();
                Some(out)
            }
            Err(error) => {
                self.lose(name, "archive-broken", format!("the member cannot be unpacked: {error}"));
                None
            }
        }
    }

    fn gzip(&mut self, bytes: &[u8]) {
        if let Some(inner) = self.unpacked("", MultiGzDecoder::new(bytes)) {
            self.member("", &inner, false);
        }
    }

    fn tar(&mut self, bytes: &[u8]) {
        let mut at = 0;
        let mut long_name = None;
        while let Some(header) = bytes.get(at..at + 512) {
            if header.iter().all(|b| *b == 0) {
                return;
            }
            let Some((size, sum)) = octal(&header[124..136]).zip(octal(&header[148..156])) else {
                return self.lose(
                    "",
                    "archive-broken",
                    format!("the header at byte {at} of the tar cannot be read"),
                );
            };
            let counted: usize = header
                .iter()
                .enumerate()
                .map(|(i, b)| if (148..156).contains(&i) { 32 } else { usize::from(*b) })
                .sum();
            let name = long_name.take().unwrap_or_else(|| tar_name(header));
            if counted != sum {
                return self.lose(
                    &name,
                    "archive-broken",
                    format!("the header at byte {at} of the tar is damaged"),
                );
            }
            let Some(inside) = bytes.get(at + 512..(at + 512).saturating_add(size)) else {
                return self.lose(&name, "archive-broken", "the tar ends within this member".to_owned());
            };
            match header[156] {
                b'0' | 0 => self.member(&name, inside, false),
                b'L' => long_name = Some(until_nul(inside)),
                // Folders, links, and what newer tars say beside.
                _ => {}
            }
            at += 512 + size.div_ceil(512) * 512;
        }
        if at < bytes.len() {
            self.lose("", "archive-broken", "the tar ends within a header".to_owned());
        }
    }

    /// By the directory at its end, which names every member and where it begins.
    fn zip(&mut self, bytes: &[u8]) {
        let tail = bytes.len().saturating_sub(22 + 0xffff);
        let end =
            (tail..bytes.len().saturating_sub(21)).rev().find(|at| bytes[*at..].starts_with(b"PK\x05\x06"));
        let Some(end) = end else {
            let message = "the zip has no directory at its end: it did not arrive whole".to_owned();
            return self.lose("", "archive-broken", message);
        };
        let count = word(bytes, end + 10, 2).unwrap_or(0);
        let mut at = word(bytes, end + 16, 4).unwrap_or(0);
        for n in 0..count {
            if n >= self.hints.limits.items {
                let message =
                    format!("more than {} members came; the rest was not read", self.hints.limits.items);
                return self.lose("", "too-many-items", message);
            }
            let Some(length) = self.zip_member(bytes, at) else {
                return self.lose(
                    "",
                    "archive-broken",
                    format!("the directory of the zip breaks off at byte {at}"),
                );
            };
            at += length;
        }
    }

    /// The member that the directory names here; gives back how long its line in the directory is.
    fn zip_member(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let line = bytes.get(at..)?;
        if !line.starts_with(b"PK\x01\x02") {
            return None;
        }
        let field = |from, size| word(line, from, size);
        let (flags, method, sum) = (field(8, 2)?, field(10, 2)?, field(16, 4)?);
        let (packed, start) = (field(20, 4)?, field(42, 4)?);
        let lengths = [field(28, 2)?, field(30, 2)?, field(32, 2)?];
        let name = String::from_utf8_lossy(line.get(46..46 + lengths[0])?).into_owned();
        let length = 46 + lengths.iter().sum::<usize>();
        if name.ends_with('/') {
            return Some(length);
        }
        let body = (|| {
            let local = bytes.get(start..).filter(|local| local.starts_with(b"PK\x03\x04"))?;
            let from = 30 + word(local, 26, 2)? + word(local, 28, 2)?;
            local.get(from..from.checked_add(packed)?)
        })();
        let Some(body) = body else {
            self.lose(
                &name,
                "archive-broken",
                "the member does not stand where the zip's directory says".to_owned(),
            );
            return Some(length);
        };
        let inner = match method {
            _ if flags & 1 != 0 => {
                self.lose(
                    &name,
                    "archive-encrypted",
                    "the member is encrypted and cannot be read".to_owned(),
                );
                None
            }
            0 => self.unpacked(&name, body),
            8 => self.unpacked(&name, DeflateDecoder::new(body)),
            other => {
                let message =
                    format!("the member is packed by method {other}; 0 (stored) and 8 (deflate) are read");
                self.lose(&name, "archive-unknown-method", message);
                None
            }
        };
        if let Some(inner) = inner {
            let mut crc = Crc::new();
            crc.update(&inner);
            self.member(&name, &inner, crc.sum() as usize != sum);
        }
        Some(length)
    }
}

/// A number of so many bytes, the lowest first.
fn word(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    Some(bytes.iter().rev().fold(0, |sum, b| sum << 8 | usize::from(*b)))
}

fn octal(field: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches([' ', '\0']);
    usize::from_str_radix(digits, 8).ok().filter(|size| *size < 1 << 40)
}

fn until_nul(field: &[u8]) -> String {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn tar_name(header: &[u8]) -> String {
    let (name, prefix) = (until_nul(&header[..100]), until_nul(&header[345..500]));
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

/// What packing programs put beside the members, and files that are meant to be hidden.
fn is_aside(name: &str) -> bool {
    name.split('/').any(|part| part == "__MACOSX" || part.starts_with('.') && part.len() > 1 && part != "..")
}

fn is_medium(bytes: &[u8]) -> bool {
    const STARTS: [&[u8]; 8] =
        [b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"ID3", b"%PDF", b"II*\0", b"MM\0*"];
    STARTS.iter().any(|start| bytes.starts_with(start)) || bytes.get(4..8) == Some(b"ftyp")
}

#[cfg(test)]
mod tests;
