//! Header fields of every answer.

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What every answer of the public site says beside its own fields.
///
/// No script, no frame, no other host: the theme needs none, and agency copy gets none.
pub(crate) fn public(headers: &mut HeaderMap, style_source: &str) {
    let policy = format!(
        "default-src 'none'; style-src {style_source}; img-src 'self'; form-action 'self'; connect-src 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    set(headers, header::CONTENT_SECURITY_POLICY, &policy);
    common(headers);
}

/// What every answer of the desk says.
pub(crate) fn desk(headers: &mut HeaderMap) {
    set(
        headers,
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    set(headers, header::CACHE_CONTROL, "no-store");
    common(headers);
}

fn common(headers: &mut HeaderMap) {
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "strict-origin-when-cross-origin");
    set(headers, HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
}

pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
