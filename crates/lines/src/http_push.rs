//! A pushed body: the rules of `POST /wire/{feed}`. The route itself belongs to the room that has the listener.

use bytes::Bytes;
use news::{Digest, FeedId};

use crate::unpack::{self, UnpackError};
use crate::{Refused, Secret};

/// What a sender must show and keep to.
#[derive(Clone, Debug)]
pub struct Push {
    /// The feed.
    pub feed: FeedId,
    /// The token that senders show as `Authorization: Bearer …`.
    pub token: Secret,
    /// The largest body, in bytes, before and after content decoding.
    pub max_bytes: u64,
    /// How many bytes may come out of one byte of a packed body.
    pub max_ratio: u64,
}

/// Why a pushed body is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushRefusal {
    /// No token, or a wrong one.
    #[error("the request needs the feed's token: `Authorization: Bearer TOKEN`")]
    Unauthorised,
    /// More than the limit, packed or unpacked.
    #[error("the body is larger than {0} bytes; send the items in several requests")]
    TooLarge(u64),
    /// A content coding that is not known, or a body that is not what its coding says.
    #[error("{0}")]
    Coding(String),
    /// No body at all.
    #[error("the request has no body")]
    Empty,
    /// Too much is waiting; later, please.
    #[error("too much is waiting to be read; try again")]
    Busy,
    /// Nothing can be kept now.
    #[error("the transmission cannot be kept now ({0}); try again")]
    Unavailable(String),
}

impl PushRefusal {
    /// The HTTP status (RFC 9110 §15.5, RFC 6585 §4).
    pub fn status(&self) -> u16 {
        match self {
            PushRefusal::Unauthorised => 401,
            PushRefusal::TooLarge(_) => 413,
            PushRefusal::Coding(_) => 415,
            PushRefusal::Empty => 400,
            PushRefusal::Busy => 429,
            PushRefusal::Unavailable(_) => 503,
        }
    }

    /// Seconds for `Retry-After`, where trying again helps.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            PushRefusal::Busy => Some(2),
            PushRefusal::Unavailable(_) => Some(30),
            _ => None,
        }
    }
}

impl From<Refused> for PushRefusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Busy => PushRefusal::Busy,
            Refused::Full => {
                PushRefusal::Unavailable("the disk is full; what it withdraws is off all the same".into())
            }
            Refused::Stopping => PushRefusal::Unavailable("the newsroom is stopping".into()),
            // The sender is a stranger to our store: what failed in it is for the operators.
            Refused::Fatal(_) => PushRefusal::Unavailable("the store failed".into()),
        }
    }
}

impl Push {
    /// Looks at the `Authorization` header. The time it takes does not depend on how much of the token is right.
    ///
    /// # Errors
    /// [`PushRefusal::Unauthorised`]; answer with `WWW-Authenticate: Bearer`.
    pub fn authorise(&self, header: Option<&str>) -> Result<(), PushRefusal> {
        let shown = header.and_then(bearer).unwrap_or_default();
        // An empty token in the configuration must not open the door to everybody.
        if same(shown.as_bytes(), self.token.expose().as_bytes()) && !shown.is_empty() {
            Ok(())
        } else {
            Err(PushRefusal::Unauthorised)
        }
    }

    /// Undoes the content coding (`identity`, `gzip`, `br`, `zstd`) and holds the body to its limits. What comes out
    /// is what is archived. It may take milliseconds of computing; keep it off a thread that serves others.
    ///
    /// # Errors
    /// A [`PushRefusal`] with status 400, 413 or 415.
    pub fn decode(&self, content_encoding: Option<&str>, body: Bytes) -> Result<Vec<u8>, PushRefusal> {
        if body.is_empty() {
            return Err(PushRefusal::Empty);
        }
        let bytes =
            unpack::unpack(content_encoding, body, self.max_bytes, self.max_ratio).map_err(|error| {
                match error {
                    UnpackError::TooLarge { limit } => PushRefusal::TooLarge(limit),
                    other => PushRefusal::Coding(other.to_string()),
                }
            })?;
        if bytes.is_empty() { Err(PushRefusal::Empty) } else { Ok(bytes) }
    }
}

/// The token behind `Bearer` (RFC 6750 §2.1; the scheme's case does not matter, RFC 9110 §11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether both are the same, in a time that tells nothing about where they differ or how long they are: digests
/// are compared, and all of them.
fn same(a: &[u8], b: &[u8]) -> bool {
    let (a, b) = (Digest::of(a), Digest::of(b));
    std::hint::black_box(a.0.iter().zip(b.0).fold(0, |differ, (a, b)| differ | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::packing::{br, gzip, zstd};

    fn push(token: &str) -> Push {
        Push { feed: "agx-world".into(), token: Secret::new(token), max_bytes: 1_000, max_ratio: 100 }
    }

    #[test]
    fn only_the_feeds_own_token_opens_the_door() {
        for header in ["Bearer s3cret", "bearer s3cret", " BEARER   s3cret "] {
            assert_eq!(push("s3cret").authorise(Some(header)), Ok(()), "{header}");
        }
        let wrong = [
            "",
            "s3cret",
            "Bearer",
            "Bearer ",
            "Bearer s3cre",
            "Bearer s3crets",
            "Bearer S3CRET",
            "Basic s3cret",
        ];
        for header in wrong.map(Some).into_iter().chain([None]) {
            assert_eq!(push("s3cret").authorise(header), Err(PushRefusal::Unauthorised), "{header:?}");
        }
    }

    #[test]
    fn an_empty_token_opens_the_door_to_nobody() {
        for header in [None, Some(""), Some("Bearer "), Some("Bearer x")] {
            assert_eq!(push("").authorise(header), Err(PushRefusal::Unauthorised));
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert!(!format!("{:?}", push("s3cret")).contains("s3cret"));
    }

    #[track_caller]
    fn check(coding: Option<&str>, body: &[u8], expect: Result<&[u8], u16>) {
        let decoded = push("t").decode(coding, Bytes::copy_from_slice(body));
        assert_eq!(decoded.as_deref().map_err(|refusal| refusal.status()), expect);
    }

    #[test]
    fn bodies_are_unpacked_and_held_to_their_limits() {
        check(None, b"storm", Ok(b"storm"));
        check(Some("gzip"), &gzip(b"storm"), Ok(b"storm"));
        check(Some("br"), &br(b"storm"), Ok(b"storm"));
        check(Some("zstd"), &zstd(b"storm"), Ok(b"storm"));
        check(None, &[b'x'; 1_000], Ok(&[b'x'; 1_000]));
        check(None, &[b'x'; 1_001], Err(413));
        check(Some("gzip"), &gzip(&[b'x'; 1_001]), Err(413));
        check(Some("gzip"), b"storm", Err(415));
        check(Some("deflate"), b"storm", Err(415));
        check(None, b"", Err(400));
        check(Some("gzip"), &gzip(b""), Err(400));
    }

    #[test]
    fn the_newsrooms_refusals_have_their_status() {
        for (refused, status) in [
            (Refused::Busy, 429),
            (Refused::Full, 503),
            (Refused::Stopping, 503),
            (Refused::Fatal("/var/lib/x: input/output error".into()), 503),
        ] {
            let refusal = PushRefusal::from(refused);
            assert_eq!(refusal.status(), status);
            assert!(refusal.retry_after().is_some());
            assert!(!refusal.to_string().contains("/var/lib"), "a stranger learns nothing of our disks");
        }
    }
}
