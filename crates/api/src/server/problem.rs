//! Errors of the layers, and of libraries that answer in plain text, become problems here; all problems get the id and
//! path of their request.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};

use super::request_id::RequestId;
use crate::problem::{Problem, finish};

/// A problem with a stable `code`; `detail` is for people and must name nothing internal.
pub(super) fn problem(status: StatusCode, code: &'static str, detail: &str) -> Response {
    Problem::new(status, code, detail).into_response()
}

/// The request that an answer is about.
pub(super) struct Subject {
    path: String,
    id: Option<RequestId>,
}

impl Subject {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            path: request.uri().path().to_owned(),
            id: request.extensions().get().cloned(),
        }
    }

    /// Turns errors in plain text or without a body (unknown routes, rejections of extractors, layers of libraries) into
    /// problems, keeping their headers (`Allow`, `Accept-Encoding`, `Retry-After`…).
    pub(super) fn normalize(&self, response: Response) -> Response {
        let id = self.id.as_ref().map(|RequestId(id)| id.as_str());
        let status = response.status();
        if !(status.is_client_error() || status.is_server_error()) || is_structured(response.headers()) {
            return finish(response, &self.path, id);
        }
        let (code, detail) = explain(status);
        let mut problem = Problem::new(status, code, detail);
        for (name, value) in response.headers() {
            if ![CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING].contains(name) {
                problem = problem.header(name.clone(), value.clone());
            }
        }
        finish(problem.into_response(), &self.path, id)
    }
}

/// The longest path and query in bytes.
const MAX_URI: usize = 8 * 1024;

/// Refuses addresses that are longer than anything the service hands out: 414 `uri_too_long`.
pub(super) fn too_long(request: &Request) -> Option<Response> {
    let length = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    (length > MAX_URI).then(|| {
        problem(
            StatusCode::URI_TOO_LONG,
            "uri_too_long",
            "the address is longer than 8 KiB",
        )
    })
}

fn is_structured(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| !value.as_bytes().starts_with(b"text/plain"))
}

fn explain(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::UNAUTHORIZED => ("unauthenticated", "a valid token is needed"),
        StatusCode::FORBIDDEN => ("forbidden", "this is not allowed"),
        StatusCode::NOT_FOUND => ("resource_not_found", "there is nothing at this URL"),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "this URL does not take this method"),
        StatusCode::NOT_ACCEPTABLE => (
            "not_acceptable",
            "no form of the answer is acceptable to the client",
        ),
        StatusCode::REQUEST_TIMEOUT => ("request_timeout", "the request did not arrive in time"),
        StatusCode::PAYLOAD_TOO_LARGE => ("payload_too_large", "the request body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            "unsupported_media_type",
            "this URL does not take this content type or content encoding",
        ),
        StatusCode::UNPROCESSABLE_ENTITY => ("validation_failed", "the request is invalid"),
        StatusCode::TOO_MANY_REQUESTS => ("rate_limited", "too many requests"),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "the service is not available at the moment"),
        StatusCode::GATEWAY_TIMEOUT => ("timeout", "the request took too long"),
        _ if status.is_server_error() => ("internal", "something went wrong inside the service"),
        _ => ("invalid_parameter", "the request is invalid"),
    }
}
