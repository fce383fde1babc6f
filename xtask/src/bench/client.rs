//! A client that sends one request after the other and times them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::Result;

pub(super) struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    origin: String,
    token: String,
}

impl Client {
    pub(super) fn new(origin: &str, token: &str) -> Self {
        Self {
            pool: Pool::builder(TokioExecutor::new()).build_http(),
            origin: origin.to_owned(),
            token: format!("Bearer {token}"),
        }
    }

    pub(super) async fn get(&self, path: &str) -> Result<(Value, Duration)> {
        self.send(Method::GET, path, None).await
    }

    /// Sends the request and reads the whole answer, which must be a success.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(Value, Duration)> {
        let content_type = if method == Method::PATCH {
            "application/merge-patch+json"
        } else {
            "application/json"
        };
        let body = body.map(ToString::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.origin))
            .header(AUTHORIZATION, &self.token)
            .header(CONTENT_TYPE, content_type)
            .body(Full::from(body))?;
        let (answer, time) = self.exchange(request).await?;
        Ok((serde_json::from_slice(answer.body())?, time))
    }

    /// The tag and the bytes of a resource.
    pub(super) async fn tagged(&self, path: &str) -> Result<(HeaderValue, Bytes)> {
        let request = Request::get(format!("{}{path}", self.origin)).header(AUTHORIZATION, &self.token);
        let (answer, _) = self.exchange(request.body(Full::default())?).await?;
        let tag = answer.headers().get(ETAG).ok_or("the answer has no tag")?.clone();
        Ok((tag, answer.into_body()))
    }

    /// Has a limit keep a resource.
    pub(super) async fn keep(&self, path: &str, tag: &HeaderValue, body: Bytes) -> Result<()> {
        let request = Request::put(format!("{}{path}", self.origin)).header(ETAG, tag);
        self.exchange(request.body(Full::from(body))?).await?;
        Ok(())
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(Response<Bytes>, Duration)> {
        let uri = request.uri().clone();
        let started = Instant::now();
        let (parts, body) = self.pool.request(request).await?.into_parts();
        let answer = body.collect().await?.to_bytes();
        let time = started.elapsed();
        if !parts.status.is_success() {
            let text = String::from_utf8_lossy(&answer);
            return Err(format!("{uri} answered {}: {text}", parts.status).into());
        }
        Ok((Response::from_parts(parts, answer), time))
    }
}
