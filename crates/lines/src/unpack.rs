//! Undoing an HTTP content coding without falling for a bomb.

use std::io::{self, Read};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::Bytes;

/// What may unpack to any size below the caller's limit; beyond it, the caller's ratio holds.
const FREE_BYTES: u64 = 1 << 20;
/// RFC 9659 §3: a zstd frame in HTTP needs no window above 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Why a body could not be unpacked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnpackError {
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the body unpacks to more than {ratio} times its size, which no news does")]
    Bomb { ratio: u64 },
    #[error("the content coding `{0}` is not known; gzip, br, zstd and identity are")]
    UnknownCoding(String),
    #[error("the body is not whole or not what its content coding `{coding}` says: {error}")]
    Broken { coding: &'static str, error: io::Error },
}

/// The bytes behind `body`, coded as the `Content-Encoding` header says (RFC 9110 §8.4), at most `limit` of them, and at
/// most `ratio` for each byte of the body. News text packs 3:1 to 10:1, a feed full of repeated markup 30:1.
pub(crate) fn unpack(
    coding: Option<&str>,
    body: Bytes,
    limit: u64,
    ratio: u64,
) -> Result<Vec<u8>, UnpackError> {
    if body.len() as u64 > limit {
        return Err(UnpackError::TooLarge { limit });
    }
    let written = coding.map(str::trim).unwrap_or_default();
    match written.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(body.into()),
        "gzip" | "x-gzip" => drain("gzip", flate2::read::MultiGzDecoder::new(&*body), &body, (limit, ratio)),
        "br" => drain("br", Brotli::new(&body), &body, (limit, ratio)),
        "zstd" => {
            let broken = |error| UnpackError::Broken { coding: "zstd", error };
            let mut decoder = zstd::stream::read::Decoder::with_buffer(&*body).map_err(broken)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(broken)?;
            drain("zstd", decoder, &body, (limit, ratio))
        }
        _ => Err(UnpackError::UnknownCoding(written.chars().take(40).filter(|c| !c.is_control()).collect())),
    }
}

fn drain(
    coding: &'static str,
    from: impl Read,
    packed: &Bytes,
    (limit, ratio): (u64, u64),
) -> Result<Vec<u8>, UnpackError> {
    let ratio_limit = FREE_BYTES.max((packed.len() as u64).saturating_mul(ratio));
    let stop = limit.min(ratio_limit);
    let mut out = Vec::new();
    from.take(stop + 1).read_to_end(&mut out).map_err(|error| UnpackError::Broken { coding, error })?;
    match out.len() as u64 > stop {
        true if limit <= ratio_limit => Err(UnpackError::TooLarge { limit }),
        true => Err(UnpackError::Bomb { ratio }),
        false => Ok(out),
    }
}

/// Brotli (RFC 7932) as a reader that, unlike the crate's own, notices bytes behind the end.
struct Brotli<'a> {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    packed: &'a [u8],
    offset: usize,
    total: usize,
    ended: bool,
}

impl<'a> Brotli<'a> {
    fn new(packed: &'a [u8]) -> Self {
        let alloc = StandardAlloc::default;
        let state = BrotliState::new(alloc(), alloc(), alloc());
        Self { state, packed, offset: 0, total: 0, ended: false }
    }
}

impl Read for Brotli<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.ended || out.is_empty() {
            return Ok(0);
        }
        let (mut left, mut free, mut written) = (self.packed.len() - self.offset, out.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut self.offset,
            self.packed,
            &mut free,
            &mut written,
            out,
            &mut self.total,
            &mut self.state,
        );
        match result {
            // Without progress it would look like the end.
            BrotliResult::NeedsMoreOutput if written > 0 => Ok(written),
            BrotliResult::ResultSuccess if left == 0 => {
                self.ended = true;
                Ok(written)
            }
            BrotliResult::ResultSuccess => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "bytes behind the end"))
            }
            BrotliResult::NeedsMoreInput => Err(io::ErrorKind::UnexpectedEof.into()),
            BrotliResult::NeedsMoreOutput | BrotliResult::ResultFailure => {
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }
}

