//! `dryRun=diff`: what a write would change, as a JSON Patch (RFC 6902) from what is stored to what would be.

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

use super::document::Operation;
use super::{Shaping, json, with_body};

/// Reads the resource as it is with the caller's own token, lets the write run dry, and answers the difference. What is
/// created, or comes back from deletion, is compared with nothing.
pub(super) async fn compared(
    shaping: &Shaping,
    operation: &Operation<'_>,
    request: Request,
    next: Next,
) -> Response {
    let token = request.headers().get(AUTHORIZATION).cloned();
    let before = match place(shaping, operation, &request) {
        None => Ok(Value::Null),
        Some(place) => read(shaping, &place, token).await,
    };
    let after = next.run(request).await;
    let (mut parts, after) = match json(after).await {
        Ok(after) => after,
        // A problem, or a deletion, which leaves nothing to compare.
        Err(response) => return response,
    };
    match before {
        Err(refused) => refused,
        Ok(before) => {
            let patch = json_patch::diff(&before, &after);
            let content_type = HeaderValue::from_static("application/json-patch+json");
            parts.headers.insert(CONTENT_TYPE, content_type);
            with_body(parts, &serde_json::to_value(&patch).unwrap_or_default())
        }
    }
}

/// The path of the resource that a write changes; none where it makes a new one.
fn place(shaping: &Shaping, operation: &Operation<'_>, request: &Request) -> Option<String> {
    let route = request.extensions().get::<MatchedPath>()?.as_str();
    let path = request.uri().path();
    if *request.method() != Method::POST {
        return Some(path.to_owned());
    }
    // An action stands under its resource, and answers what reading that answers.
    let (route, _) = route.rsplit_once('/')?;
    let (path, _) = path.rsplit_once('/')?;
    let reading = shaping.document.operation(&Method::GET, route)?;
    (reading.schema() == operation.schema()).then(|| path.to_owned())
}

async fn read(shaping: &Shaping, path: &str, token: Option<HeaderValue>) -> Result<Value, Response> {
    let mut reading = Request::new(Body::empty());
    *reading.uri_mut() = path.parse().unwrap_or_default();
    reading
        .headers_mut()
        .extend(token.map(|token| (AUTHORIZATION, token)));
    let Ok(answer) = shaping.routes.clone().oneshot(reading).await;
    if answer.status() == StatusCode::NOT_FOUND {
        return Ok(Value::Null);
    }
    json(answer).await.map(|(_, value)| value)
}
