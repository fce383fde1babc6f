//! The OpenAPI document: what the handlers say of themselves, and the problems that each of them can answer.
//!
//! A handler lists the codes of its problems under `x-problem-codes`, with `@group` for those that always come
//! together. From that list and the table of codes come the error responses, so that both cannot disagree.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, Header, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder,
};

use super::router::described;
use crate::problem::codes::{self, CODES};

const LISTED: &str = "x-problem-codes";

/// What every operation can answer.
const ALWAYS: &[&str] = &["uri_too_long", "internal", "timeout"];

/// What every operation on the catalog can answer.
const CATALOG: &[&str] = &["invalid_parameter", "unavailable"];

/// What every operation that needs a token can answer.
const PROTECTED: &[&str] = &["unauthenticated", "token_expired", "unavailable"];

/// What every operation that needs a token with a scope can answer.
const SCOPED: &[&str] = &["scope_missing"];

fn group(name: &str) -> &'static [&'static str] {
    match name {
        "@one" => &["resource_not_found"],
        "@list" => &[
            "cursor_invalid",
            "cursor_mismatch",
            "filter_unknown_field",
            "sort_not_allowed",
        ],
        // An unexpected body is at fault in the same ways.
        "@body" | "@no-body" => &[
            "malformed_json",
            "request_timeout",
            "payload_too_large",
            "unsupported_media_type",
            "validation_failed",
        ],
        "@idempotent" => &["idempotency_in_progress", "idempotency_key_reused"],
        "@conditional" => &["version_conflict", "precondition_failed"],
        _ => &[],
    }
}

/// An error answer (RFC 9457).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the document that problems render by hand")]
struct Problem {
    /// Address of the page that explains the code.
    #[schema(example = "/problems/validation_failed")]
    r#type: String,
    #[schema(example = "Validation failed")]
    title: String,
    #[schema(example = 422)]
    status: u16,
    /// A stable code.
    #[schema(example = "validation_failed")]
    code: String,
    /// What went wrong this time, for people.
    #[schema(example = "1 field is invalid")]
    detail: String,
    /// The path of the request.
    #[schema(example = "/v1/products")]
    instance: Option<String>,
    #[schema(rename = "requestId")]
    request_id: Option<String>,
    /// At most 100 faults of the body.
    errors: Option<Vec<ProblemItem>>,
    /// With `batch_failed`: the problem of each operation that failed, with its place in the batch.
    failures: Option<Vec<ProblemOfOperation>>,
}

/// One fault of a body.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the document that problems render by hand")]
struct ProblemItem {
    /// JSON Pointer (RFC 6901) into the body.
    #[schema(example = "/name")]
    pointer: String,
    #[schema(example = "required")]
    code: String,
    #[schema(example = "is required")]
    detail: String,
}

/// Why one operation of a batch failed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the document that problems render by hand")]
struct ProblemOfOperation {
    /// From 0.
    #[schema(example = 0)]
    operation: usize,
    #[schema(value_type = Object, example = json!({"status": 404, "code": "resource_not_found"}))]
    problem: (),
}

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Problem, ProblemItem, ProblemOfOperation)))]
struct Schemas;

/// What stands above the paths.
pub(super) fn head() -> OpenApi {
    let description = "A product catalog that teams run themselves. Management under `/v1` needs a token \
        (`vitrine token --scope catalog:admin --ttl 8h` prints one); the store under `/v1/store/{channel}` is open \
        and shows what is published.";
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("A token with the scopes that the operation names."))
        .build();
    let mut components = <Schemas as utoipa::OpenApi>::openapi()
        .components
        .unwrap_or_default();
    components.add_security_scheme("token", SecurityScheme::Http(scheme));
    let license = utoipa::openapi::LicenseBuilder::new()
        .name("MIT OR Apache-2.0")
        .identifier(Some("MIT OR Apache-2.0"));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Vitrine")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(description))
                .license(Some(license.build())),
        )
        .components(Some(components))
        .build()
}

/// The whole document.
pub(crate) fn document() -> OpenApi {
    finish(described().into_openapi())
}

