//! Undoing an HTTP content coding without falling for a bomb.

use std::io::{self, Read};

use bytes::Bytes;

/// What may unpack to any size below the caller's limit; beyond it, [`MAX_RATIO`] holds.
const FREE_BYTES: u64 = 1 << 20;
/// How many bytes may come out for one that went in. News text packs 3:1 to 10:1, a feed full of repeated markup 30:1.
const MAX_RATIO: u64 = 100;
/// RFC 9659 §3: a zstd frame in HTTP needs no window above 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Why a body could not be unpacked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnpackError {
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the body unpacks to more than {MAX_RATIO} times its size, which no news does")]
    Bomb,
    #[error("the content coding `{0}` is not known; gzip, br, zstd and identity are")]
    UnknownCoding(String),
    #[error("the body is not whole or not what its content coding `{coding}` says: {error}")]
    Broken { coding: &'static str, error: io::Error },
}

/// The bytes behind `body`, coded as the `Content-Encoding` header says (RFC 9110 §8.4), at most `limit` of them.
pub(crate) fn unpack(coding: Option<&str>, body: Bytes, limit: u64) -> Result<Vec<u8>, UnpackError> {
    if body.len() as u64 > limit {
        return Err(UnpackError::TooLarge { limit });
    }
    let written = coding.map(str::trim).unwrap_or_default();
    match written.to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(body.into()),
        "gzip" | "x-gzip" => drain("gzip", flate2::read::MultiGzDecoder::new(&*body), &body, limit),
        "br" => drain("br", brotli_decompressor::Decompressor::new(&*body, 4096), &body, limit),
        "zstd" => {
            let broken = |error| UnpackError::Broken { coding: "zstd", error };
            let mut decoder = zstd::stream::read::Decoder::with_buffer(&*body).map_err(broken)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(broken)?;
            drain("zstd", decoder, &body, limit)
        }
        _ => Err(UnpackError::UnknownCoding(written.chars().take(40).filter(|c| !c.is_control()).collect())),
    }
}

fn drain(coding: &'static str, from: impl Read, packed: &Bytes, limit: u64) -> Result<Vec<u8>, UnpackError> {
    let ratio_limit = FREE_BYTES.max(packed.len() as u64 * MAX_RATIO);
    let stop = limit.min(ratio_limit);
    let mut out = Vec::new();
    from.take(stop + 1).read_to_end(&mut out).map_err(|error| UnpackError::Broken { coding, error })?;
    match out.len() as u64 > stop {
        true if limit <= ratio_limit => Err(UnpackError::TooLarge { limit }),
        true => Err(UnpackError::Bomb),
        false => Ok(out),
    }
}
