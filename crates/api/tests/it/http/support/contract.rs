//! Answers held against the OpenAPI document: every status, code and body must be one that the operation documents.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{Answer, vitrine};

/// The document as the program prints it.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let output = vitrine(&[], &["openapi"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
});

/// One operation of the document.
#[derive(Debug)]
pub(crate) struct Operation {
    /// In upper case.
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) description: Value,
}

impl Operation {
    pub(crate) fn codes(&self) -> Vec<&str> {
        let codes = self.description["x-problem-codes"].as_array();
        codes.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The scopes that a token needs, or `None` where no token is needed.
    pub(crate) fn scopes(&self) -> Option<Vec<&str>> {
        let requirement = &self.description["security"][0];
        let scopes = requirement.get("token")?.as_array().unwrap();
        Some(scopes.iter().filter_map(Value::as_str).collect())
    }

    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let (mine, theirs) = (self.path.split('/'), path.split('/'));
        self.method == method
            && mine.clone().count() == theirs.clone().count()
            && mine
                .zip(theirs)
                .all(|(mine, theirs)| mine.starts_with('{') || mine == theirs)
    }
}

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let of_path = |(path, methods): (&String, &Value)| {
        let operation = |(method, description): (&String, &Value)| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            description: description.clone(),
        };
        let methods = methods.as_object().unwrap().iter();
        methods
            .filter(|(_, description)| description.get("responses").is_some())
            .map(operation)
            .collect::<Vec<_>>()
    };
    let mut operations: Vec<_> = paths.iter().flat_map(of_path).collect();
    // The most literal path goes first, as in the router.
    operations.sort_by_key(|operation| operation.path.matches('{').count());
    operations
});

pub(crate) fn operations() -> &'static [Operation] {
    &OPERATIONS
}

/// A validator of a schema that may refer to the document's components.
pub(crate) fn validator(schema: &Value) -> Validator {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": DOCUMENT["components"],
    });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

fn cached(name: String, schema: impl FnOnce() -> Value) -> Arc<Validator> {
    let mut validators = VALIDATORS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let new = || Arc::new(validator(&schema()));
    validators.entry(name).or_insert_with(new).clone()
}

static SEEN: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);

/// Checks an answer; gives the codes that are met for the first time.
pub(super) fn check(answer: &Answer) -> Vec<String> {
    let path = answer.path.split('?').next().unwrap_or_default();
    let method = answer.method.as_str().replace("HEAD", "GET");
    let operation = OPERATIONS
        .iter()
        .find(|operation| operation.matches(&method, path));
    assert!(answer.find("request-id").is_some(), "no Request-Id: {answer:?}");
    if let Some(operation) = operation {
        documented(answer, operation);
    }
    if answer.status < 400 || answer.body.is_empty() {
        assert!(
            answer.status < 400 || answer.method == "HEAD",
            "an error without a body: {answer:?}"
        );
        return Vec::new();
    }

    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{answer:?}"
    );
    let problem = answer.value();
    conforms(
        answer,
        &problem,
        &cached(
            "problem".to_owned(),
            || json!({"$ref": "#/components/schemas/Problem"}),
        ),
    );
    let code = problem["code"].as_str().unwrap();
    assert_eq!(problem["status"], answer.status, "{answer:?}");
    assert_eq!(problem["type"], format!("/problems/{code}"), "{answer:?}");
    assert_eq!(problem["instance"], path, "{answer:?}");
    assert_eq!(problem["requestId"], answer.header("request-id"), "{answer:?}");
    match operation {
        Some(operation) => assert!(
            operation.codes().contains(&code),
            "{} does not document {code}: {answer:?}",
            operation.name()
        ),
        None => assert!(
            ["resource_not_found", "method_not_allowed", "uri_too_long"].contains(&code),
            "{answer:?}"
        ),
    }
    let items = problem["errors"].as_array().into_iter().flatten();
    let mut seen = SEEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let codes = items.chain([&problem]).filter_map(|item| item["code"].as_str());
    codes
        .map(str::to_owned)
        .filter(|code| seen.insert(code.clone()))
        .collect()
}

/// The status is one of the operation's, and the body of a success has the type and schema that come with it.
fn documented(answer: &Answer, operation: &Operation) {
    let name = operation.name();
    let status = answer.status.to_string();
    // What HTTP itself answers to a wrong address is not the operation's.
    let Some(response) = operation.description["responses"].get(&status) else {
        panic!("{name} does not document {status}: {answer:?}");
    };
    if answer.status >= 400 || answer.body.is_empty() {
        return;
    }
    let content_type = answer.header("content-type").split(';').next().unwrap();
    let Some(content) = response["content"].get(content_type) else {
        panic!("{name} does not document {content_type}: {answer:?}");
    };
    // What a client asks for with `fields` lacks members that are there otherwise.
    let whole = !answer.path.contains("fields=");
    if whole && content_type == "application/json" && answer.find("content-encoding").is_none() {
        let validator = cached(
            format!("{name} {status}"),
            || json!({"allOf": [content["schema"]], "unevaluatedProperties": false}),
        );
        conforms(answer, &answer.value(), &validator);
    }
}

fn conforms(answer: &Answer, value: &Value, validator: &Validator) {
    let faults: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "against its schema: {faults:#?}\n{answer:?}");
}
