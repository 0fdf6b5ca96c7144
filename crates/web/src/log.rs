//! The public log and its proofs, as they are served: C2SP tlog-tiles below `/log/`, and what readers take away.

use std::sync::LazyLock;

use axum::Json;
use axum::body::Body;
use axum::http::header;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use news::{Digest, ItemId, SiteId};
use newsroom::{Newsroom, Of, Proved};
use notary::note::to_base64;

use crate::head;

const PLAIN: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
/// A tile of a numbered shard never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A tile of whichever shard is current is asked for again: another shard may take its place.
const A_WHILE: &str = "public, max-age=60";

fn answer(status: StatusCode, media_type: &str, keep: &str, body: impl Into<Body>) -> Response {
    let mut headers = HeaderMap::new();
    head::set(&mut headers, header::CONTENT_TYPE, media_type);
    head::set(&mut headers, header::CACHE_CONTROL, keep);
    (status, headers, body.into()).into_response()
}

/// A file below `/log/`.
pub(crate) async fn file(newsroom: Newsroom, site: SiteId, path: String) -> Response {
    let found = tokio::task::spawn_blocking(move || newsroom.log_file(&site, &path)).await;
    match found {
        Ok(Some(file)) => {
            let media_type = if file.text { PLAIN } else { BYTES };
            let keep = match (file.text, file.immutable) {
                (true, _) => "no-cache",
                (false, true) => FOR_EVER,
                (false, false) => A_WHILE,
            };
            answer(StatusCode::OK, media_type, keep, file.body)
        }
        Ok(None) => answer(StatusCode::NOT_FOUND, PLAIN, "no-store", "there is no such file in this log\n"),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// A proof. Of a story that is gone, the proof of that comes with 410.
pub(crate) async fn proof(newsroom: Newsroom, site: SiteId, item: ItemId, of: Of) -> Response {
    let proved = tokio::task::spawn_blocking(move || newsroom.proof(&site, item, of)).await;
    match proved.unwrap_or(Proved::Unfit) {
        Proved::Live(text) => answer(StatusCode::OK, PLAIN, "no-cache", text),
        Proved::Gone(Some(text)) => answer(StatusCode::GONE, PLAIN, "no-store", text),
        Proved::Gone(None) => answer(
            StatusCode::GONE,
            PLAIN,
            "no-store",
            "this story is gone; the proof of that is not recorded yet\n",
        ),
        Proved::Missing => {
            answer(StatusCode::NOT_FOUND, PLAIN, "no-store", "there is nothing to be proved here\n")
        }
        Proved::Unfit => answer(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "no-store", "not available now\n"),
    }
}

/// The page that checks a story in the reader's browser: one file, which anybody can host.
static VERIFY: LazyLock<String> =
    // not copy: a page of ours
    LazyLock::new(|| include_str!("../assets/verify.html").replacen("CHECK\n", press::CHECK, 1));

/// The script that checks a story on its own page.
pub(crate) fn badge() -> Response {
    let mut response =
        answer(StatusCode::OK, "text/javascript; charset=utf-8", FOR_EVER, press::BADGE.text.as_str());
    head::set(response.headers_mut(), header::VARY, "accept-encoding");
    response
}

/// Only the script and the style that are in the page, by their hashes; and it may read any site's stories.
static VERIFY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |tag: &str| {
        let inside = VERIFY
            .split_once(&format!("<{tag}>"))
            .and_then(|(_, rest)| rest.split_once(&format!("</{tag}>")));
        let (inside, _) = inside.unwrap_or_default();
        format!("'sha256-{}'", to_base64(&Digest::of(inside.as_bytes()).0))
    };
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src http: https:; form-action 'none'; \
         base-uri 'none'; frame-ancestors 'none'",
        hash("script"),
        hash("style")
    )
});

/// `/verify`.
pub(crate) fn verify_page() -> Response {
    let mut response = answer(StatusCode::OK, "text/html; charset=utf-8", "no-cache", VERIFY.as_str());
    head::set(response.headers_mut(), header::CONTENT_SECURITY_POLICY, &VERIFY_POLICY);
    response
}

/// `/.well-known/verbatim.json`.
pub(crate) async fn well_known(newsroom: &Newsroom, site: &SiteId) -> Response {
    let (newsroom, site) = (newsroom.clone(), site.clone());
    let said = tokio::task::spawn_blocking(move || newsroom.well_known(&site)).await;
    match said.ok().flatten() {
        Some(said) => ([(header::CACHE_CONTROL, "no-cache")], Json(said)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_of_the_page_is_small_and_the_only_one() {
        let (_, rest) = VERIFY.split_once("<script>").expect("a script");
        let (script, rest) = rest.split_once("</script>").expect("its end");
        assert!(script.len() <= 4_096, "{} bytes", script.len());
        assert!(!rest.contains("<script") && !VERIFY.contains("src=") && !VERIFY.contains("innerHTML"));
        assert!(VERIFY_POLICY.matches("'sha256-").count() == 2, "{}", *VERIFY_POLICY);
    }
}
