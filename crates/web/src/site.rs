//! The public site. Reads only.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::future::Either;
use news::{ItemStanding, SiteId};
use newsroom::Newsroom;
use newsroom::config::Reach;
use newsroom::lists::Told;
use newsroom::public::{Answer, Ask, Form, Packer, Packing, Sheet};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::address::{Place, place};
use crate::head::{self, Head};
use crate::{log, packing};

/// The longest path and query that are looked at.
const LONGEST_ADDRESS: usize = 4_096;

/// One site, as its listener serves it to whoever is connected.
#[derive(Clone)]
pub struct Site {
    desk: Arc<Desk>,
    /// Whether whoever is connected is believed about where readers are.
    trusted: bool,
    /// Whether it is the house itself that asks, which may read everything that is public anywhere.
    own: bool,
}

struct Desk {
    newsroom: Newsroom,
    id: SiteId,
    base: String,
    head: Head,
    styles: Vec<(String, Arc<Sheet>)>,
    country_header: Option<HeaderName>,
    trusted_proxies: Vec<IpAddr>,
}

/// An answer that is there at once, or one that is being made.
type Answering = Either<
    Ready<Result<Response, Infallible>>,
    Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>,
>;

impl Site {
    /// The site with this id, below this path.
    pub fn new(newsroom: Newsroom, id: SiteId, base_path: String) -> Self {
        let styles = newsroom.style_sheets();
        let site = newsroom.config().site(&id);
        let name = site.and_then(|site| site.country_header.as_deref());
        let country_header = name.and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
        let trusted_proxies = site.map(|site| site.trusted_proxies.clone()).unwrap_or_default();
        let head = Head::public();
        let desk = Desk { newsroom, id, base: base_path, head, styles, country_header, trusted_proxies };
        Self { desk: Arc::new(desk), trusted: false, own: false }
    }

    /// The same site for a connection from this address.
    pub fn before(&self, peer: SocketAddr) -> Self {
        let trusted = self.desk.trusted_proxies.contains(&peer.ip().to_canonical());
        Self { desk: Arc::clone(&self.desk), trusted, own: false }
    }

    /// The same site for the house's own questions: what may be read anywhere may be read.
    pub(crate) fn for_the_house(&self) -> Self {
        Self { desk: Arc::clone(&self.desk), trusted: false, own: true }
    }

    /// Which site.
    pub(crate) fn id(&self) -> &SiteId {
        &self.desk.id
    }

    /// The path before all its addresses.
    pub(crate) fn base(&self) -> &str {
        &self.desk.base
    }
}

impl<B> hyper::service::Service<Request<B>> for Site {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    /// A page that is kept is answered here and now. Everything else reads the store, which may take its time.
    fn call(&self, request: Request<B>) -> Answering {
        let (asked, _body) = request.into_parts();
        let reach = if self.own { Reach::EVERYWHERE } else { self.desk.reach(&asked.headers, self.trusted) };
        match self.desk.at_once(&asked, reach) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => {
                let desk = Arc::clone(&self.desk);
                Either::Right(Box::pin(async move { Ok(desk.answer(asked, reach).await) }))
            }
        }
    }
}

impl Desk {
    /// From where the reader asks, if somebody who is believed says so.
    fn reach(&self, asked: &HeaderMap, trusted: bool) -> Reach {
        let name = self.country_header.as_ref().filter(|_| trusted);
        // Said twice, one of the two may be the reader's own word.
        let mut said = name.map(|name| asked.get_all(name).iter()).into_iter().flatten();
        let country = match (said.next(), said.next()) {
            (Some(only), None) => only.to_str().ok(),
            _ => None,
        };
        self.newsroom.config().reach(country)
    }

    /// The answer, if it is a kept page in a form that is there.
    fn at_once(&self, asked: &Parts, reach: Reach) -> Option<Response> {
        if !matches!(asked.method, Method::GET | Method::HEAD) || asked.uri.query().is_some() {
            return None;
        }
        let path = asked.uri.path().strip_prefix(self.base.as_str())?;
        // The plainest address of a story; the others take the long way.
        let ask = Ask::Story(path.strip_prefix("/s/")?.parse().ok()?);
        let sheet = self.newsroom.kept(&self.id, &ask, reach)?;
        let form = match wanted(&asked.headers) {
            Some(packing) => sheet.packed_already(packing)?,
            None => &sheet.plain,
        };
        let mut response = whole(&sheet, form, &asked.headers, self.head.len());
        self.dress(&mut response);
        Some(response)
    }

