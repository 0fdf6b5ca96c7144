//! The desk: what operators see and do, the push door, metrics and health. Never on a public listener.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Form, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use lines::Intake as _;
use lines::http_push::{Push, PushRefusal};
use minijinja::{Environment, context};
use news::{Digest, Door, FeedId};
use newsroom::control::{ItemOrder, Reply, Request as Order};
use newsroom::lists::{List, Which as Lists};
use newsroom::{Newsroom, Refused};
use serde::Deserialize;

use crate::head::{self, Head};

/// Lines of each list on the desk page.
const LINES: usize = 50;
/// Kills on the desk page.
const KILLS: usize = 10;
/// Lines of a list in the API, unless the question says fewer.
const API_LINES: usize = 1_000;
/// How long a pushed body may take.
const BODY_WITHIN: Duration = Duration::from_secs(120);
/// The longest form: an edited story, with every letter escaped.
const EDIT_MAX: usize = 4 << 20;
const COOKIE: &str = "verbatim_desk";

#[derive(Clone)]
struct Desk {
    newsroom: Newsroom,
    token: Arc<lines::Secret>,
    pushes: Arc<HashMap<FeedId, Push>>,
    pages: Arc<Environment<'static>>,
    largest: usize,
}

/// The desk's routes. `token` is what operators show; `pushes` are the feeds that senders may push to.
pub fn router(
    newsroom: Newsroom,
    token: lines::Secret,
    pushes: HashMap<FeedId, Push>,
    largest: usize,
) -> Router {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    pages
        .add_template("desk.html", include_str!("../templates/desk.html"))
        .and_then(|()| pages.add_template("edit.html", include_str!("../templates/edit.html")))
        .and_then(|()| pages.add_template("login.html", include_str!("../templates/login.html")))
        .expect("the desk's own templates are sound");
    let desk =
        Desk { newsroom, token: Arc::new(token), pushes: Arc::new(pushes), pages: Arc::new(pages), largest };
    let guarded = Router::new()
        .route("/", get(page))
        .route("/orders", post(form_order).layer(DefaultBodyLimit::max(EDIT_MAX)))
        .route("/edit", get(edit_page))
        .route("/hold-all", post(form_hold_all))
        .route("/api/v1/lists/{which}", get(list))
        .route("/api/v1/orders", post(api_order).layer(DefaultBodyLimit::max(EDIT_MAX)))
        .route("/api/v1/hold-all", post(api_hold_all))
        .route_layer(middleware::from_fn_with_state(desk.clone(), guard));
    Router::new()
        .merge(guarded)
        .route("/login", post(login))
        .route("/logout", post(logout))
        .route("/wire/{feed}", post(push).layer(DefaultBodyLimit::disable()))
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .layer(middleware::from_fn_with_state(Arc::new(Head::desk()), dress))
        .with_state(desk)
}

async fn dress(State(head): State<Arc<Head>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    head.dress(response.headers_mut());
    response
}

impl Desk {
    /// What the cookie holds: proof that the token was shown, not the token.
    fn session(&self) -> String {
        Digest::of_pieces([&b"verbatim-desk-session/1\n"[..], self.token.expose().as_bytes()]).to_string()
    }

    fn shows_token(&self, headers: &HeaderMap) -> bool {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        header
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|token| same(self.token.expose(), token))
    }

    fn has_session(&self, headers: &HeaderMap) -> bool {
        let session = self.session();
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split("; "))
            .filter_map(|pair| pair.split_once('='))
            .any(|(name, value)| name == COOKIE && same(&session, value))
    }
}

/// Compares secrets by their hashes, so that the time it takes says nothing about how far they agree.
fn same(ours: &str, shown: &str) -> bool {
    Digest::of(ours.as_bytes()) == Digest::of(shown.as_bytes())
}

/// A request that changes something and rides on a cookie must come from the desk's own pages.
fn is_own_page(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, rest)| rest == host),
        // Every browser says one of the two with a form; whoever says neither shows no cookie by rights.
        (None, _) => {
            text(header::HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site == "same-origin")
        }
        _ => false,
    }
}

