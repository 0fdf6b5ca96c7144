//! The public site. Reads only.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use news::{ItemStanding, SiteId};
use newsroom::Newsroom;
use newsroom::lists::Told;
use newsroom::public::{Answer, Sheet};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tower_http::compression::CompressionLayer;

use crate::address::{Place, place};
use crate::head;

/// The longest path and query that are looked at.
const LONGEST_ADDRESS: usize = 4_096;

#[derive(Clone)]
struct Site {
    newsroom: Newsroom,
    id: SiteId,
    base: String,
    style_source: String,
}

/// The routes of one site.
pub fn router(newsroom: Newsroom, id: SiteId, base_path: String) -> Router {
    let style_source = newsroom.style_sources().join(" ");
    let site = Site { newsroom, id, base: base_path, style_source };
    Router::new().fallback(answer).with_state(site).layer(CompressionLayer::new())
}

async fn answer(State(site): State<Site>, request: Request) -> Response {
    let (asked, _body) = request.into_parts();
    // The server leaves out the body of an answer to HEAD and keeps its length.
    let mut response = match asked.method {
        Method::GET | Method::HEAD => site.get(&asked.uri, &asked.headers).await,
        _ => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], "only GET and HEAD\n")
            .into_response(),
    };
    head::public(response.headers_mut(), &site.style_source);
    response
}

impl Site {
    async fn get(&self, uri: &Uri, headers: &HeaderMap) -> Response {
        if uri.path().len() + uri.query().map_or(0, str::len) > LONGEST_ADDRESS {
            return StatusCode::URI_TOO_LONG.into_response();
        }
        let Some(path) = uri.path().strip_prefix(&self.base) else { return self.missing() };
        let path = percent_decode_str(path).decode_utf8_lossy();
        let query = query(uri.query().unwrap_or_default());
        match place(&path, &query) {
            Place::Ask(ask) => {
                let newsroom = self.newsroom.clone();
                let site = self.id.clone();
                // Rendering reads the store; a kept page is answered without leaving this thread.
                let answer = match newsroom.kept(&site, &ask) {
                    Some(sheet) => Answer::Live(sheet),
                    None => tokio::task::spawn_blocking(move || newsroom.answer(&site, ask))
                        .await
                        .unwrap_or(Answer::Unfit),
                };
                respond(answer, headers)
            }
            Place::Items => self.items(&query).await,
            Place::Nowhere => self.missing(),
        }
    }

    fn missing(&self) -> Response {
        respond(self.newsroom.missing(&self.id), &HeaderMap::new())
    }

    async fn items(&self, query: &[(String, String)]) -> Response {
        let Some((_, uri)) = query.iter().find(|(key, _)| key == "uri") else {
            let error = serde_json::json!({"error": "name the item: /api/v1/items?uri=…"});
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        };
        let (newsroom, site, uri) = (self.newsroom.clone(), self.id.clone(), uri.clone());
        let told = tokio::task::spawn_blocking(move || newsroom.told(&site, &uri)).await;
        match told {
            Ok(Ok(told)) => {
                let items: Vec<Item> = told.into_iter().map(Item::from).collect();
                ([(header::CACHE_CONTROL, "no-cache")], Json(serde_json::json!({ "items": items })))
                    .into_response()
            }
            _ => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

fn query(raw: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " "); // not copy: a query
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// A page may be kept by a cache but must be asked about each time, so that a kill is seen at once; what is gone is
/// not kept at all.
fn respond(answer: Answer, asked: &HeaderMap) -> Response {
    match answer {
        Answer::Live(sheet) => {
            let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
            let same = known.is_some_and(|tags| tags.split(',').any(|tag| same_tag(tag, &sheet.etag)));
            if same {
                return (StatusCode::NOT_MODIFIED, fields(&sheet, "no-cache")).into_response();
            }
            (StatusCode::OK, fields(&sheet, "no-cache"), Body::from(sheet.body)).into_response()
        }
        Answer::Gone(sheet) => {
            (StatusCode::GONE, fields(&sheet, "no-store"), Body::from(sheet.body)).into_response()
        }
        Answer::Missing(sheet) => {
            (StatusCode::NOT_FOUND, fields(&sheet, "no-store"), Body::from(sheet.body)).into_response()
        }
        Answer::Unfit => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, "no-store")], "not available now\n")
                .into_response()
        }
    }
}

/// Weak comparison (RFC 9110 §8.8.3.2): compression in between makes a strong tag weak.
fn same_tag(asked: &str, ours: &str) -> bool {
    let asked = asked.trim(); // not copy: a header
    asked == "*" || asked.strip_prefix("W/").unwrap_or(asked) == ours
}

fn fields(sheet: &Sheet, keep: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    head::set(&mut headers, header::CONTENT_TYPE, sheet.media_type);
    head::set(&mut headers, header::CACHE_CONTROL, keep);
    if keep != "no-store" {
        head::set(&mut headers, header::ETAG, &sheet.etag);
    }
    if sheet.noindex {
        head::set(&mut headers, header::HeaderName::from_static("x-robots-tag"), "noindex");
    }
    headers
}

/// An item as the public API tells it. A killed, withheld or expired one stays listed, without any of its words.
#[derive(Serialize)]
struct Item {
    uri: String,
    version: String,
    pubstatus: &'static str,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    headline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_sha256: Option<String>,
    log_index: Option<u64>,
    versions: Vec<ItemVersion>,
}

#[derive(Serialize)]
struct ItemVersion {
    version: String,
    n: u32,
    at: String,
    standing: &'static str,
    silent_change: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_sha256: Option<String>,
}

impl From<Told> for Item {
    fn from(told: Told) -> Self {
        let Told { row, url, headline, label } = told;
        let live = match row.standing {
            ItemStanding::Live(n) => row.versions.iter().find(|version| version.n == n),
            _ => None,
        };
        let public = |version: &&newsroom::lists::VersionRow| {
            !matches!(
                version.standing,
                news::VersionStanding::Held
                    | news::VersionStanding::Waiting(_)
                    | news::VersionStanding::Spiked
                    | news::VersionStanding::Ignored
            )
        };
        let shown = live.or_else(|| row.versions.iter().rev().find(public));
        Self {
            uri: row.key.uri.clone(),
            version: shown.map(|version| version.stamp.raw.clone()).unwrap_or_default(),
            pubstatus: match row.standing {
                ItemStanding::Live(_) => "usable",
                ItemStanding::Killed => "canceled",
                ItemStanding::Withheld | ItemStanding::Unpublished => "withheld",
                ItemStanding::Expired => "expired",
            },
            url,
            headline,
            review: label.as_ref().map(|label| label.state.as_str()),
            label: label.map(|label| label.text),
            copy_sha256: live.map(|version| version.copy_hash.to_string()),
            log_index: row.log_index,
            versions: row
                .versions
                .iter()
                .filter(public)
                .map(|version| ItemVersion {
                    version: version.stamp.raw.clone(),
                    n: version.n,
                    at: version.recorded_at.to_string(),
                    standing: version.standing.as_str(),
                    silent_change: version.silent_change,
                    copy_sha256: live.map(|_| version.copy_hash.to_string()),
                })
                .collect(),
        }
    }
}
