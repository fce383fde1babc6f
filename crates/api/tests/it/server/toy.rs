//! A router whose handlers stop where a test wants them to, served as the product is.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use api::server::{
    self, HttpMetrics, HttpSettings, Layers, Lifecycle, Remembered, Repeatable, Served, Shutdown,
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
    time::timeout,
};

/// Far above every time-out that a test sets: reaching it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) const DOCUMENT_TAG: &str = "\"7\"";

#[derive(Clone)]
pub(crate) struct Toy(Arc<Events>);

/// Semaphores as counters of what has happened: `add_permits` tells, `acquire` waits for it.
pub(crate) struct Events {
    pub(crate) started: Semaphore,
    pub(crate) may_go_on: Semaphore,
    /// Exchanges that ended without their response having been read to its end by hyper.
    pub(crate) abandoned: Semaphore,
    pub(crate) committed: Semaphore,
    pub(crate) received: AtomicUsize,
    /// Whether the counting route stands by what it answered.
    pub(crate) stands: AtomicBool,
    pub(crate) repeated: AtomicUsize,
}

impl std::ops::Deref for Toy {
    type Target = Events;

    fn deref(&self) -> &Events {
        &self.0
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) toy: Toy,
    pub(crate) task: JoinHandle<Shutdown>,
}

impl Server {
    pub(crate) async fn start(settings: HttpSettings) -> Self {
        Self::start_measured(settings, &opentelemetry::global::meter("test")).await
    }

    pub(crate) async fn start_measured(
        settings: HttpSettings,
        meter: &opentelemetry::metrics::Meter,
    ) -> Self {
        let toy = Toy(Arc::new(Events {
            started: Semaphore::new(0),
            may_go_on: Semaphore::new(0),
            abandoned: Semaphore::new(0),
            committed: Semaphore::new(0),
            received: AtomicUsize::new(0),
            stands: AtomicBool::new(true),
            repeated: AtomicUsize::new(0),
        }));
        let lifecycle = Lifecycle::new();
        let metrics = HttpMetrics::new(meter);
        let ids = Arc::new(AtomicUsize::new(0));
        let fresh = Arc::new(move || format!("made-again-{}", ids.fetch_add(1, Ordering::SeqCst)));
        let layers = Layers {
            settings: settings.clone(),
            lifecycle: lifecycle.clone(),
            metrics: metrics.clone(),
            new_request_id: Arc::new(|| "made-here".to_owned()),
            is_stream: |_, uri| uri.path() == "/imports",
            allowance: |_, _| 0,
        };
        let router =
            server::wrap(routes(toy.clone()), layers).layer(from_fn_with_state(toy.clone(), tell_abandoned));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served = lifecycle.clone();
        let routes = Served {
            router,
            remembered: Some(Arc::new(Remembered::new(1 << 20, metrics, fresh))),
        };
        let task = tokio::spawn(async move { server::serve(listener, routes, &settings, &served).await });
        Self {
            address,
            lifecycle,
            toy,
            task,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection over which `request` has been sent.
    pub(crate) async fn send(&self, request: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    pub(crate) async fn end(self) -> Shutdown {
        timeout(PATIENCE, self.task).await.unwrap().unwrap()
    }
}

/// Short time-outs, except where a test sets its own.
pub(crate) fn settings() -> HttpSettings {
    HttpSettings {
        drain: Duration::from_millis(50),
        shutdown_timeout: Duration::from_secs(10),
        ..HttpSettings::default()
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).build().unwrap()
}

pub(crate) async fn happened(event: &Semaphore) {
    timeout(PATIENCE, event.acquire())
        .await
        .unwrap()
        .unwrap()
        .forget();
}

/// What the server still sends until it closes the connection.
pub(crate) async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end as well as a close is.
    let _: Result<_, _> = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// One answer of up to a few kilobytes that has a Content-Length, on a connection that stays open.
pub(crate) async fn answer(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap()?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .unwrap();
            if body.len() >= length.parse().unwrap() {
                return Ok(text);
            }
        }
    }
}

fn routes(toy: Toy) -> Router {
    Router::new()
        .route("/ok", get(async || "ok"))
        .route("/wait", get(wait))
        .route("/write", post(write))
        .route("/panic", get(panicking).post(panicking))
        .route("/length", post(async |body: Bytes| body.len().to_string()))
        .route("/raw-length", post(raw_length))
        .route("/imports", post(import))
        .route("/endless", get(endless))
        .route("/zeros/{length}", get(zeros))
        .route("/counted", get(counted).post(counted))
        .route("/document", get(read_document).put(write_document))
        .with_state(toy)
}

async fn panicking() -> StatusCode {
    panic!("as the test wants it")
}

/// Begins, and answers when the test lets it.
async fn wait(State(toy): State<Toy>) -> &'static str {
    toy.started.add_permits(1);
    toy.may_go_on.acquire().await.unwrap().forget();
    "went on"
}

