//! One question and its answer, over all its redirects.

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::Once;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, InvalidHeaderValue, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use reqwest::{Response, StatusCode};
use tokio::time::{Interval, MissedTickBehavior, interval_at, timeout};
use url::Url;

use super::address::{CheckedResolver, PrivateAddress, literal};
use super::memory::{Memory, Validators};
use super::{Auth, Poll, shown};
use crate::unpack::{UnpackError, unpack};

/// Formats of feeds first: some servers answer browsers otherwise.
const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, \
                        application/json;q=0.9, */*;q=0.8";
/// The longest tag or date that is remembered.
const MAX_VALIDATOR: usize = 1_024;
/// Idle connections of one feed.
const MAX_IDLE: usize = 1;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("preparing the connection: {0}")]
    Prepare(String),
    #[error("the configured credentials cannot be sent: {0}")]
    Credentials(#[from] InvalidHeaderValue),
    #[error("`{0}` is no address for http or https")]
    Scheme(String),
    #[error("no answer from {url}: {cause}")]
    Connection { url: Url, cause: String },
    #[error("no whole answer within {} s", .0.as_secs_f64())]
    TooLate(Duration),
    #[error("the answer came more slowly than {0} bytes a second and was cut off")]
    TooSlow(u64),
    #[error("the answer broke off: {0}")]
    BrokeOff(String),
    #[error("the server answered {status}{}", patience_words(retry_after.as_deref()))]
    Status { status: StatusCode, retry_after: Option<String> },
    #[error("the server answered \"not modified\" although nothing was known here")]
    NothingKnown,
    #[error("the answer is empty")]
    Empty,
    #[error("more than {0} redirects")]
    TooManyRedirects(u32),
    #[error("the redirects go in a circle at {0}")]
    Circle(Url),
    #[error("a redirect ({status}) without an address that can be followed")]
    NoLocation { status: StatusCode },
    #[error("a redirect leads from https to http at {0}, which is refused")]
    Downgrade(Url),
    #[error(transparent)]
    Private(#[from] PrivateAddress),
    #[error(transparent)]
    Unpack(#[from] UnpackError),
}

fn patience_words(retry_after: Option<&str>) -> String {
    let Some(said) = retry_after else { return String::new() };
    format!(" and asks to wait ({})", said.chars().take(40).filter(|c| !c.is_control()).collect::<String>())
}

/// What the server said.
#[derive(Debug)]
pub(super) struct Answer {
    /// Something an operator should know.
    pub(super) remark: Option<String>,
    /// `None` if nothing has changed.
    pub(super) body: Option<Body>,
}

/// A whole body.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) validators: Validators,
    /// Where it came from in the end.
    pub(super) url: String,
}

/// A connection pool of one feed's own.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    resolver: CheckedResolver,
    /// Why no certificate can be checked here; answers over plain HTTP can still be had.
    no_roots: Option<String>,
}

impl Client {
    pub(super) fn new(poll: &Poll) -> Result<Self, FetchError> {
        Self::by(CheckedResolver::new(poll.allow_private), poll)
    }

    /// A client that goes only where this resolver lets it.
    pub(super) fn by(resolver: CheckedResolver, poll: &Poll) -> Result<Self, FetchError> {
        install_provider();
        match builder(poll, resolver).build() {
            Ok(http) => Ok(Self { http, resolver, no_roots: None }),
            Err(error) => {
                let why = causes(&error);
                let http = builder(poll, resolver).tls_certs_only([]).build();
                let http = http.map_err(|_| FetchError::Prepare(why.clone()))?;
                Ok(Self { http, resolver, no_roots: Some(why) })
            }
        }
    }

    /// Asks once.
    pub(super) async fn fetch(&self, poll: &Poll, memory: &Memory) -> Result<Answer, FetchError> {
        let answer = timeout(poll.timeout, self.follow(poll, memory)).await;
        answer.unwrap_or(Err(FetchError::TooLate(poll.timeout)))
    }

    /// Follows redirects by itself, so that every address on the way is looked at.
    async fn follow(&self, poll: &Poll, memory: &Memory) -> Result<Answer, FetchError> {
        let mut url = shown(&poll.url);
        let mut been = vec![];
        let mut remark = None;
        let mut permanent = true;
        loop {
            let response = self.request(poll, memory, &url).await?;
            let status = response.status();
            if !is_redirect(status) {
                let body = read(response, poll, memory, &url).await?;
                return Ok(Answer { remark, body });
            }
            let next = target(&response, &url)?;
            if url.scheme() == "https" && next.scheme() == "http" {
                return Err(FetchError::Downgrade(shown(&next)));
            }
            been.push(url);
            if been.contains(&next) {
                return Err(FetchError::Circle(shown(&next)));
            }
            if been.len() > poll.max_redirects as usize {
                return Err(FetchError::TooManyRedirects(poll.max_redirects));
            }
            // Only as long as every redirect was permanent is the address one that everybody should use from now on.
            permanent &= matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
            if permanent {
                let next = shown(&next);
                remark =
                    Some(format!("the feed has moved for good to {next}; write that in the configuration"));
            }
            url = next;
        }
    }

    async fn request(&self, poll: &Poll, memory: &Memory, url: &Url) -> Result<Response, FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(FetchError::Scheme(shown(url).to_string()));
        }
        // No resolver is asked about an address that is written out.
        if let Some(address) = literal(url)
            && !self.resolver.permits(address)
        {
            return Err(PrivateAddress(address.to_string()).into());
        }
        if let Some(why) = &self.no_roots
            && url.scheme() == "https"
        {
            return Err(FetchError::Prepare(why.clone()));
        }
        let request = self.http.get(with_user(poll, url)).headers(headers(poll, memory, url)?);
        request
            .send()
            .await
            .map_err(|error| FetchError::Connection { url: shown(url), cause: causes(&error) })
    }
}

fn builder(poll: &Poll, resolver: CheckedResolver) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(&poll.user_agent)
        .connect_timeout(poll.connect_timeout)
        .dns_resolver(resolver)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        // Undone by us, within limits and with an error if a body is not whole.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .pool_max_idle_per_host(MAX_IDLE)
}

/// One source of cryptography for the whole program.
pub(crate) fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error says that somebody else has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn headers(poll: &Poll, memory: &Memory, url: &Url) -> Result<HeaderMap, FetchError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br, zstd"));
    if let Some(known) = memory.validators(url) {
        for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
            if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        }
    }
    if let Some(auth) = poll.auth.as_ref().filter(|_| is_home(&poll.url, url)) {
        let (name, mut value) = credentials(auth)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn credentials(auth: &Auth) -> Result<(HeaderName, HeaderValue), FetchError> {
    match auth {
        Auth::Basic { user, password } => {
            let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
            Ok((AUTHORIZATION, HeaderValue::from_str(&format!("Basic {pair}"))?))
        }
        Auth::Bearer(token) => {
            Ok((AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {}", token.expose()))?))
        }
        Auth::Header { name, value } => {
            let written = HeaderName::from_bytes(name.as_bytes());
            let name = written.map_err(|_| FetchError::Prepare(format!("`{name}` is no header's name")))?;
            Ok((name, HeaderValue::from_str(value.expose())?))
        }
    }
}

/// Whether credentials for `home` may be shown at `url`: the same origin, or its encrypted self.
fn is_home(home: &Url, url: &Url) -> bool {
    let upgraded = home.scheme() == "http"
        && url.scheme() == "https"
        && home.host() == url.host()
        && home.port().is_none()
        && url.port().is_none();
    home.origin() == url.origin() || upgraded
}

/// The address with the name and password that the configured one has, if they may be shown there.
fn with_user(poll: &Poll, url: &Url) -> Url {
    let mut url = url.clone();
    if is_home(&poll.url, &url) {
        // These fail for addresses without a host alone.
        let _ = url.set_username(poll.url.username());
        let _ = url.set_password(poll.url.password());
    }
    url
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads, without credentials: nobody can make us show any.
fn target(response: &Response, from: &Url) -> Result<Url, FetchError> {
    let status = response.status();
    let location =
        response.headers().get(LOCATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    let next =
        location.and_then(|location| from.join(location).ok()).ok_or(FetchError::NoLocation { status })?;
    Ok(shown(&next))
}

/// The body of an answer that is no redirect; `None` for "not modified".
async fn read(
    response: Response,
    poll: &Poll,
    memory: &Memory,
    url: &Url,
) -> Result<Option<Body>, FetchError> {
    let status = response.status();
    if status == StatusCode::NOT_MODIFIED {
        return if memory.validators(url).is_some() { Ok(None) } else { Err(FetchError::NothingKnown) };
    }
    let text = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::to_owned);
    if status != StatusCode::OK && status != StatusCode::NON_AUTHORITATIVE_INFORMATION {
        let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        return Err(FetchError::Status { status, retry_after: text(RETRY_AFTER).filter(|_| asks) });
    }
    let short = |name: HeaderName| text(name).filter(|value| value.len() <= MAX_VALIDATOR);
    let validators =
        Validators { from: url.as_str().to_owned(), etag: short(ETAG), last_modified: short(LAST_MODIFIED) };
    let codings: Vec<&str> = response
        .headers()
        .get_all(CONTENT_ENCODING)
        .iter()
        .map(|value| value.to_str().unwrap_or("?"))
        .collect();
    let coding = codings.join(", ");
    let packed = gather(response, poll).await?;
    let (limit, ratio) = (poll.max_bytes, poll.max_ratio);
    let bytes = tokio::task::spawn_blocking(move || unpack(Some(&coding), packed, limit, ratio))
        .await
        .map_err(|error| FetchError::BrokeOff(error.to_string()))??;
    if bytes.is_empty() {
        return Err(FetchError::Empty);
    }
    Ok(Some(Body { bytes, validators, url: shown(url).to_string() }))
}

/// The body as it comes over the line, unless it is too large or too slow.
async fn gather(mut response: Response, poll: &Poll) -> Result<Bytes, FetchError> {
    let limit = poll.max_bytes;
    let too_large = || FetchError::Unpack(UnpackError::TooLarge { limit });
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let needed = (poll.min_rate as f64 * poll.rate_window.as_secs_f64()) as u64;
    let mut ticks = every(poll.rate_window);
    let mut body = BytesMut::new();
    let mut in_window = 0;
    loop {
        tokio::select! {
            biased;
            chunk = response.chunk() => match chunk.map_err(|error| FetchError::BrokeOff(causes(&error)))? {
                None => return Ok(body.freeze()),
                Some(chunk) => {
                    in_window += chunk.len() as u64;
                    if body.len() as u64 + chunk.len() as u64 > limit {
                        return Err(too_large());
                    }
                    body.extend_from_slice(&chunk);
                }
            },
            _ = ticks.tick() => {
                if in_window < needed {
                    return Err(FetchError::TooSlow(poll.min_rate));
                }
                in_window = 0;
            }
        }
    }
}

fn every(window: Duration) -> Interval {
    let window = window.max(Duration::from_millis(1));
    let mut ticks = interval_at(tokio::time::Instant::now() + window, window);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// An error with its causes, without the address, which may hold a secret.
pub(crate) fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(next) = cause {
        let separator = if text.is_empty() { "" } else { ": " };
        let _ = write!(text, "{separator}{next}");
        cause = next.source();
    }
    if text.is_empty() { "the request failed".to_owned() } else { text }
}