    fn dress(&self, response: &mut Response) {
        self.head.dress(response.headers_mut());
        if self.country_header.is_some() {
            // One reader's answer is not another's: no cache between may give it on.
            let headers = response.headers_mut();
            if headers.get(header::CACHE_CONTROL).is_some_and(|value| value == "no-cache") {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
            }
        }
    }

    async fn answer(&self, asked: Parts, reach: Reach) -> Response {
        // The server leaves out the body of an answer to HEAD and keeps its length.
        let mut response = match asked.method {
            Method::GET | Method::HEAD => self.get(&asked, reach).await,
            _ => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], "only GET and HEAD\n")
                .into_response(),
        };
        self.dress(&mut response);
        response
    }

    async fn get(&self, asked: &Parts, reach: Reach) -> Response {
        let uri = &asked.uri;
        if uri.path().len() + uri.query().map_or(0, str::len) > LONGEST_ADDRESS {
            return StatusCode::URI_TOO_LONG.into_response();
        }
        let Some(path) = uri.path().strip_prefix(&self.base) else { return self.missing() };
        let path = percent_decode_str(path).decode_utf8_lossy();
        let query = query(uri.query().unwrap_or_default());
        match place(&path, &query) {
            Place::Ask(ask) => {
                let wanted = wanted(&asked.headers);
                // What is kept is answered without leaving this thread.
                let kept = self.newsroom.kept(&self.id, &ask, reach);
                let kept = kept.filter(|sheet| wanted.is_none_or(|it| sheet.packed_already(it).is_some()));
                let answer = match kept {
                    Some(sheet) => Answer::Live(sheet),
                    None => self.find(ask, reach, wanted).await,
                };
                respond(&answer, wanted, &asked.headers)
            }
            Place::Items => self.items(&query, reach).await,
            Place::Log(file) => log::file(self.newsroom.clone(), self.id.clone(), file).await,
            Place::Proof(item, of) => log::proof(self.newsroom.clone(), self.id.clone(), item, of).await,
            Place::Style(path) => self.style(&path, &asked.headers),
            Place::Verify => log::verify_page(),
            Place::Badge => log::badge(),
            Place::WellKnown => log::well_known(&self.newsroom, &self.id).await,
            Place::Nowhere => self.missing(),
        }
    }

    /// A style sheet may be kept for ever: another one stands at another path.
    fn style(&self, path: &str, asked: &HeaderMap) -> Response {
        let Some((_, sheet)) = self.styles.iter().find(|(of, _)| of == path) else { return self.missing() };
        let form = match wanted(asked) {
            Some(packing) => sheet.packed(packing, |bytes| packing::pack(packing, bytes)),
            None => &sheet.plain,
        };
        let mut response = whole(sheet, form, asked, 0);
        head::set(response.headers_mut(), header::CACHE_CONTROL, "public, max-age=31536000, immutable");
        response
    }

    /// Renders and packs on a thread that may wait for the store.
    async fn find(&self, ask: Ask, reach: Reach, wanted: Option<Packing>) -> Answer {
        let (newsroom, site) = (self.newsroom.clone(), self.id.clone());
        let packing = wanted.map(|packing| (packing, packing::pack as Packer));
        let find = move || newsroom.answer_packed(&site, ask, reach, packing);
        tokio::task::spawn_blocking(find).await.unwrap_or(Answer::Unfit)
    }

    fn missing(&self) -> Response {
        respond(&self.newsroom.missing(&self.id), None, &HeaderMap::new())
    }

    async fn items(&self, query: &[(String, String)], reach: Reach) -> Response {
        let Some((_, uri)) = query.iter().find(|(key, _)| key == "uri") else {
            let error = serde_json::json!({"error": "name the item: /api/v1/items?uri=…"});
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        };
        let (newsroom, site, uri) = (self.newsroom.clone(), self.id.clone(), uri.clone());
        let told = tokio::task::spawn_blocking(move || newsroom.told(&site, &uri, reach)).await;
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

/// The packing that is asked for.
fn wanted(asked: &HeaderMap) -> Option<Packing> {
    packing::wanted(asked.get(header::ACCEPT_ENCODING)?.to_str().ok()?)
}

fn respond(answer: &Answer, wanted: Option<Packing>, asked: &HeaderMap) -> Response {
    match answer {
        Answer::Live(sheet) => {
            let form = wanted.and_then(|packing| sheet.packed_already(packing)).unwrap_or(&sheet.plain);
            whole(sheet, form, asked, 0)
        }
        Answer::Gone(sheet) => unkept(StatusCode::GONE, sheet),
        Answer::Missing(sheet) => unkept(StatusCode::NOT_FOUND, sheet),
        Answer::OutOfReach => (
            StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
            [(header::CACHE_CONTROL, "no-store")],
            "this story may be read in certain countries only: so its licence says\n",
        )
            .into_response(),
        Answer::Unfit => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, "no-store")], "not available now\n")
                .into_response()
        }
    }
}

