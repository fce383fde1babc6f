//! Strong entity tags around compression: the bytes differ per content coding, so the tags must too (RFC 9110, 8.8.3).
//!
//! Invariant: the router knows one tag per version, `"7"`; clients see `"7"`, `"7-gzip"`, `"7-br"` or `"7-zstd"` and may
//! send back any of them. A tag of the router must therefore not end in one of these suffixes itself.

use axum::{extract::Request, response::Response};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_MATCH, IF_NONE_MATCH, VARY},
};

const SUFFIXES: [&str; 3] = ["-gzip\"", "-br\"", "-zstd\""];

/// The tags that a client sent with `If-None-Match`. Must lie directly outside compression.
pub(super) struct SentTags(Vec<String>);

impl SentTags {
    /// Leaves the request with the tags that the router knows.
    pub(super) fn take(request: &mut Request) -> Self {
        let sent = tags(request.headers(), &IF_NONE_MATCH);
        for name in [IF_NONE_MATCH, IF_MATCH] {
            strip_suffixes(request.headers_mut(), &name);
        }
        Self(sent)
    }

    /// Gives the answer the tag of its coding.
    pub(super) fn tag(self, mut response: Response) -> Response {
        let Some(tag) = response
            .headers()
            .get(ETAG)
            .and_then(|tag| tag.to_str().ok())
            .map(str::to_owned)
        else {
            return response;
        };
        let public = if response.status() == StatusCode::NOT_MODIFIED {
            // The tag of the copy that the client has, so that it can tell which one is still good.
            self.0
                .into_iter()
                .map(|sent| opaque(&sent).to_owned())
                .find(|sent| without_suffix(sent) == opaque(&tag))
        } else {
            coded(&tag, response.headers().get(CONTENT_ENCODING))
        };
        let headers = response.headers_mut();
        if let Some(public) = public.and_then(|tag| HeaderValue::try_from(tag).ok()) {
            headers.insert(ETAG, public);
        }
        if !varies_by_coding(headers) {
            headers.append(VARY, HeaderValue::from_name(ACCEPT_ENCODING));
        }
        response
    }
}

fn coded(tag: &str, coding: Option<&HeaderValue>) -> Option<String> {
    let coding = coding?.to_str().ok()?;
    let open = tag.strip_suffix('"').filter(|open| open.starts_with('"'))?;
    Some(format!("{open}-{coding}\""))
}

fn strip_suffixes(headers: &mut HeaderMap, name: &HeaderName) {
    let sent = tags(headers, name);
    if sent.iter().all(|tag| without_suffix(tag).len() == tag.len()) {
        return;
    }
    let stripped = sent
        .iter()
        .map(|tag| without_suffix(tag))
        .collect::<Vec<_>>()
        .join(", ");
    if let Ok(value) = HeaderValue::try_from(stripped) {
        headers.insert(name, value);
    }
}

/// The members of a header of entity tags; commas inside quotes belong to the tag.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let mut tags = Vec::new();
    for value in headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
    {
        let mut quoted = false;
        let members = value.split(|character: char| {
            quoted ^= character == '"';
            character == ',' && !quoted
        });
        tags.extend(
            members
                .map(|member| member.trim().to_owned())
                .filter(|member| !member.is_empty()),
        );
    }
    tags
}

fn without_suffix(tag: &str) -> String {
    let open = SUFFIXES.iter().find_map(|suffix| tag.strip_suffix(suffix));
    open.map_or_else(|| tag.to_owned(), |open| format!("{open}\""))
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

fn varies_by_coding(headers: &HeaderMap) -> bool {
    let mut names = headers
        .get_all(VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|v| v.split(','));
    names.any(|name| name.trim().eq_ignore_ascii_case(ACCEPT_ENCODING.as_str()) || name.trim() == "*")
}
