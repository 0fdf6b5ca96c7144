//! Calls an outlet at an address of its own, as the Standard Webhooks specification 1.0.0 (standardwebhooks.com) has it.
//!
//! Each call is a POST with three headers: `webhook-id` (the message's name, the same whenever it is told again),
//! `webhook-timestamp` (seconds since 1970), and `webhook-signature`: `v1,` and in base 64 the HMAC-SHA256, under a secret that both sides
//! know, of `ID.TIMESTAMP.BODY`. An answer 2xx confirms. Redirects are not followed, and the address is checked as that of a
//! polled feed is, where the connection is made.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use sha2::Sha256;
use tokio::time::timeout;
use url::Url;

use crate::http_poll::{CheckedResolver, PrivateAddress, causes, install_provider, literal, patience};
use crate::{CallError, Message, Outlet, Secret};

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// How many bytes a secret may have (Standard Webhooks, "Signature scheme").
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Connections that are kept open while nothing is to be told.
const IDLE: usize = 8;
/// How much of an answer is read, and how much of it repeated.
const ANSWER: usize = 64 << 10;
const SAID: usize = 120;

/// Why a secret is none.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub fn check_secret(secret: &str) -> Result<(), String> {
    key_of(secret).map(drop)
}

fn key_of(secret: &str) -> Result<Vec<u8>, String> {
    let right = "write `whsec_` and behind it 24 to 64 random bytes in base 64, like the output of `openssl rand -base64 32`";
    let Some(encoded) = secret.strip_prefix(PREFIX) else {
        return Err(format!("the secret does not begin with `whsec_`: {right}"));
    };
    let key = BASE64_STANDARD.decode(encoded).map_err(|_| format!("the secret is not base 64: {right}"))?;
    match SECRET_BYTES.contains(&key.len()) {
        true => Ok(key),
        false => Err(format!("the secret has {} bytes: {right}", key.len())),
    }
}

/// An outlet that is called at an address.
#[derive(Debug)]
pub struct Webhook {
    http: reqwest::Client,
    resolver: CheckedResolver,
    url: Url,
    key: Secret,
    timeout: Duration,
}

