//! A limit: the least that a server can do to answer what the service answers, on the same stack.
//!
//! `PUT /path` with an `ETag` keeps a body, `GET /path` answers it. What is kept is looked up as the service's own tier
//! does at best: in the process, by one `GET` of Redis, or by one prepared statement of PostgreSQL. There is nothing
//! else: no middleware, tokens, conditions, logs or metrics.

mod store;

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use clap::Parser;
use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use self::store::{Kept, Store};

#[derive(Parser)]
struct Args {
    /// Where to listen
    address: SocketAddr,
    /// `memory://`, `redis://…` or `postgres://…`
    store: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let args = Args::parse();
    let store = Store::open(&args.store).await?;
    let router = Router::new()
        .route("/{*path}", get(answer).put(keep))
        .with_state(store);
    let listener = TcpListener::bind(args.address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, router.clone()));
    }
}

async fn serve(stream: TcpStream, router: Router) {
    let builder = auto::Builder::new(TokioExecutor::new());
    // What goes wrong here is seen by the client.
    let _ = stream.set_nodelay(true);
    let _ = builder
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
}

async fn answer(State(store): State<Store>, request: Request) -> Response {
    match store.get(request.uri().path()).await {
        Ok(Some(Kept { etag, body })) => {
            let json = HeaderValue::from_static("application/json");
            ([(ETAG, etag), (CONTENT_TYPE, json)], body).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn keep(State(store): State<Store>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(etag) = headers.get(ETAG).cloned() else {
        return StatusCode::BAD_REQUEST;
    };
    match store.put(uri.path(), Kept { etag, body }).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