async fn guard(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let reads = request.method().is_safe();
    if desk.shows_token(headers) || desk.has_session(headers) && (reads || is_own_page(headers)) {
        return next.run(request).await;
    }
    if reads && request.uri().path() == "/" {
        return (StatusCode::UNAUTHORIZED, render(&desk, "login.html", context! { failed => false }))
            .into_response();
    }
    let error = serde_json::json!({ "error": "show the desk's token: Authorization: Bearer …" });
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], Json(error)).into_response()
}

fn render(desk: &Desk, template: &str, facts: minijinja::Value) -> Html<String> {
    let page = desk.pages.get_template(template).and_then(|template| template.render(facts));
    Html(page.unwrap_or_else(|error| {
        tracing::error!("rendering {template}: {error}");
        "the desk page could not be rendered; the API under /api/v1/ works".to_owned()
    }))
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

async fn login(State(desk): State<Desk>, headers: HeaderMap, Form(login): Form<Login>) -> Response {
    // not copy: a token, perhaps pasted with a line end
    let shown = login.token.trim();
    if !is_own_page(&headers) || !same(desk.token.expose(), shown) {
        return (StatusCode::UNAUTHORIZED, render(&desk, "login.html", context! { failed => true }))
            .into_response();
    }
    let cookie = format!("{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200", desk.session());
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

async fn logout() -> Response {
    let cookie = format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

#[derive(Deserialize)]
struct Told {
    done: Option<String>,
    failed: Option<String>,
}

async fn page(State(desk): State<Desk>, Query(told): Query<Told>) -> Response {
    let newsroom = desk.newsroom.clone();
    let lists = tokio::task::spawn_blocking(move || {
        let list = |which: Lists| newsroom.list(&which, LINES);
        Ok::<_, String>((
            list(Lists::Held).map_err(|error| error.to_string())?,
            list(Lists::Recent { feed: None }).map_err(|error| error.to_string())?,
            list(Lists::Complaints).map_err(|error| error.to_string())?,
            list(Lists::Feeds).map_err(|error| error.to_string())?,
            newsroom.list(&Lists::Kills, KILLS).map_err(|error| error.to_string())?,
            newsroom.list(&Lists::Outlets, LINES).map_err(|error| error.to_string())?,
        ))
    })
    .await;
    let Ok(Ok((held, recent, complaints, feeds, kills, outlets))) = lists else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the store could not be read; see the log\n")
            .into_response();
    };
    let alarms: Vec<_> = desk
        .newsroom
        .alarms()
        .into_iter()
        .take(10)
        .map(|(at, what)| context! { at => at.to_string(), what })
        .collect();
    let sites: Vec<_> = desk
        .newsroom
        .config()
        .sites
        .iter()
        .map(|site| context! { name => site.name.clone(), url => site.url.clone() })
        .collect();
    let facts = context! {
        now => desk.newsroom.now().to_string(),
        hold_all => desk.newsroom.holds_all(),
        waiting => desk.newsroom.waiting(),
        held => rulings(held),
        recent => rulings(recent),
        complaints => match complaints { List::Complaints(lines) => listed(lines), _ => ().into() },
        kills => match kills { List::Kills(lines) => listed(lines), _ => ().into() },
        outlets => match outlets { List::Outlets(lines) => listed(lines), _ => ().into() },
        feeds => match feeds { List::Feeds(lines) => listed(lines), _ => ().into() },
        alarms, sites,
        warnings => desk.newsroom.health().warnings(),
        done => told.done,
        failed => told.failed,
    };
    render(&desk, "desk.html", facts).into_response()
}

fn listed<T: serde::Serialize>(lines: T) -> minijinja::Value {
    minijinja::Value::from(minijinja::value::Serde(lines))
}

fn rulings(list: List) -> minijinja::Value {
    match list {
        List::Rulings(lines) => listed(lines),
        _ => ().into(),
    }
}

#[derive(Deserialize)]
struct ItemForm {
    uri: String,
    agency: String,
    order: String,
    n: Option<String>,
    #[serde(flatten)]
    more: More,
}

/// What some orders need besides.
#[derive(Deserialize)]
struct More {
    reason: Option<String>,
    role: Option<String>,
    text: Option<String>,
    legal_order: Option<String>,
}

fn item_order(order: &str, n: Option<u32>, more: More) -> Option<ItemOrder> {
    let More { reason, role, text, legal_order } = more;
    let role = role.unwrap_or_default();
    Some(match order {
        "review" => ItemOrder::Review { n, role },
        "edit" => {
            let legal_order = legal_order.filter(|order| !order.is_empty());
            ItemOrder::Edit { n, role, text: text.unwrap_or_default(), legal_order }
        }
        "kill" => ItemOrder::Kill {
            reason: reason.filter(|reason| !reason.is_empty()).unwrap_or_else(|| "killed on the desk".into()),
            erase: false,
        },
        "erase" => ItemOrder::Kill {
            reason: reason.filter(|reason| !reason.is_empty()).unwrap_or_else(|| "erased on the desk".into()),
            erase: true,
        },
        "hold" => ItemOrder::Hold,
        "release" => ItemOrder::Release { n },
        "spike" => ItemOrder::Spike { n },
        _ => return None,
    })
}

async fn form_order(State(desk): State<Desk>, Form(form): Form<ItemForm>) -> Response {
    let n = form.n.as_deref().and_then(|n| n.parse().ok());
    let Some(order) = item_order(&form.order, n, form.more) else {
        return (StatusCode::BAD_REQUEST, "no such order\n").into_response();
    };
    let request = Order::Item { uri: form.uri, agency: Some(form.agency), order, by: "desk".into() };
    back(desk.newsroom.carry_out(request).await)
}

#[derive(Deserialize)]
struct Which {
    uri: String,
    agency: Option<String>,
}

/// The form in which a story is reviewed or edited.
async fn edit_page(State(desk): State<Desk>, Query(which): Query<Which>) -> Response {
    let newsroom = desk.newsroom.clone();
    let found = tokio::task::spawn_blocking(move || {
        let key = newsroom.find(&which.uri, which.agency.as_deref()).map_err(|error| error.to_string())?;
        let text = newsroom.text_of(&key).map_err(|error| error.to_string())?;
        Ok::<_, String>((key, text))
    });
    match found.await.unwrap_or_else(|_| Err("the store could not be read".to_owned())) {
        Ok((key, Some((n, text)))) => {
            let facts = context! { uri => key.uri, agency => key.agency.to_string(), n, text };
            render(&desk, "edit.html", facts).into_response()
        }
        Ok((_, None)) => (StatusCode::NOT_FOUND, "nothing of this item can be read\n").into_response(),
        Err(why) => (StatusCode::NOT_FOUND, format!("{why}\n")).into_response(),
    }
}

#[derive(Deserialize)]
struct HoldAll {
    on: bool,
    feed: Option<String>,
}

async fn form_hold_all(State(desk): State<Desk>, Form(form): Form<HoldAll>) -> Response {
    back(desk.newsroom.carry_out(Order::HoldAll { on: form.on, by: "desk".into(), feed: form.feed }).await)
}

fn back(reply: Reply) -> Response {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    Redirect::to(&match reply {
        Reply::Failed(why) => format!("/?failed={}", encode(&why)),
        Reply::Outcomes { lines, .. } => {
            let what: Vec<String> =
                lines.iter().map(|line| format!("{} {}", line.ruling, line.uri)).collect();
            format!("/?done={}", encode(&what.join(", ")))
        }
        Reply::Done | Reply::List(_) | Reply::Unsealed(_) => "/?done=done".to_owned(),
    })
    .into_response()
}

#[derive(Deserialize)]
struct ListQuery {
    limit: Option<usize>,
    feed: Option<String>,
}

async fn list(
    State(desk): State<Desk>,
    Path(which): Path<String>,
    Query(query): Query<ListQuery>,
) -> Response {
    let which = match which.as_str() {
        "recent" => Lists::Recent { feed: query.feed },
        "held" => Lists::Held,
        "complaints" => Lists::Complaints,
        "feeds" => Lists::Feeds,
        "kills" => Lists::Kills,
        "outlets" => Lists::Outlets,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let limit = query.limit.unwrap_or(100).min(API_LINES);
    json(desk.newsroom.carry_out(Order::List { which, limit }).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiOrder {
    uri: String,
    agency: Option<String>,
    order: String,
    n: Option<u32>,
    reason: Option<String>,
    role: Option<String>,
    text: Option<String>,
    legal_order: Option<String>,
    by: Option<String>,
}

async fn api_order(State(desk): State<Desk>, Json(asked): Json<ApiOrder>) -> Response {
    let ApiOrder { reason, role, text, legal_order, .. } = asked;
    let Some(order) = item_order(&asked.order, asked.n, More { reason, role, text, legal_order }) else {
        let error =
            serde_json::json!({"error": "`order` is one of kill, erase, hold, release, spike, review, edit"});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    };
    let by = asked.by.unwrap_or_else(|| "api".into());
    json(desk.newsroom.carry_out(Order::Item { uri: asked.uri, agency: asked.agency, order, by }).await)
}

async fn api_hold_all(State(desk): State<Desk>, Json(asked): Json<HoldAll>) -> Response {
    json(desk.newsroom.carry_out(Order::HoldAll { on: asked.on, by: "api".into(), feed: asked.feed }).await)
}

fn json(reply: Reply) -> Response {
    match reply {
        Reply::Failed(why) => {
            (StatusCode::CONFLICT, Json(serde_json::json!({ "error": why }))).into_response()
        }
        // Only the command line asks for what is sealed.
        Reply::Done | Reply::Unsealed(_) => Json(serde_json::json!({})).into_response(),
        Reply::Outcomes { lines, .. } => Json(serde_json::json!({ "outcomes": lines })).into_response(),
        Reply::List(List::Rulings(lines)) => Json(serde_json::json!({ "rulings": lines })).into_response(),
        Reply::List(List::Complaints(lines)) => {
            Json(serde_json::json!({ "complaints": lines })).into_response()
        }
        Reply::List(List::Kills(lines)) => Json(serde_json::json!({ "kills": lines })).into_response(),
        Reply::List(List::Outlets(lines)) => Json(serde_json::json!({ "outlets": lines })).into_response(),
        Reply::List(List::Feeds(lines)) => Json(serde_json::json!({ "feeds": lines })).into_response(),
    }
}

/// The push door: 201 with the transmission's id only after it is durable.
async fn push(
    State(desk): State<Desk>,
    Path(feed): Path<String>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let feed = FeedId::from(feed.as_str());
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(door) = desk.pushes.get(&feed) else {
        // A stranger learns nothing about which feeds there are.
        return refuse_push(&PushRefusal::Unauthorised);
    };
    if let Err(refusal) = door.authorise(text(header::AUTHORIZATION)) {
        return refuse_push(&refusal);
    }
    let Ok(body) = tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, desk.largest)).await else {
        return refuse(
            StatusCode::REQUEST_TIMEOUT,
            "the body took too long; send the items in several requests",
        );
    };
    let Ok(bytes) = body else {
        return refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is larger than `max_bytes`, or it ended early",
        );
    };
    let bytes = match door.decode(text(header::CONTENT_ENCODING), bytes) {
        Ok(bytes) => bytes,
        Err(refusal) => return refuse_push(&refusal),
    };
    let door = Door::Push { peer: peer.ip().to_string() };
    match desk.newsroom.arrive(&feed, door, bytes, false).await {
        Ok(archived) => {
            let id = serde_json::json!({ "transmission": archived.id().to_string() });
            (StatusCode::CREATED, Json(id)).into_response()
        }
        Err(Refused::Busy) => {
            refuse(StatusCode::TOO_MANY_REQUESTS, "the newsroom is busy; send again in a moment")
        }
        Err(_) => refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "the transmission could not be made durable; send it again",
        ),
    }
}

fn refuse_push(refusal: &PushRefusal) -> Response {
    refuse(StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST), &refusal.to_string())
}

fn refuse(status: StatusCode, why: &str) -> Response {
    let mut response = (status, Json(serde_json::json!({ "error": why }))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        head::set(response.headers_mut(), header::WWW_AUTHENTICATE, "Bearer");
    }
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        head::set(response.headers_mut(), header::RETRY_AFTER, "5");
    }
    response
}

async fn metrics(State(desk): State<Desk>) -> impl IntoResponse {
    let text = desk.newsroom.health().metrics(desk.newsroom.waiting(), desk.newsroom.holds_all());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

async fn healthz() -> &'static str {
    "ok\n"
}

/// Ready means that the promises hold, not that a process is up.
async fn readyz(State(desk): State<Desk>) -> Response {
    if desk.newsroom.is_ready() {
        let warnings = desk.newsroom.health().warnings();
        return warnings
            .iter()
            .fold("ready\n".to_owned(), |all, one| all + "warning: " + one + "\n")
            .into_response();
    }
    let why = "not ready: the store takes no writes, or the desk cannot keep up\n";
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}
