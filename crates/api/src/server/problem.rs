//! The one place where this module makes an error answer: RFC 9457 problems, also of what others answered in plain text.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};
use serde_json::json;

/// A problem with a stable `code`; `detail` is for people and must name nothing internal.
pub fn problem(status: StatusCode, code: &'static str, detail: &str) -> Response {
    let body = json!({
        "type": format!("/problems/{code}"),
        "title": title(code),
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
    });
    let content_type = [(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
    (status, content_type, body.to_string()).into_response()
}

/// Turns errors in plain text or without a body (unknown routes, rejections of extractors, layers of libraries) into
/// problems, keeping their headers (`Allow`, `Accept-Encoding`, `Retry-After`…).
pub(super) async fn normalize(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_structured(response.headers()) {
        return response;
    }
    let (code, detail) = explain(status);
    let mut problem = problem(status, code, detail);
    for (name, value) in response.headers() {
        if ![CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING].contains(name) {
            problem.headers_mut().append(name, value.clone());
        }
    }
    problem
}

fn is_structured(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| !value.as_bytes().starts_with(b"text/plain"))
}

fn explain(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::UNAUTHORIZED => ("unauthenticated", "a valid token is needed"),
        StatusCode::FORBIDDEN => ("forbidden", "this is not allowed"),
        StatusCode::NOT_FOUND => ("resource_not_found", "there is nothing at this URL"),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "this URL does not take this method"),
        StatusCode::NOT_ACCEPTABLE => ("not_acceptable", "no form of the answer is acceptable to the client"),
        StatusCode::REQUEST_TIMEOUT => ("request_timeout", "the request did not arrive in time"),
        StatusCode::PAYLOAD_TOO_LARGE => ("payload_too_large", "the request body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("unsupported_media_type", "this URL does not take this content type or content encoding")
        }
        StatusCode::UNPROCESSABLE_ENTITY => ("validation_failed", "the request is invalid"),
        StatusCode::TOO_MANY_REQUESTS => ("rate_limited", "too many requests"),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "the service is not available at the moment"),
        StatusCode::GATEWAY_TIMEOUT => ("timeout", "the request took too long"),
        _ if status.is_server_error() => ("internal", "something went wrong inside the service"),
        _ => ("invalid_parameter", "the request is invalid"),
    }
}

fn title(code: &str) -> String {
    let mut title = code.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}
