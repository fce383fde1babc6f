//! A client of one instance that gives up on what takes too long.

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

/// Longer than an instance is held; what is not answered by then is of unknown outcome.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    origin: String,
    token: String,
    under_way: Cell<usize>,
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, `null` if it is no JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    TimedOut,
    Lost,
}

impl Silence {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::TimedOut => "no answer in time",
            Self::Lost => "connection lost",
        }
    }
}

impl Client {
    pub(super) fn new(origin: &str, token: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(PATIENCE));
        Self {
            // Whether a request was sent again must not be hidden from who writes the history.
            pool: Pool::builder(TokioExecutor::new())
                .retry_canceled_requests(false)
                .build(connector),
            origin: origin.to_owned(),
            token: format!("Bearer {token}"),
            under_way: Cell::new(0),
        }
    }

    /// How many requests have no answer yet.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.get()
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Option<&Value>,
    ) -> std::result::Result<Answer, Silence> {
        let content_type = if method == Method::PATCH {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.origin));
        // Shoppers have none, and are answered by other ways for it.
        if !path.starts_with("/v1/store/") {
            request = request.header(AUTHORIZATION, &self.token);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, content_type);
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = body.map(ToString::to_string).unwrap_or_default();
        let request = request.body(Full::from(body)).map_err(|_| Silence::Lost)?;
        let _under_way = Counted::new(&self.under_way);
        let exchange = async {
            let response = self.pool.request(request).await.map_err(|_| Silence::Lost)?;
            let (head, body) = response.into_parts();
            let body = body.collect().await.map_err(|_| Silence::Lost)?.to_bytes();
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body,
            })
        };
        timeout(PATIENCE, exchange)
            .await
            .unwrap_or(Err(Silence::TimedOut))
    }

    pub(super) async fn get(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> std::result::Result<Answer, Silence> {
        self.send(Method::GET, path, headers, None).await
    }
}

/// Counts itself for as long as it is there.
struct Counted<'a>(&'a Cell<usize>);

impl<'a> Counted<'a> {
    fn new(counter: &'a Cell<usize>) -> Self {
        counter.set(counter.get() + 1);
        Self(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
