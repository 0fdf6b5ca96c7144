//! HTTP: the public site ([`site`]) and the desk ([`desk`]), each on its own listener.
//!
//! **Never here:** writing anything but through the newsroom; any type of another room in a request or response.

pub mod address;
pub mod confirm;
pub mod desk;
mod head;
mod log;
mod packing;
pub mod site;
pub mod witness;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// How long open requests may take after the listener has stopped.
pub const GRACE: Duration = Duration::from_secs(5);
/// How long a client may take to send the head of a request, and how long it may say nothing between two.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// Connections at one time on one listener; more wait in the system's queue.
const CONNECTIONS: usize = 1_024;
/// After the system gave no connection (no file handles left): a moment for others to end.
const BREATH: Duration = Duration::from_millis(50);

/// A listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("opening the {what} listener on {address}: {source}; choose another address, or stop who uses it")]
pub struct ListenError {
    /// `site NAME` or `desk`.
    pub what: String,
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub source: std::io::Error,
}

/// Opens a listener, so that its address is taken before anything else is done.
///
/// # Errors
/// The address cannot be used.
pub async fn listen(what: &str, address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError { what: what.to_owned(), address, source })
}

/// Serves a router, whose routes learn who is connected.
pub async fn serve_router(listener: TcpListener, router: Router, stop: watch::Receiver<bool>) {
    let service = move |peer| TowerToHyperService::new(router.clone().layer(Extension(ConnectInfo(peer))));
    serve(listener, service, stop).await;
}

/// A router that answers `/metrics` with what `metrics` says, in the text format of Prometheus.
pub fn metrics_router(metrics: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    let media_type = [(axum::http::header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Router::new().route("/metrics", axum::routing::get(async move || (media_type, metrics())))
}

/// Serves until `stop` turns true, each connection with the `service` of its own; open requests get a few seconds to
/// end.
///
/// HTTP/1.1. Whoever connects and sends nothing, or the head of a request byte by byte, is cut off, and holds up
/// nobody but itself.
pub async fn serve<S>(
    listener: TcpListener,
    service: impl Fn(SocketAddr) -> S,
    mut stop: watch::Receiver<bool>,
) where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible, Future: Send + 'static>
        + Send
        + 'static,
{
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let open = GracefulShutdown::new();
    let next = async |places: Arc<Semaphore>| {
        let place = places.acquire_owned().await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>((place, listener.accept().await?))
    };
    loop {
        let connected = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            connected = next(Arc::clone(&places)) => connected,
        };
        let (place, (stream, peer)) = match connected {
            Ok(connected) => connected,
            Err(error) => {
                tracing::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let connection = http.serve_connection(TokioIo::new(stream), service(peer)).into_owned();
        let connection = open.watch(connection);
        tokio::spawn(async move {
            // What goes wrong here is the client's doing: it went away, was too slow, or spoke no HTTP.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, open.shutdown()).await;
}
