//! Error answers: problem documents (RFC 9457) with a stable code from [`codes`].
//!
//! A [`Problem`] is rendered twice: as it is made, and once more at the edge by [`finish`], which knows the request's
//! id and path.

pub(crate) mod codes;

use application::store::Affected;
use application::{CatalogError, Fault, Faults};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

/// An error answer with its stable code.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<Fault>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            members: Map::new(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "resource_not_found",
            format!("there is no such {what}"),
        )
    }

    /// Adds a member to the body.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds faults of the body.
    #[must_use]
    pub(crate) fn with_faults(mut self, faults: Faults) -> Self {
        self.errors.extend(faults.into_vec());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn body(&self, instance: Option<&str>, request_id: Option<&str>) -> String {
        let mut body = json!({
            "type": format!("/problems/{}", self.code),
            "title": codes::title(self.code),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        if let Value::Object(members) = &mut body {
            let context = [("instance", instance), ("requestId", request_id)];
            members.extend(
                context
                    .into_iter()
                    .filter_map(|(name, v)| Some((name.to_owned(), v?.into()))),
            );
            members.extend(self.members.clone());
            if !self.errors.is_empty() {
                let errors = self.errors.iter().map(
                    |Fault {
                         pointer,
                         code,
                         detail,
                     }| json!({"pointer": pointer, "code": code, "detail": detail}),
                );
                members.insert("errors".to_owned(), errors.collect());
            }
        }
        body.to_string()
    }

    fn render(self, instance: Option<&str>, request_id: Option<&str>) -> Response {
        let content_type = [(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        let body = self.body(instance, request_id);
        let mut response = (self.status, content_type, body).into_response();
        for (name, value) in &self.headers {
            response.headers_mut().append(name, value.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.render(None, None)
    }
}

/// Gives a problem the context of its request. Headers that layers added on the way stay.
pub(crate) fn finish(mut response: Response, instance: &str, request_id: Option<&str>) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let mut finished = problem.render(Some(instance), request_id);
    // The new body is neither as long as the first one nor compressed.
    let of_body = [CONTENT_LENGTH, CONTENT_ENCODING];
    for (name, value) in response.headers() {
        if !finished.headers().contains_key(name) && !of_body.contains(name) {
            finished.headers_mut().append(name, value.clone());
        }
    }
    finished
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        let errors = faults.into_vec();
        let detail = match errors.len() {
            1 => "1 field is invalid".to_owned(),
            Faults::MAX.. => format!("at least {} fields are invalid", Faults::MAX),
            n => format!("{n} fields are invalid"),
        };
        Self {
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail)
        }
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        let (code, detail) = (error.code(), error.to_string());
        let problem = |status| Self::new(status, code, detail.clone());
        match error {
            CatalogError::Invalid(faults) => faults.into(),
            CatalogError::NotFound(_) => problem(StatusCode::NOT_FOUND),
            CatalogError::HistoryExpired => problem(StatusCode::GONE),
            CatalogError::Unfit(faults) => problem(StatusCode::CONFLICT).with_faults(faults),
            CatalogError::Rule(_) => problem(StatusCode::CONFLICT),
            CatalogError::VersionConflict { current } => {
                problem(StatusCode::PRECONDITION_FAILED).with("currentVersion", current)
            }
            CatalogError::PreconditionFailed => problem(StatusCode::PRECONDITION_FAILED),
            CatalogError::Conflict {
                pointer,
                existing,
                affected,
                ..
            } => {
                let mut conflict = problem(StatusCode::CONFLICT);
                if let Some(id) = existing {
                    conflict = conflict.with("conflictingId", id.to_string());
                }
                if let Some(Affected { count, sample }) = affected {
                    let sample: Vec<_> = sample.iter().map(ToString::to_string).collect();
                    conflict = conflict.with("affected", count).with("sample", sample);
                }
                if !pointer.is_empty() {
                    conflict.errors.push(Fault::new(pointer, code, detail));
                }
                conflict
            }
            CatalogError::IdempotencyKeyReused => problem(StatusCode::UNPROCESSABLE_ENTITY),
            CatalogError::IdempotencyInProgress => {
                problem(StatusCode::CONFLICT).header(RETRY_AFTER, HeaderValue::from_static("1"))
            }
            CatalogError::Files(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the store of files failed"
                );
                let detail = "the store of files is not available";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail)
                    .header(RETRY_AFTER, HeaderValue::from_static("5"))
            }
            CatalogError::Store(error) => error.into(),
        }
    }
}

impl From<application::store::StoreError> for Problem {
    /// The one place where a failure of the store is logged; its text stays inside.
    fn from(error: application::store::StoreError) -> Self {
        use application::store::StoreError;
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the database is not available"
                );
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "the database is not available",
                )
                .header(RETRY_AFTER, HeaderValue::from_static("1"))
            }
            StoreError::Conflict(_) => CatalogError::from(error).into(),
            // What resources to restore refer to; writes with a body name the reference that leads nowhere.
            StoreError::ReferenceGone => Self::new(
                StatusCode::CONFLICT,
                "state_conflict",
                "a resource that is referred to is deleted",
            ),
            // What is left when the attempts of a write are used up: others were quicker every time.
            StoreError::VersionConflict { .. } | StoreError::IdempotencyKeyTaken => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "too many writes of the same resource",
            )
            .header(RETRY_AFTER, HeaderValue::from_static("1")),
            StoreError::Internal(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the database failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "something went wrong inside the service",
                )
            }
        }
    }
}