impl Webhook {
    /// `timeout` is for one call, from looking up the name to the last byte of the answer; `allow_private` lets it lead to
    /// loopback, private and link-local addresses.
    ///
    /// # Errors
    /// The secret is none, or the connection cannot be prepared.
    pub fn new(url: Url, secret: &Secret, timeout: Duration, allow_private: bool) -> Result<Self, String> {
        install_provider();
        check_secret(secret.expose())?;
        let resolver = CheckedResolver::new(allow_private);
        let http = || {
            reqwest::Client::builder()
                .user_agent(concat!("Verbatim/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(resolver)
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .pool_max_idle_per_host(IDLE)
        };
        // A machine without certificates can still call what needs none.
        let built = http().build().or_else(|_| http().tls_certs_only([]).build());
        let http = built.map_err(|error| format!("preparing the connection: {}", causes(&error)))?;
        Ok(Self { http, resolver, url, key: secret.clone(), timeout })
    }

    async fn post(&self, message: Message) -> Result<(), CallError> {
        let not_sent = |why: String| CallError { why, may_arrive: false, refused: false, patience: None };
        if let Some(address) = literal(&self.url)
            && !self.resolver.permits(address)
        {
            return Err(not_sent(PrivateAddress(address.to_string()).to_string()));
        }
        let headers = self.headers(&message).map_err(not_sent)?;
        let sent = self.http.post(self.url.clone()).headers(headers).body(message.body).send().await;
        let response = sent.map_err(|error| CallError {
            may_arrive: !error.is_connect(),
            ..not_sent(format!("no answer: {}", causes(&error)))
        })?;
        let status = response.status();
        let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let patience = after.filter(|_| asks).and_then(|said| patience(said, message.sent));
        let said = said(response).await;
        if status.is_success() {
            return Ok(());
        }
        let advice = match status.as_u16() {
            300..=399 => "; redirects are not followed: write the address where it leads",
            410 => "; it says that it wants no more: take it out of the configuration, or mend it",
            401 | 403 => "; look whether both sides have the same secret",
            _ => "",
        };
        let why = format!("it answers {}{said}{advice}", status.as_u16());
        // Who stands between may have handed it on.
        let may_arrive = matches!(status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT);
        Err(CallError { why, may_arrive, refused: is_about_the_message(status), patience })
    }

    fn headers(&self, message: &Message) -> Result<HeaderMap, String> {
        let second = message.sent.as_second().to_string();
        let signature = sign(self.key.expose(), &message.id, &second, &message.body)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in
            [("webhook-id", &message.id), ("webhook-timestamp", &second), ("webhook-signature", &signature)]
        {
            let value =
                HeaderValue::from_str(value).map_err(|_| format!("{name} cannot stand in a header"))?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

impl Outlet for Webhook {
    async fn call(&self, message: Message) -> Result<(), CallError> {
        timeout(self.timeout, self.post(message)).await.unwrap_or_else(|_| {
            let why = format!("no whole answer within {} s", self.timeout.as_secs_f64());
            Err(CallError { why, may_arrive: true, refused: false, patience: None })
        })
    }
}

/// Whether such an answer says that this message is not wanted, and nothing of others.
fn is_about_the_message(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(status.as_u16(), 401 | 403 | 404 | 405 | 407 | 408 | 410 | 421 | 425 | 429)
}

/// The beginning of what the receiver says, for the operator.
async fn said(mut response: Response) -> String {
    let mut body = Vec::new();
    // Read to its end, so that the connection can be used again.
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() > ANSWER {
            break;
        }
    }
    let text = String::from_utf8_lossy(&body);
    let text: String = text.trim().chars().take(SAID).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.is_empty() { text } else { format!(": {text}") }
}

/// The value of `webhook-signature`.
fn sign(secret: &str, id: &str, second: &str, body: &[u8]) -> Result<String, String> {
    let key = key_of(secret)?;
    let mut code = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| format!("signing: {error}"))?;
    for piece in [id.as_bytes(), b".", second.as_bytes(), b".", body] {
        code.update(piece);
    }
    Ok(format!("v1,{}", BASE64_STANDARD.encode(code.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::{Request, State};
    use axum::response::{IntoResponse as _, Redirect};

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// The example that libraries of the specification test themselves with.
    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        let signature =
            sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn what_is_no_secret_is_refused_without_being_repeated() {
        let check = |secret: &str, expect: &str| match check_secret(secret) {
            Ok(()) => assert_eq!(expect, ""),
            Err(why) => assert!(why.contains(expect) && !expect.is_empty() && !why.contains("AAAA"), "{why}"),
        };
        check(SECRET, "");
        check("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "does not begin with");
        check("whsec_AAAA", "has 3 bytes");
        check("whsec_AAAA AAAA", "not base 64");
    }

    #[test]
    fn what_is_about_one_message_is_told_from_what_is_about_all() {
        for (status, expect) in [
            (400, true),
            (409, true),
            (413, true),
            (422, true),
            (401, false),
            (404, false),
            (410, false),
            (429, false),
            (500, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(is_about_the_message(status), expect, "{status}");
        }
    }

    type Asked = Arc<Mutex<Vec<String>>>;

    /// A receiver that answers as its path says.
    async fn receiver() -> (String, Asked) {
        async fn answer(State(asked): State<Asked>, request: Request) -> axum::response::Response {
            let path = request.uri().path().to_owned();
            asked.lock().unwrap().push(path.clone());
            match &*path {
                "/slow" => tokio::time::sleep(Duration::from_secs(30)).await,
                "/moved" => return Redirect::temporary("/good").into_response(),
                "/busy" => {
                    return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7")], "later")
                        .into_response();
                }
                "/long" => return (StatusCode::OK, "x".repeat(ANSWER * 3)).into_response(),
                "/gone" => return StatusCode::GONE.into_response(),
                "/bad" => return (StatusCode::UNPROCESSABLE_ENTITY, "no\u{1b} thanks").into_response(),
                "/between" => return StatusCode::BAD_GATEWAY.into_response(),
                _ => {}
            }
            StatusCode::NO_CONTENT.into_response()
        }
        let asked = Asked::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&asked));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (base, asked)
    }

    async fn call(url: &str, allow_private: bool) -> Result<(), CallError> {
        let webhook = Webhook::new(
            url.parse().unwrap(),
            &Secret::new(SECRET),
            Duration::from_millis(400),
            allow_private,
        );
        let sent = "2026-11-24T10:00:00Z".parse().unwrap();
        webhook.unwrap().call(Message { id: "a".into(), sent, body: b"{}".to_vec() }).await
    }

    #[tokio::test]
    async fn only_an_answer_of_the_second_class_confirms() {
        let (base, asked) = receiver().await;
        let check = async |path: &str, said: &str, may_arrive: bool, refused: bool, patience: Option<u64>| {
            let error = call(&format!("{base}{path}"), true).await.unwrap_err();
            assert!(error.why.contains(said), "{path}: {error}");
            let expect = (may_arrive, refused, patience.map(Duration::from_secs));
            assert_eq!((error.may_arrive, error.refused, error.patience), expect, "{path}");
        };
        assert_eq!(call(&format!("{base}/good"), true).await, Ok(()));
        assert_eq!(call(&format!("{base}/long"), true).await, Ok(()));
        check("/slow", "no whole answer within 0.4 s", true, false, None).await;
        check("/moved", "it answers 307; redirects are not followed", false, false, None).await;
        check("/busy", "it answers 503: later", false, false, Some(7)).await;
        check("/gone", "it answers 410; it says that it wants no more", false, false, None).await;
        check("/bad", "it answers 422: no  thanks", false, true, None).await;
        check("/between", "it answers 502", true, false, None).await;
        let asked = asked.lock().unwrap().clone();
        assert_eq!(asked, ["/good", "/long", "/slow", "/moved", "/busy", "/gone", "/bad", "/between"]);
    }

    #[tokio::test]
    async fn nobody_is_called_inside_unless_that_is_meant() {
        let (base, asked) = receiver().await;
        let names = [base.clone(), base.replace("127.0.0.1", "localhost")]; // not copy: an address
        for url in names {
            let error = call(&url, false).await.unwrap_err();
            assert!(error.why.contains("leads to a private network") && !error.may_arrive, "{error}");
        }
        assert!(asked.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn who_does_not_listen_was_told_nothing() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = call(&format!("http://127.0.0.1:{port}/"), true).await.unwrap_err();
        assert!(error.why.starts_with("no answer: ") && !error.may_arrive, "{error}");
    }
}