/// A page may be kept by a cache but must be asked about each time, so that a kill is seen at once. Without its body
/// if the form that would be sent is known already. `more` fields are to follow.
fn whole(sheet: &Sheet, form: &Form, asked: &HeaderMap, more: usize) -> Response {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let same = known.is_some_and(|tags| tags.split(',').any(|tag| same_tag(tag, &form.etag)));
    let mut response = Response::new(if same { Body::empty() } else { Body::from(form.body.clone()) });
    if same {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.reserve(OWN_FIELDS + more);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(sheet.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // A tag is made of signs that a field may hold; it shares its bytes with the sheet.
    if let Ok(tag) = HeaderValue::from_maybe_shared(form.etag.clone()) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(packing) = packing_of(sheet, form) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(packing.as_str()));
    }
    if sheet.noindex {
        headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    }
    response
}

/// Fields that a page has of its own, at most.
const OWN_FIELDS: usize = 6;

fn packing_of(sheet: &Sheet, form: &Form) -> Option<Packing> {
    let is_it =
        |packing: &Packing| sheet.packed_already(*packing).is_some_and(|packed| std::ptr::eq(packed, form));
    Packing::ALL.into_iter().find(is_it).filter(|_| !std::ptr::eq(form, &raw const sheet.plain))
}

/// What is gone, or is not there, is not kept at all.
fn unkept(status: StatusCode, sheet: &Sheet) -> Response {
    let mut response = (status, Body::from(sheet.plain.body.clone())).into_response();
    let headers = response.headers_mut();
    head::set(headers, header::CONTENT_TYPE, sheet.media_type);
    head::set(headers, header::CACHE_CONTROL, "no-store");
    if sheet.noindex {
        head::set(headers, header::HeaderName::from_static("x-robots-tag"), "noindex");
    }
    response
}

/// Weak comparison (RFC 9110 §8.8.3.2): whoever stands in between and packs a body itself makes a strong tag weak.
fn same_tag(asked: &str, ours: &[u8]) -> bool {
    let asked = asked.trim_ascii();
    asked == "*" || asked.strip_prefix("W/").unwrap_or(asked).as_bytes() == ours
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related>,
}

/// A live story that belongs together with the item: where and whose it is, and none of its words.
#[derive(Serialize)]
struct Related {
    bond: &'static str,
    url: String,
    agency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    published: String,
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
        let Told { row, url, headline, label, kin, in_reach } = told;
        let base = url.rsplit_once('/').map(|(base, _)| base.to_owned()).unwrap_or_default();
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
            copy_sha256: live.filter(|_| in_reach).map(|version| version.copy_hash.to_string()),
            log_index: row.log_index,
            related: kin
                .into_iter()
                .map(|kin| Related {
                    bond: kin.bond.as_str(),
                    url: format!("{base}/{}", kin.id),
                    agency: kin.agency,
                    language: kin.language,
                    number: kin.no,
                    published: kin.published.to_string(),
                })
                .collect(),
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
                    copy_sha256: live.filter(|_| in_reach).map(|_| version.copy_hash.to_string()),
                })
                .collect(),
        }
    }
}
