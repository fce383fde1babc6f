//! A client that sends one request after the other and times them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
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
        let started = Instant::now();
        let response = self.pool.request(request).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        let time = started.elapsed();
        if !status.is_success() {
            return Err(format!("{path} answered {status}: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok((serde_json::from_slice(&answer)?, time))
    }
}