async fn write(State(toy): State<Toy>) -> StatusCode {
    toy.started.add_permits(1);
    toy.may_go_on.acquire().await.unwrap().forget();
    toy.committed.add_permits(1);
    StatusCode::CREATED
}

/// Reads the body past the framework's extractors and makes something else of every error.
async fn raw_length(body: Body) -> Response {
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes.len().to_string().into_response(),
        Err(_) => (StatusCode::UNPROCESSABLE_ENTITY, "not readable").into_response(),
    }
}

async fn import(State(toy): State<Toy>, body: Body) -> Response {
    let mut chunks = body.into_data_stream();
    toy.started.add_permits(1);
    while let Some(chunk) = chunks.next().await {
        let Ok(chunk) = chunk else {
            return (StatusCode::BAD_REQUEST, "the upload broke off").into_response();
        };
        toy.received.fetch_add(chunk.len(), Ordering::SeqCst);
    }
    toy.received.load(Ordering::SeqCst).to_string().into_response()
}

/// Bytes without end; tells when nobody wants them any more.
async fn endless(State(toy): State<Toy>) -> Body {
    let guard = Abandoned(toy);
    Body::from_stream(
        futures::stream::repeat(Bytes::from(vec![b'x'; 64 * 1024])).map(move |chunk| {
            let _kept: &Abandoned = &guard;
            Ok::<_, std::io::Error>(chunk)
        }),
    )
}

async fn zeros(axum::extract::Path(length): axum::extract::Path<usize>) -> Vec<u8> {
    vec![0; length]
}

async fn read_document(headers: HeaderMap) -> Response {
    let etag = [(header::ETAG, DOCUMENT_TAG)];
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|tags| tags.to_str().unwrap().contains(DOCUMENT_TAG));
    if known {
        (StatusCode::NOT_MODIFIED, etag).into_response()
    } else {
        (etag, "word ".repeat(1000)).into_response()
    }
}

/// Answers how often it was asked, and may be given again.
async fn counted(State(toy): State<Toy>, headers: HeaderMap) -> Response {
    let count = toy.received.fetch_add(1, Ordering::SeqCst) + 1;
    let (standing, repeated) = (toy.clone(), toy);
    let repeatable = Repeatable {
        stands: Arc::new(move || standing.stands.load(Ordering::SeqCst)),
        repeated: Arc::new(move || {
            repeated.repeated.fetch_add(1, Ordering::SeqCst);
        }),
        sign: (HeaderName::from_static("again"), HeaderValue::from_static("yes")),
    };
    let tag = [(header::ETAG, DOCUMENT_TAG)];
    let mut response = if headers.contains_key(header::IF_NONE_MATCH) {
        (StatusCode::NOT_MODIFIED, tag).into_response()
    } else {
        (tag, format!("{count} {}", "word ".repeat(1000))).into_response()
    };
    response.headers_mut().insert("count", count.into());
    response.extensions_mut().insert(repeatable);
    response
}

async fn write_document(headers: HeaderMap) -> StatusCode {
    let matches = headers
        .get(header::IF_MATCH)
        .is_some_and(|tag| tag == DOCUMENT_TAG);
    if matches {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::PRECONDITION_FAILED
    }
}

struct Abandoned(Toy);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.abandoned.add_permits(1);
    }
}

/// Lies outside all layers, where a hang-up arrives first.
async fn tell_abandoned(State(toy): State<Toy>, request: Request, next: Next) -> Response {
    let guard = Abandoned(toy);
    let response = next.run(request).await;
    std::mem::forget(guard);
    response
}
