//! JSON Schemas (draft 2020-12) of attributes, judged by the `jsonschema` crate.
//!
//! Invariant: a schema reaches nothing outside itself (nothing is fetched), and every pattern is matched in linear time.

use std::sync::Arc;

use application::json::JsonDoc;
use domain::product_type::JsonSchemas as Port;
use domain::value::Json;
use jsonschema::{Draft, PatternOptions, Validator};
use quick_cache::sync::Cache;
use serde_json::Value;

/// How many compiled schemas are kept.
const KEPT: usize = 200;
/// The longest schema, as JSON in bytes.
const MAX_SCHEMA: usize = 64 << 10;
/// The most faults of one value that are told.
const MAX_FAULTS: usize = 20;
/// The longest text of a fault, in characters: it may quote the value.
const MAX_DETAIL: usize = 300;
/// The dialect that schemas are in, whether they say so or not.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Compiles schemas once and keeps those that were used last.
#[derive(Debug, Clone)]
pub struct JsonSchemas(Arc<Cache<String, Arc<Validator>>>);

impl Default for JsonSchemas {
    fn default() -> Self {
        Self(Arc::new(Cache::new(KEPT)))
    }
}

impl JsonSchemas {
    fn validator(&self, schema: &Json) -> Result<Arc<Validator>, String> {
        let schema = plain(schema);
        let name = schema.to_string();
        if let Some(validator) = self.0.get(&name) {
            return Ok(validator);
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .map_err(|error| error.to_string())?;
        let validator = Arc::new(validator);
        self.0.insert(name, validator.clone());
        Ok(validator)
    }
}

impl Port for JsonSchemas {
    fn schema_fault(&self, schema: &Json) -> Option<String> {
        let Json::Object(members) = schema else {
            return Some("must be an object".to_owned());
        };
        if schema.storable().is_err() {
            return Some("must not contain U+0000".to_owned());
        }
        if members.contains_key("$id") {
            return Some("must not have an $id: it is given one where it is used".to_owned());
        }
        let dialect = members.get("$schema");
        if dialect.is_some_and(|dialect| *dialect != Json::Text(DIALECT.to_owned())) {
            return Some(format!("must be of the dialect {DIALECT}"));
        }
        if plain(schema).to_string().len() > MAX_SCHEMA {
            return Some("must have at most 64 KiB".to_owned());
        }
        let error = self.validator(schema).err()?;
        Some(format!("is not usable: {}", shortened(&error)))
    }

    fn faults(&self, schema: &Json, value: &Json) -> Vec<(Vec<String>, String)> {
        let validator = match self.validator(schema) {
            Ok(validator) => validator,
            Err(error) => {
                tracing::error!(error, "a stored JSON Schema does not compile");
                return vec![(Vec::new(), "the attribute's schema is not usable".to_owned())];
            }
        };
        let value = plain(value);
        let fault = |error: jsonschema::ValidationError<'_>| {
            let path = error.instance_path().to_string();
            let steps = path.split('/').skip(1);
            let steps = steps
                .map(|step| step.replace("~1", "/").replace("~0", "~"))
                .collect();
            (steps, shortened(&error.to_string()))
        };
        validator
            .iter_errors(&value)
            .take(MAX_FAULTS)
            .map(fault)
            .collect()
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_DETAIL).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn plain(value: &Json) -> Value {
    // A `Json` has nothing that JSON has not.
    serde_json::to_value(JsonDoc(value.clone())).unwrap_or_default()
}
