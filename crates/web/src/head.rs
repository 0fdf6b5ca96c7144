//! Header fields of every answer.

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What every answer says beside its own fields, made once.
#[derive(Clone, Debug)]
pub(crate) struct Head(Vec<(HeaderName, HeaderValue)>);

impl Head {
    /// Of the public site.
    ///
    /// One script, which is a file of ours; no frame, no other host: the theme needs none, and agency copy gets none.
    pub(crate) fn public() -> Self {
        let mut head = Self::with(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
             connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        );
        // Nothing here is anybody's alone, and whoever checks a story does it from another place.
        head.0.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")));
        head
    }

    /// Of the desk.
    pub(crate) fn desk() -> Self {
        let mut head = Self::with(
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        );
        head.0.push((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
        head
    }

    fn with(policy: &str) -> Self {
        let fixed = [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
            (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        ];
        let policy = HeaderValue::from_str(policy).expect("the policy is made of plain signs");
        let fixed = fixed.map(|(name, value)| (name, HeaderValue::from_static(value)));
        Self(std::iter::once((header::CONTENT_SECURITY_POLICY, policy)).chain(fixed).collect())
    }

    /// How many fields there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts them on an answer.
    pub(crate) fn dress(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            // The one page with a script names that script alone.
            if name != header::CONTENT_SECURITY_POLICY || !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
