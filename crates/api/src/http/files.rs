//! Uploaded files as anyone may fetch them. The address is that of the bytes, so that what was fetched once is good for
//! ever; whatever the bytes are, no browser runs them as part of this origin.

use application::media::MediaRef;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::media::{MediaState, MediaType};
use domain::value::Digest;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::ops::Range;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::conditions::not_modified;
use super::query::Query;
use super::state::AppState;
use crate::problem::Problem;

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// `attr-char` of RFC 8187.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(serve))
}

/// Fetch an uploaded file
///
/// The file never changes: it may be kept for ever. One range of bytes may be asked for (RFC 9110, section 14); where
/// several are, the whole file is the answer.
#[utoipa::path(
    get, path = "/media/{sha256}", tag = "Files",
    params(
        ("sha256" = String, Path, description = "SHA-256 of the bytes in hexadecimal digits", example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        ("Range" = Option<String>, Header, description = "The bytes that are wanted", example = "bytes=0-1023"),
        ("If-Range" = Option<String>, Header, description = "The tag of what the caller has a part of: the whole file where it is another", example = "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\""),
        ("If-None-Match" = Option<String>, Header, description = "The tag of the file that the caller has", example = "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\""),
    ),
    responses(
        (status = 200, description = "The file", content(
            (String = "image/jpeg", example = "…"), (String = "image/png", example = "…"), (String = "image/gif", example = "…"),
            (String = "image/webp", example = "…"), (String = "image/avif", example = "…"),
            (String = "application/pdf", example = "…"), (String = "video/mp4", example = "…"),
        ), headers(
            ("ETag" = String, description = "SHA-256 of the bytes"),
            ("Cache-Control" = String, description = "For ever"),
            ("Accept-Ranges" = String, description = "`bytes`"),
        )),
        (status = 206, description = "The bytes that were asked for", content(
            (String = "image/jpeg", example = "…"), (String = "image/png", example = "…"), (String = "image/gif", example = "…"),
            (String = "image/webp", example = "…"), (String = "image/avif", example = "…"),
            (String = "application/pdf", example = "…"), (String = "video/mp4", example = "…"),
        ), headers(("Content-Range" = String, description = "Which bytes of how many"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(()),
    extensions(("x-problem-codes" = json!(["@one", "invalid_parameter", "range_not_satisfiable", "unavailable"]))),
)]
async fn serve(
    State(app): State<AppState>,
    Path(text): Path<String>,
    method: Method,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    query.finish()?;
    let absent = || Problem::not_found("file");
    let digest = Digest::parse(&text).map_err(|_| absent())?;
    let found = app.media.reader().find(MediaRef::Digest(digest)).await?;
    let media = found.ok_or_else(absent)?;
    let tag = format!("\"{digest}\"");
    let common = common_headers(&media, &tag);
    if not_modified(&headers, &tag)? {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let size = media.content.size;
    let wanted = if method == Method::GET {
        wanted(&headers, &tag, size).map_err(|Unsatisfiable| unsatisfiable(size))?
    } else {
        None
    };
    let length = wanted.as_ref().map_or(size, |range| range.end - range.start);
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let bytes = app.media.open(&media, wanted.clone()).await?;
        Body::from_stream(bytes.ok_or_else(|| bytes_gone(&media))?)
    };
    let mut response = (common, body).into_response();
    let own = response.headers_mut();
    own.insert(CONTENT_LENGTH, length.into());
    if let Some(Range { start, end }) = wanted {
        let place = format!("bytes {start}-{}/{size}", end.saturating_sub(1));
        own.extend(
            HeaderValue::try_from(place)
                .ok()
                .map(|place| (CONTENT_RANGE, place)),
        );
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn common_headers(media: &MediaState, tag: &str) -> HeaderMap {
    let content_type = media.content.media_type;
    let fixed = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type.as_str())),
        (CACHE_CONTROL, FOREVER),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        ),
        // Shops show these pictures on pages of their own.
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ),
    ];
    let made = [(ETAG, tag.to_owned()), (CONTENT_DISPOSITION, disposition(media))];
    let made = made
        .into_iter()
        .filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)));
    fixed.into_iter().chain(made).collect()
}

/// Pictures and films are shown; a PDF, which may hold more than pages, is offered to be kept.
fn disposition(media: &MediaState) -> String {
    let how = match media.content.media_type {
        MediaType::Pdf => "attachment",
        MediaType::Jpeg
        | MediaType::Png
        | MediaType::Gif
        | MediaType::WebP
        | MediaType::Avif
        | MediaType::Mp4 => "inline",
    };
    match &media.content.said.name {
        None => how.to_owned(),
        Some(name) => format!(
            "{how}; filename*=UTF-8''{}",
            utf8_percent_encode(name.as_str(), PLAIN)
        ),
    }
}

struct Unsatisfiable;

/// The one range that is asked for; `None` for the whole file, which is also the answer to what cannot be read, to
/// several ranges, and to a part of another file.
fn wanted(headers: &HeaderMap, tag: &str, size: u64) -> Result<Option<Range<u64>>, Unsatisfiable> {
    let of_another = headers.get(IF_RANGE).is_some_and(|held| held != tag);
    let Some(range) = headers.get(RANGE).filter(|_| !of_another) else {
        return Ok(None);
    };
    let Ok(asked) = range
        .to_str()
        .map_err(drop)
        .and_then(|range| parse_range_header(range).map_err(drop))
    else {
        return Ok(None);
    };
    match asked.validate(size) {
        Ok(ranges) => Ok(match ranges.as_slice() {
            [one] => Some(*one.start()..one.end().saturating_add(1)),
            _ => None,
        }),
        Err(RangeUnsatisfiableError::Unsatisfiable) => Err(Unsatisfiable),
        Err(_) => Ok(None),
    }
}

fn unsatisfiable(size: u64) -> Problem {
    let problem = Problem::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        format!("the file has {size} bytes"),
    );
    match HeaderValue::try_from(format!("bytes */{size}")) {
        Ok(size) => problem.header(CONTENT_RANGE, size),
        Err(_) => problem,
    }
}

/// Someone emptied the folder or the bucket.
fn bytes_gone(media: &MediaState) -> Problem {
    tracing::error!(id = %media.id, "the bytes of a file are gone");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "something went wrong inside the service",
    )
}
