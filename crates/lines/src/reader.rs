//! Reads public pages and asks witnesses, as anybody could: for those who check a site from outside.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::StatusCode;
use url::Url;

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// An address could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is no address for http or https.
    #[error("`{0}` is no address for http or https")]
    Address(String),
    /// The connection could not be prepared.
    #[error("preparing the connection: {0}")]
    Prepare(String),
    /// No answer, or not all of one.
    #[error("no whole answer from {url}: {why}")]
    NoAnswer {
        /// Whom we asked.
        url: String,
        /// Why.
        why: String,
    },
    /// The answer is too long.
    #[error("the answer of {url} is longer than {limit} bytes")]
    TooLong {
        /// Whom we asked.
        url: String,
        /// What we take.
        limit: usize,
    },
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The address that answered in the end.
    pub url: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text, if it is.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }
}

/// A reader with limits of time and length.
#[derive(Clone, Debug)]
pub struct Reader {
    http: reqwest::Client,
    limit: usize,
}

impl Reader {
    /// Takes so long for one answer at most, and so many bytes.
    ///
    /// # Errors
    /// [`ReadError::Prepare`].
    pub fn new(timeout: Duration, limit: usize) -> Result<Self, ReadError> {
        crate::http_poll::install_provider();
        let http = reqwest::Client::builder()
            .user_agent(concat!("verbatim/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
            .referer(false)
            .no_proxy();
        // A machine without certificates can still read what needs none.
        let built = http
            .build()
            .or_else(|_| reqwest::Client::builder().timeout(timeout).no_proxy().tls_certs_only([]).build());
        let http = built.map_err(|error| ReadError::Prepare(error.to_string()))?;
        Ok(Self { http, limit })
    }

    /// Reads an address.
    ///
    /// # Errors
    /// [`ReadError`]; an answer with any status is none.
    pub async fn get(&self, address: &str) -> Result<Answer, ReadError> {
        let url = parse(address)?;
        self.take(address, self.http.get(url)).await
    }

    /// Sends a text and reads the answer.
    ///
    /// # Errors
    /// As [`Reader::get`].
    pub async fn post(&self, address: &str, body: String) -> Result<Answer, ReadError> {
        let url = parse(address)?;
        self.take(address, self.http.post(url).body(body)).await
    }

    async fn take(&self, address: &str, request: reqwest::RequestBuilder) -> Result<Answer, ReadError> {
        let fault = |error: reqwest::Error| {
            let mut why = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(deeper) = cause {
                why = deeper.to_string();
                cause = deeper.source();
            }
            ReadError::NoAnswer { url: address.to_owned(), why }
        };
        let response = request.send().await.map_err(fault)?;
        let (status, url): (StatusCode, String) = (response.status(), response.url().to_string());
        let (mut body, mut pieces) = (Vec::new(), response.bytes_stream());
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(fault)?;
            if body.len() + piece.len() > self.limit {
                return Err(ReadError::TooLong { url, limit: self.limit });
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer { status: status.as_u16(), url, body })
    }
}

fn parse(address: &str) -> Result<Url, ReadError> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| ReadError::Address(address.to_owned()))
}
