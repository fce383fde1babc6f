//! Operations and their results on the wire.

use std::collections::{BTreeMap, BTreeSet};

use application::{Fault, Faults};
use deserr::Deserr;
use http::{HeaderValue, Method, Uri};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::references::{Reference, references};

/// Writes that take effect together.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct BatchInput {
    /// 1 to 1,000, in the order in which they are done.
    #[schema(min_items = 1, max_items = 1000)]
    pub(crate) operations: Vec<OperationInput>,
}

/// One write.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
#[schema(example = json!({"name": "mug", "method": "POST", "path": "/v1/products", "body": {"name": "Mug"}}))]
pub(crate) struct OperationInput {
    /// The name by which later operations refer to the result: `^[A-Za-z][A-Za-z0-9_-]{0,63}$`, unique in the batch.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "mug")]
    name: Option<String>,
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    #[schema(example = "POST")]
    method: String,
    /// Path and query of the write, which begins with `/v1/`. Batches, imports and uploads do not go into a batch.
    #[schema(example = "/v1/products")]
    path: String,
    /// As the header `If-Match` of the write would have it.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"3-m1\"")]
    if_match: Option<String>,
    /// As the header `If-None-Match` of the write would have it.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "*")]
    if_none_match: Option<String>,
    /// The body of the write. That of a PATCH is a JSON Merge Patch, or a JSON Patch when it is an array.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
}

/// A write that may be done, apart from what it refers to.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(super) name: Option<String>,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) if_match: Option<HeaderValue>,
    pub(super) if_none_match: Option<HeaderValue>,
    pub(super) body: Option<Value>,
}

/// What a batch answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchBody {
    /// In the order of the operations.
    pub(crate) results: Vec<OperationResult>,
}

/// The answer to one operation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OperationResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "mug")]
    pub(super) name: Option<String>,
    #[schema(example = 201)]
    pub(super) status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "\"1-m1\"")]
    pub(super) etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/v1/products/0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64")]
    pub(super) location: Option<String>,
    /// Absent where the answer has no body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub(super) body: Option<Value>,
}

impl BatchInput {
    pub(crate) const MAX: usize = 1000;

    pub(crate) fn parse(self) -> Result<Vec<Operation>, Faults> {
        let mut faults = Faults::default();
        match self.operations.len() {
            0 => faults.push(Fault::new("/operations", "required", "is required")),
            1..=Self::MAX => {}
            _ => {
                let detail = format!("must have at most {} items", Self::MAX);
                return Err(Fault::new("/operations", "too_long", detail).into());
            }
        }
        check_references(&self.operations, &mut faults);
        let operations: Vec<_> = self
            .operations
            .into_iter()
            .enumerate()
            .map(|(index, operation)| operation.parse(&format!("/operations/{index}"), &mut faults))
            .collect();
        faults.or(operations.into_iter().collect())
    }
}

/// Names that stand twice, and references that lead nowhere or ahead.
fn check_references(operations: &[OperationInput], faults: &mut Faults) {
    let all: BTreeMap<&str, usize> = operations
        .iter()
        .enumerate()
        .rev()
        .filter_map(|(index, operation)| Some((operation.name.as_deref()?, index)))
        .collect();
    let mut known = BTreeSet::new();
    for (index, operation) in operations.iter().enumerate() {
        let at = format!("/operations/{index}");
        for (pointer, Reference { name, .. }) in references(&operation.path, operation.body.as_ref()) {
            let fault = match all.get(name.as_str()) {
                Some(_) if known.contains(name.as_str()) => continue,
                Some(_) => (
                    "forward_reference",
                    "refers to an operation that is not done before this one",
                ),
                None => (
                    "reference_not_found",
                    "no operation has this name; a text that begins with a dollar sign is written with two",
                ),
            };
            faults.push(Fault::new(format!("{at}{pointer}"), fault.0, fault.1));
        }
        if let Some(name) = operation.name.as_deref()
            && !known.insert(name)
        {
            let detail = "another operation has this name";
            faults.push(Fault::new(format!("{at}/name"), "duplicate", detail));
        }
    }
}

impl OperationInput {
    fn parse(self, at: &str, faults: &mut Faults) -> Option<Operation> {
        let mut refuse = |member: &str, code, detail: &str| {
            faults.push(Fault::new(format!("{at}/{member}"), code, detail));
        };
        let is_name = |name: &String| {
            name.len() <= 64
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        };
        if self.name.as_ref().is_some_and(|name| !is_name(name)) {
            let detail = "must be a letter and up to 63 letters, digits, underscores and hyphens";
            refuse("name", "pattern", detail);
        }
        let method = match self.method.as_str() {
            "POST" => Some(Method::POST),
            "PUT" => Some(Method::PUT),
            "PATCH" => Some(Method::PATCH),
            "DELETE" => Some(Method::DELETE),
            _ => {
                refuse("method", "not_in_enum", "must be one of POST, PUT, PATCH, DELETE");
                None
            }
        };
        if !may_be_batched(&self.path) {
            let detail = "must be the path of a write under /v1/ other than a batch, an import or an upload";
            refuse("path", "pattern", detail);
        }
        let mut header = |member: &str, value: Option<String>| match value.map(HeaderValue::try_from) {
            None => Some(None),
            Some(Ok(value)) => Some(Some(value)),
            Some(Err(_)) => {
                refuse(member, "pattern", "must be a header's value");
                None
            }
        };
        let if_match = header("ifMatch", self.if_match);
        let if_none_match = header("ifNoneMatch", self.if_none_match);
        Some(Operation {
            name: self.name,
            method: method?,
            path: self.path,
            if_match: if_match?,
            if_none_match: if_none_match?,
            body: self.body,
        })
    }
}

fn may_be_batched(path: &str) -> bool {
    let Ok(uri) = path.parse::<Uri>() else {
        return false;
    };
    let apart = ["/v1/batch", "/v1/imports", "/v1/jobs", "/v1/media"];
    path.starts_with('/')
        && uri.path().starts_with("/v1/")
        && !apart.iter().any(|apart| {
            uri.path()
                .strip_prefix(apart)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}
