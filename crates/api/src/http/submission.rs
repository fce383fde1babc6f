//! The body of a write and what its headers say about it.

use application::access::Principal;
use application::store::{IdempotencyClaim, Precondition, WriteContext};
use application::{Fault, Faults};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use deserr::Deserr;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::conditions::precondition;
use super::patch::Patch;
use super::query::{Query, invalid};
use crate::problem::Problem;
use crate::server::RequestId;
use crate::wire::{JsonError, ShapeFaults, parse_all, read_json};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const MERGE_PATCH: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";

/// A write as it arrived: every extractor of a handler comes before it, so that who may not write is told so first.
pub(crate) struct Submission {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    request_id: String,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Submission {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (method, uri, headers) = (
            request.method().clone(),
            request.uri().clone(),
            request.headers().clone(),
        );
        let request_id = request
            .extensions()
            .get::<RequestId>()
            .map(|RequestId(id)| id.clone())
            .unwrap_or_default();
        // The layers that limit size and time answer in their own words when they cut the body.
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::bad_request("malformed_json", "the body ended too early"))?;
        Ok(Self {
            method,
            uri,
            headers,
            request_id,
            body,
        })
    }
}

impl Submission {
    pub(crate) fn precondition(&self) -> Result<Precondition, Problem> {
        precondition(&self.headers)
    }

    /// Who writes, and how: takes `dryRun` from the query.
    pub(crate) fn context(&self, principal: &Principal, query: &mut Query) -> Result<WriteContext, Problem> {
        Ok(WriteContext {
            actor: principal.subject().to_owned(),
            request_id: self.request_id.clone(),
            dry_run: query.dry_run()?,
            idempotency: self.idempotency()?,
        })
    }

    fn idempotency(&self) -> Result<Option<IdempotencyClaim>, Problem> {
        let path = self
            .uri
            .path_and_query()
            .map_or("", http::uri::PathAndQuery::as_str);
        let parts = [
            self.method.as_str().as_bytes(),
            path.as_bytes(),
            self.content_type().as_bytes(),
            &self.body,
        ];
        claim(&self.headers, &parts)
    }

    /// The body as JSON, parsed into a command, or every fault of it.
    pub(crate) fn json<D, T>(&self, parse: impl Fn(D) -> Result<T, Faults>) -> Result<T, Problem>
    where
        D: Deserr<ShapeFaults>,
    {
        Ok(self.checked(parse)??)
    }

    /// The body as JSON, parsed, or every fault of it for the answer to list.
    pub(crate) fn checked<D, T>(
        &self,
        parse: impl Fn(D) -> Result<T, Faults>,
    ) -> Result<Result<T, Faults>, Problem>
    where
        D: Deserr<ShapeFaults>,
    {
        if !self.content_type().eq_ignore_ascii_case("application/json") {
            return Err(unsupported(&["application/json"]));
        }
        Ok(parse_all(self.value()?, parse))
    }

    /// The same where everything in the body may be left out, and so the body.
    pub(crate) fn json_or_nothing<D, T>(&self, parse: impl Fn(D) -> Result<T, Faults>) -> Result<T, Problem>
    where
        D: Deserr<ShapeFaults>,
    {
        if self.body.is_empty() {
            return Ok(parse_all(Value::Object(serde_json::Map::new()), parse)?);
        }
        self.json(parse)
    }

    /// A body is not expected; an empty one and an empty object are let pass.
    pub(crate) fn nothing(&self) -> Result<(), Problem> {
        if self.body.is_empty()
            || *self.value()?.as_object().ok_or_else(expects_nothing)? == serde_json::Map::new()
        {
            Ok(())
        } else {
            Err(expects_nothing())
        }
    }

    pub(crate) fn patch(&self) -> Result<Patch, Problem> {
        match self.content_type().to_ascii_lowercase().as_str() {
            MERGE_PATCH => Ok(Patch::Merge(self.value()?)),
            JSON_PATCH => {
                let operations = serde_json::from_value(self.value()?).map_err(|error| {
                    Faults::from(Fault::new(
                        "",
                        "patch_failed",
                        format!("is no list of operations: {error}"),
                    ))
                })?;
                Ok(Patch::Operations(operations))
            }
            _ => {
                let accept =
                    HeaderValue::from_static("application/merge-patch+json, application/json-patch+json");
                Err(unsupported(&[MERGE_PATCH, JSON_PATCH])
                    .header(HeaderName::from_static("accept-patch"), accept))
            }
        }
    }

    fn value(&self) -> Result<Value, Problem> {
        read_json(&self.body).map_err(|error| match error {
            JsonError::Malformed(_) | JsonError::TooDeep => {
                Problem::bad_request("malformed_json", error.to_string())
            }
        })
    }

    /// The media type without parameters, empty when there is none.
    fn content_type(&self) -> &str {
        let stated = self.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
        stated.map_or("", |t| t.split(';').next().unwrap_or_default().trim())
    }
}

/// The claim of a request that these parts make up, where it makes one.
pub(crate) fn claim(headers: &HeaderMap, parts: &[&[u8]]) -> Result<Option<IdempotencyClaim>, Problem> {
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = key.to_str().unwrap_or_default();
    if !(1..=255).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Err(invalid(
            "Idempotency-Key",
            "must have 1 to 255 printable ASCII characters",
        ));
    }
    let mut digest = Sha256::new();
    // Each part is preceded by its length, so that no two requests run together into the same digest.
    for part in parts {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    Ok(Some(IdempotencyClaim {
        key: key.to_owned(),
        fingerprint: digest.finalize().to_vec(),
    }))
}

fn unsupported(expected: &[&str]) -> Problem {
    let detail = format!("the content type must be {}", expected.join(" or "));
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        detail,
    )
}

fn expects_nothing() -> Problem {
    Faults::from(Fault::new("", "unknown_field", "this request takes no body")).into()
}
