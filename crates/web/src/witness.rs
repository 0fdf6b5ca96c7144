//! A witness over HTTP (C2SP tlog-witness, v1.0.0): `add-checkpoint`, and what it saw last of each log.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use newsroom::witness::Witness;
use notary::witness::REQUEST_LIMIT;

const PLAIN: &str = "text/plain; charset=utf-8";
const SIZE: &str = "text/x.tlog.size";
/// How long a request's body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The routes of a witness.
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{log}/checkpoint", get(last_seen))
        .with_state(witness)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Body) -> Response {
    let bad = |why| (StatusCode::BAD_REQUEST, why).into_response();
    let Ok(body) = tokio::time::timeout(BODY_WITHIN, to_bytes(body, REQUEST_LIMIT)).await else {
        return (StatusCode::REQUEST_TIMEOUT, "the body took too long\n").into_response();
    };
    let Ok(body) = body else { return bad("the body is too long, or broke off\n") };
    let Ok(body) = String::from_utf8(body.into()) else { return bad("the body is not UTF-8\n") };
    match tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await {
        Ok(Ok(answer)) => {
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_REQUEST);
            let media_type = if answer.is_size { SIZE } else { PLAIN };
            (status, [(header::CONTENT_TYPE, media_type)], answer.body).into_response()
        }
        Ok(Err(error)) => {
            tracing::error!("nothing is signed, the memory could not be written: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "not available now\n").into_response()
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn last_seen(State(witness): State<Arc<Witness>>, Path(log): Path<String>) -> Response {
    match witness.last_seen(&log) {
        Some(note) => {
            ([(header::CONTENT_TYPE, PLAIN), (header::CACHE_CONTROL, "no-cache")], note).into_response()
        }
        None => (StatusCode::NOT_FOUND, "no checkpoint of such a log was seen\n").into_response(),
    }
}
