//! Running the operations of a batch.

use std::collections::{BTreeMap, BTreeSet};

use application::store::StoreError;
use application::{CatalogError, Fault, Faults};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::operation::{Operation, OperationResult};
use super::references::{body_with, path_with, references};
use crate::problem::{Problem, codes};
use crate::server::RequestId;

/// How much of an operation's answer is read: more than the body of any write.
const MAX_ANSWER: usize = 64 << 20;

/// For whom the operations are done.
pub(super) struct Caller {
    pub(super) authorization: Option<HeaderValue>,
    pub(super) request_id: String,
}

/// The results of all operations, or the faults of all that could be tried.
pub(super) async fn all(
    router: &Router,
    operations: &[Operation],
    caller: &Caller,
) -> Result<Vec<OperationResult>, Problem> {
    let mut results: Vec<OperationResult> = Vec::with_capacity(operations.len());
    let mut by_name: BTreeMap<&str, Value> = BTreeMap::new();
    let mut without_result: BTreeSet<&str> = BTreeSet::new();
    let mut failures = Failures::default();
    for (index, operation) in operations.iter().enumerate() {
        let named = references(&operation.path, operation.body.as_ref());
        let waits = named
            .iter()
            .any(|(_, reference)| without_result.contains(reference.name.as_str()));
        let mut lost = Faults::default();
        for (pointer, reference) in &named {
            let result = by_name.get(reference.name.as_str());
            if !waits && result.is_none_or(|result| reference.value(result).is_none()) {
                let at = format!("/operations/{index}{pointer}");
                lost.push(Fault::new(
                    at,
                    "reference_not_found",
                    "the operation answered no such member",
                ));
            }
        }
        let answer = if waits {
            None
        } else if lost.is_empty() {
            let request = request(operation, &by_name, caller)?;
            // The router answers every request.
            let response = router
                .clone()
                .oneshot(request)
                .await
                .unwrap_or_else(|never| match never {});
            Some(read(response, operation.name.clone()).await?)
        } else {
            failures.faults.extend(lost.into_vec());
            failures.tried += 1;
            None
        };
        match answer {
            Some(result) if result.status < 400 => {
                if let Some(name) = &operation.name {
                    by_name.insert(name, result.body.clone().unwrap_or_default());
                }
                results.push(result);
            }
            answer => {
                without_result.extend(operation.name.as_deref());
                if let Some(result) = answer {
                    failures.add(index, result)?;
                }
            }
        }
    }
    failures.or(results)
}

fn request(
    operation: &Operation,
    by_name: &BTreeMap<&str, Value>,
    caller: &Caller,
) -> Result<Request<Body>, Problem> {
    let value = |reference: &super::references::Reference| {
        by_name
            .get(reference.name.as_str())
            .and_then(|result| reference.value(result))
            .cloned()
    };
    let body = operation.body.as_ref().map(|body| body_with(body, &value));
    let content_type = body.as_ref().map(|body| {
        HeaderValue::from_static(match (operation.method.as_str(), body) {
            ("PATCH", Value::Array(_)) => "application/json-patch+json",
            ("PATCH", _) => "application/merge-patch+json",
            _ => "application/json",
        })
    });
    let headers: [(HeaderName, Option<&HeaderValue>); 4] = [
        (AUTHORIZATION, caller.authorization.as_ref()),
        (CONTENT_TYPE, content_type.as_ref()),
        (IF_MATCH, operation.if_match.as_ref()),
        (IF_NONE_MATCH, operation.if_none_match.as_ref()),
    ];
    let mut request = Request::builder()
        .method(operation.method.clone())
        .uri(path_with(&operation.path, &value))
        .extension(RequestId(caller.request_id.clone()));
    for (name, value) in headers
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    {
        request = request.header(name, value);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    request
        .body(body)
        .map_err(|_| Problem::bad_request("invalid_parameter", "a path in the batch is not one"))
}

async fn read(response: Response, name: Option<String>) -> Result<OperationResult, Problem> {
    let (head, body) = response.into_parts();
    let text = |header: HeaderName| Some(head.headers.get(header)?.to_str().ok()?.to_owned());
    let body = to_bytes(body, MAX_ANSWER).await.map_err(|error| broken(&error))?;
    let body = if body.is_empty() {
        None
    } else {
        Some(serde_json::from_slice(&body).map_err(|error| broken(&error))?)
    };
    Ok(OperationResult {
        name,
        status: head.status.as_u16(),
        etag: text(ETAG),
        location: text(LOCATION),
        body,
    })
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error, "the answer to an operation of a batch cannot be read");
    let detail = "something went wrong inside the service";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
}

/// What went wrong, operation by operation.
#[derive(Default)]
struct Failures {
    faults: Faults,
    problems: Vec<Value>,
    tried: usize,
}

impl Failures {
    /// A failure of the service itself ends the batch: what comes after would fail alike.
    fn add(&mut self, index: usize, result: OperationResult) -> Result<(), Problem> {
        self.tried += 1;
        let problem = result.body.unwrap_or_default();
        let text = |value: &Value, member: &str| {
            let text = value.get(member).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let known = |value: &Value| codes::find(&text(value, "code")).map(|known| known.code);
        let code = known(&problem).unwrap_or("internal");
        if result.status >= 500 {
            let status = StatusCode::from_u16(result.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let detail = "the service failed while it did the batch";
            return Err(Problem::new(status, code, detail));
        }
        let at = format!("/operations/{index}");
        let faults = problem.get("errors").and_then(Value::as_array);
        let faults = faults.map(Vec::as_slice).unwrap_or_default();
        for fault in faults {
            let pointer = format!("{at}/body{}", text(fault, "pointer"));
            let code = known(fault).unwrap_or(code);
            self.faults.push(Fault::new(pointer, code, text(fault, "detail")));
        }
        if faults.is_empty() {
            self.faults.push(Fault::new(at, code, text(&problem, "detail")));
        }
        self.problems
            .push(json!({"operation": index, "problem": problem}));
        Ok(())
    }

    fn or(self, results: Vec<OperationResult>) -> Result<Vec<OperationResult>, Problem> {
        if self.faults.is_empty() {
            return Ok(results);
        }
        let detail = match self.tried {
            1 => "1 operation failed, nothing was done".to_owned(),
            n => format!("{n} operations failed, nothing was done"),
        };
        Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "batch_failed", detail)
                .with_faults(self.faults)
                .with("failures", self.problems),
        )
    }
}

/// Another request with the same idempotency key was quicker.
pub(super) fn taken(error: StoreError) -> Problem {
    match error {
        StoreError::IdempotencyKeyTaken => CatalogError::IdempotencyInProgress.into(),
        other => other.into(),
    }
}