/// Adds to every operation the problems that it can answer, and makes its id unique: the handlers of all slices have the
/// same few names.
pub(super) fn finish(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            add_problems(operation, path);
            add_diff(operation);
            add_headers(operation);
            let slice = operation
                .tags
                .iter()
                .flatten()
                .next()
                .map(|tag| tag.to_lowercase());
            if let (Some(slice), Some(id)) = (slice, &mut operation.operation_id) {
                *id = format!("{slice}_{id}");
            }
        }
    }
    document
}

fn add_problems(operation: &mut Operation, path: &str) {
    let listed = operation
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get(LISTED))
        .cloned();
    let listed: Vec<String> = listed
        .and_then(|codes| serde_json::from_value(codes).ok())
        .unwrap_or_default();
    let listed = listed.iter().flat_map(|code| {
        if code.starts_with('@') {
            group(code).to_vec()
        } else {
            vec![code.as_str()]
        }
    });
    // An open operation states an empty requirement.
    let security = serde_json::to_value(&operation.security).unwrap_or_default();
    let scopes = security.pointer("/0/token").and_then(Value::as_array);
    let of_catalog = path.starts_with("/v1/");
    let further = [
        (true, ALWAYS),
        (of_catalog, CATALOG),
        (scopes.is_some(), PROTECTED),
        (scopes.is_some_and(|scopes| !scopes.is_empty()), SCOPED),
    ];
    let further = further
        .into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, codes)| codes.iter().copied());
    let own: Vec<&str> = listed.chain(further).collect();

    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for code in CODES
        .iter()
        .filter(|known| known.status != codes::ITEM && own.contains(&known.code))
    {
        by_status.entry(code.status).or_default().push(code.code);
    }
    for (status, codes) in &by_status {
        let names: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .example(codes.first().map(|code| example(*status, code, path)))
            .build();
        let response = ResponseBuilder::new()
            .description(names.join(", "))
            .content("application/problem+json", content);
        operation
            .responses
            .responses
            .entry(status.to_string())
            .or_insert_with(|| RefOr::T(response.build()));
    }
    let codes: Vec<_> = by_status.into_values().flatten().collect();
    if let Some(extensions) = operation.extensions.as_mut() {
        extensions.insert(LISTED.to_owned(), json!(codes));
    } else {
        let extension = utoipa::openapi::extensions::ExtensionsBuilder::new()
            .add(LISTED, json!(codes))
            .build();
        operation.extensions = Some(extension);
    }
}

/// What `dryRun=diff` answers, where an operation has that parameter.
fn add_diff(operation: &mut Operation) {
    let mut parameters = operation.parameters.iter().flatten();
    if !parameters.any(|parameter| matches!(parameter, RefOr::T(p) if p.name == "dryRun")) {
        return;
    }
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("200") {
        let patch = json!([{"op": "replace", "path": "/version", "value": 2}]);
        let operations = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::Object));
        let content = ContentBuilder::new()
            .schema(Some(operations))
            .example(Some(patch));
        response.content.insert(
            "application/json-patch+json".to_owned(),
            RefOr::T(content.build()),
        );
    }
}

/// The headers that come with every read through the cache, and with every write.
fn add_headers(operation: &mut Operation) {
    let takes = |name: &str| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|parameter| matches!(parameter, RefOr::T(p) if p.name == name))
    };
    let reads = takes("Catalog-Consistency").then_some((
        "Cache-Status",
        "Where the answer came from (RFC 9211)",
        ["200", "304"].as_slice(),
    ));
    // An import is a job that writes later.
    let writes = takes("Idempotency-Key").then_some((
        "Catalog-Position",
        "Where in the change log the write stands, for `Catalog-Min-Position`; absent where nothing was written",
        ["200", "201", "204"].as_slice(),
    ));
    for (name, description, statuses) in reads.into_iter().chain(writes) {
        for status in statuses {
            if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(*status) {
                let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
                header.description = Some(description.to_owned());
                response.headers.insert(name.to_owned(), header.into());
            }
        }
    }
}

fn example(status: u16, code: &str, path: &str) -> Value {
    let meaning = codes::find(code).map(|known| known.meaning).unwrap_or_default();
    json!({
        "type": format!("/problems/{code}"),
        "title": codes::title(code),
        "status": status,
        "code": code,
        "detail": meaning,
        "instance": path,
        "requestId": "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64",
    })
}