/// Packs, for tests here and elsewhere in this room.
#[cfg(test)]
pub(crate) mod packing {
    use std::io::Write as _;

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    pub(crate) fn br(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut packer = brotli::CompressorWriter::new(&mut out, 4096, 5, 20);
        packer.write_all(bytes).unwrap();
        drop(packer);
        out
    }

    pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::packing::{br, gzip, zstd};
    use super::*;

    const LIMIT: u64 = 16 << 20;

    #[track_caller]
    fn check(coding: Option<&str>, body: &[u8], expect: Result<&[u8], &str>) {
        let unpacked = unpack(coding, Bytes::copy_from_slice(body), LIMIT, 100);
        match (unpacked, expect) {
            (Ok(bytes), Ok(expect)) => assert_eq!(bytes, expect, "{coding:?}"),
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{coding:?}: {error}"),
            (unpacked, _) => panic!("{coding:?}: {:?}", unpacked.map(|bytes| bytes.len())),
        }
    }

    #[test]
    fn each_coding_is_undone_whatever_its_case() {
        let text = b"storm \x00\xff and flood".repeat(99);
        for none in [None, Some(""), Some("identity"), Some(" Identity ")] {
            check(none, &text, Ok(&text));
        }
        for (names, packed) in
            [(["gzip", "X-GZIP"], gzip(&text)), (["br", "BR"], br(&text)), (["zstd", " Zstd"], zstd(&text))]
        {
            names.iter().for_each(|name| check(Some(name), &packed, Ok(&text)));
        }
    }

    #[test]
    fn a_second_gzip_member_is_not_lost() {
        check(Some("gzip"), &[gzip(b"storm "), gzip(b"and flood")].concat(), Ok(b"storm and flood"));
        check(Some("zstd"), &[zstd(b"storm "), zstd(b"and flood")].concat(), Ok(b"storm and flood"));
    }

    #[test]
    fn every_cut_of_a_packed_body_is_noticed() {
        let text: Vec<u8> = (0..3_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for (coding, packed) in [("gzip", gzip(&text)), ("br", br(&text)), ("zstd", zstd(&text))] {
            for cut in (1..packed.len()).step_by(97).chain(packed.len() - 9..packed.len()) {
                check(Some(coding), &packed[..cut], Err("not whole"));
            }
        }
    }

    #[test]
    fn what_follows_the_packed_body_is_not_ignored() {
        for (coding, packed) in [("gzip", gzip(b"storm")), ("br", br(b"storm")), ("zstd", zstd(b"storm"))] {
            check(Some(coding), &[&packed[..], b"more"].concat(), Err("not whole"));
        }
    }

    #[test]
    fn bombs_stop_at_the_ratio_and_large_bodies_at_the_limit() {
        let zeros = vec![0; 8 << 20];
        for (coding, packed) in [("gzip", gzip(&zeros)), ("br", br(&zeros)), ("zstd", zstd(&zeros))] {
            check(Some(coding), &packed, Err("100 times its size"));
            let packed = Bytes::from(packed);
            let small = unpack(Some(coding), packed.clone(), 1_000, 100);
            assert!(matches!(small, Err(UnpackError::TooLarge { limit: 1_000 })), "{coding}");
            assert_eq!(
                unpack(Some(coding), packed, LIMIT, 1_000_000).unwrap().len(),
                zeros.len(),
                "{coding}"
            );
        }
        check(None, &vec![0; LIMIT as usize + 1], Err("larger than"));
    }

    #[test]
    fn unknown_codings_are_named() {
        for coding in ["deflate", "gzip, br", "compress", "gzip\u{7}"] {
            check(Some(coding), b"storm", Err("is not known"));
        }
        check(Some("gzip"), b"storm", Err("not whole"));
    }
}
