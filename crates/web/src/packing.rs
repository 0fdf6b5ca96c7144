//! Bodies packed for their way, as the reader's program asks for (RFC 9110 §12.5.3).

use std::io::Write as _;

use newsroom::public::Packing;

/// How hard each packs. A form is made once and sent many times; with these a page of 20 KB takes about a millisecond.
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 18;
const ZSTD_LEVEL: i32 = 6;
const GZIP_LEVEL: u32 = 6;

/// The packing that `Accept-Encoding` likes best; among equals the smallest. Nothing if it likes none, or if it cannot
/// be read.
pub(crate) fn wanted(accepted: &str) -> Option<Packing> {
    // Thousandths, so that nobody compares fractions; 0 is a refusal.
    let mut likes: [Option<u16>; Packing::ALL.len()] = [None; Packing::ALL.len()];
    let mut rest = 0;
    for one in accepted.split(',') {
        let (coding, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let Some(weight) = thousandths(weight) else { continue };
        let coding = coding.trim_ascii();
        if coding == "*" {
            rest = weight;
        } else if let Some(packing) =
            Packing::ALL.into_iter().find(|p| coding.eq_ignore_ascii_case(p.as_str()))
        {
            likes[packing as usize] = Some(weight);
        }
    }
    let liked = |packing: Packing| likes[packing as usize].unwrap_or(rest);
    // The last of the greatest is taken, so the best comes last.
    Packing::ALL.into_iter().rev().filter(|packing| liked(*packing) > 0).max_by_key(|packing| liked(*packing))
}

/// A weight, `q=0.8`.
fn thousandths(weight: &str) -> Option<u16> {
    let (name, value) = weight.split_once('=')?;
    if !name.trim_ascii().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, part) = value.trim_ascii().split_once('.').unwrap_or((value.trim_ascii(), ""));
    if part.len() > 3 || !part.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = part.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1_000),
        _ => None,
    }
}

/// Packs. What cannot be packed is given back longer than it was, so that it is sent as it is.
pub(crate) fn pack(packing: Packing, bytes: &[u8]) -> Vec<u8> {
    let packed = match packing {
        Packing::Brotli => {
            let mut packer = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
            packer.write_all(bytes).map(|()| packer.into_inner())
        }
        Packing::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
        Packing::Gzip => {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
            packer.write_all(bytes).and_then(|()| packer.finish())
        }
    };
    packed.unwrap_or_else(|_| [bytes, b"\n"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(accepted: &str, expect: Option<Packing>) {
        assert_eq!(wanted(accepted), expect, "{accepted}");
    }

    #[test]
    fn the_best_liked_packing_is_taken() {
        use Packing::{Brotli, Gzip, Zstd};
        check("gzip, deflate, br, zstd", Some(Brotli));
        check("gzip", Some(Gzip));
        check("GZIP;q=1.0", Some(Gzip));
        check("br;q=0.5, gzip;q=0.9", Some(Gzip));
        check("br;q=0, gzip;q=0, zstd", Some(Zstd));
        check("*", Some(Brotli));
        check("br;q=0, *;q=0.1", Some(Zstd));
        check("gzip ; q = 0.001", Some(Gzip));
    }

    #[test]
    fn what_is_not_liked_or_not_understood_is_sent_as_it_is() {
        for accepted in
            ["", "identity", "deflate", "gzip;q=0", "gzip;q=0.000", "gzip;q=9e99", "gzip;q=", "gzip;x=1"]
        {
            check(accepted, None);
        }
        check("gzip;q=9e99, br;q=, *;q=-1, identity;q=0", None);
        check("gzip;q=0.1234", None);
    }

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let words = "The council agreed on the budget. ".repeat(100).into_bytes();
        for packing in Packing::ALL {
            let packed = pack(packing, &words);
            assert!(packed.len() < words.len() / 4, "{packing:?}: {}", packed.len());
        }
        assert_eq!(zstd::bulk::decompress(&pack(Packing::Zstd, &words), 10_000).ok(), Some(words.clone()));
        let mut out = Vec::new();
        let gzip = pack(Packing::Gzip, &words);
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&gzip[..]), &mut out).expect("gzip");
        assert_eq!(out, words);
        let mut out = Vec::new();
        let br = pack(Packing::Brotli, &words);
        std::io::Read::read_to_end(&mut brotli::Decompressor::new(&br[..], 4096), &mut out).expect("brotli");
        assert_eq!(out, words);
    }
}
