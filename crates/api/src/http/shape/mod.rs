//! What clients may ask of an answer's shape, whichever operation gives it: only some members (`fields`), or what a dry
//! run would change (`dryRun=diff`).
//!
//! Both stand around the handlers and go by the OpenAPI document: an operation has them when its description says so,
//! and the members that there are to name are those of its schema.

mod diff;
mod document;
mod fields;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, Uri};
use serde_json::Value;
use url::form_urlencoded;

use self::document::Document;
pub(super) use self::fields::FieldsTaken;

/// What the layer works with.
#[derive(Clone)]
pub(super) struct Shaping {
    document: Arc<Document>,
    /// The routes without this layer.
    routes: Router,
}

impl Shaping {
    pub(super) fn new(document: &impl serde::Serialize, routes: Router) -> Self {
        Self {
            document: Arc::new(Document::new(document)),
            routes,
        }
    }
}

pub(super) async fn shape(State(shaping): State<Shaping>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    // Both are asked for in the query.
    let Some(route) = route.filter(|_| request.uri().query().is_some()) else {
        return next.run(request).await;
    };
    let operation = shaping.document.operation(request.method(), route.as_str());
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    match operation {
        Some(operation) if reads && operation.has_parameter("fields") => {
            match parameter(request.uri(), "fields") {
                Some(fields) => fields::pruned(&operation, &fields, request, next).await,
                None => next.run(request).await,
            }
        }
        Some(operation) if !reads && operation.has_parameter("dryRun") => {
            if parameter(request.uri(), "dryRun").as_deref() == Some("diff") {
                diff::compared(&shaping, &operation, request, next).await
            } else {
                next.run(request).await
            }
        }
        _ => next.run(request).await,
    }
}

/// A parameter of the query; handlers refuse one that stands there twice.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let mut values = pairs
        .filter(|(n, _)| n == name)
        .map(|(_, value)| value.into_owned());
    values.next()
}

/// The JSON of an answer, or the answer as it is where it has none.
async fn json(response: Response) -> Result<(http::response::Parts, Value), Response> {
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|content_type| content_type == "application/json");
    if !response.status().is_success() || !is_json {
        return Err(response);
    }
    let (mut parts, body) = response.into_parts();
    // Bodies of handlers are whole in memory already.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match serde_json::from_slice(&bytes) {
        Ok(value) => {
            parts.headers.remove(CONTENT_LENGTH);
            Ok((parts, value))
        }
        // As to HEAD, which has no body.
        Err(_) => Err(Response::from_parts(parts, Body::from(bytes))),
    }
}

fn with_body(parts: http::response::Parts, value: &Value) -> Response {
    Response::from_parts(parts, Body::from(Bytes::from(value.to_string())))
}
