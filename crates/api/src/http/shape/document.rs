//! The OpenAPI document, asked for operations and the members of their answers.

use http::Method;
use serde_json::Value;

/// How deep schemas are followed into one another; sound ones are not that deep.
const DEEPEST: usize = 16;

pub(super) struct Document(Value);

/// An operation of the document.
pub(super) struct Operation<'a> {
    document: &'a Document,
    description: &'a Value,
}

impl Document {
    pub(super) fn new(document: &impl serde::Serialize) -> Self {
        Self(serde_json::to_value(document).unwrap_or_default())
    }

    pub(super) fn operation(&self, method: &Method, route: &str) -> Option<Operation<'_>> {
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let description = self
            .0
            .get("paths")?
            .get(route)?
            .get(method.as_str().to_ascii_lowercase())?;
        Some(Operation {
            document: self,
            description,
        })
    }

    /// The schemas of values that a schema allows: references followed, choices and lists looked into.
    fn alternatives<'a>(&'a self, schema: &'a Value, depth: usize, found: &mut Vec<&'a Value>) {
        if depth > DEEPEST {
            return;
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference
                .strip_prefix('#')
                .and_then(|pointer| self.0.pointer(pointer));
            if let Some(target) = target {
                self.alternatives(target, depth + 1, found);
            }
            return;
        }
        let mut is_choice = false;
        for word in ["allOf", "oneOf", "anyOf"] {
            for part in schema.get(word).and_then(Value::as_array).into_iter().flatten() {
                is_choice = true;
                self.alternatives(part, depth + 1, found);
            }
        }
        if let Some(items) = schema.get("items") {
            self.alternatives(items, depth + 1, found);
        } else if !is_choice || schema.get("properties").is_some() {
            found.push(schema);
        }
    }

    /// The schemas of a member of any of these; none when there is no such member.
    fn member<'a>(&'a self, schemas: &[&'a Value], name: &str) -> Vec<&'a Value> {
        let mut objects = Vec::new();
        for schema in schemas {
            self.alternatives(schema, 0, &mut objects);
        }
        objects
            .into_iter()
            .filter_map(|object| {
                let properties = object.get("properties");
                let named = properties.and_then(|p| p.get(name));
                let is_free = || properties.is_none() && object.get("type").is_none_or(|t| t == "object");
                named
                    .or_else(|| object.get("additionalProperties").filter(|more| **more != false))
                    // An object of any members.
                    .or_else(|| is_free().then_some(object))
            })
            .collect()
    }
}

impl<'a> Operation<'a> {
    pub(super) fn has_parameter(&self, name: &str) -> bool {
        let parameters = self.description.get("parameters").and_then(Value::as_array);
        let mut named = parameters.into_iter().flatten();
        named.any(|parameter| {
            parameter.get("in").is_some_and(|place| place == "query")
                && parameter.get("name").is_some_and(|n| n == name)
        })
    }

    /// The schema of the answer when all is well.
    pub(super) fn schema(&self) -> Option<&'a Value> {
        let pointer = "/responses/200/content/application~1json/schema";
        self.description.pointer(pointer)
    }

    /// Whether the answer is a page of a list.
    pub(super) fn is_list(&self) -> bool {
        let schemas: Vec<_> = self.schema().into_iter().collect();
        let has = |name| !self.document.member(&schemas, name).is_empty();
        has("items") && has("nextCursor")
    }

    /// Whether the resource that is answered, or an item of the list, has a member of this path.
    pub(super) fn has_member<'n>(&self, path: impl Iterator<Item = &'n str>) -> bool {
        let mut schemas: Vec<_> = self.schema().into_iter().collect();
        if self.is_list() {
            schemas = self.document.member(&schemas, "items");
        }
        for name in path {
            schemas = self.document.member(&schemas, name);
        }
        !schemas.is_empty()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::http::openapi;

    #[test]
    fn members_are_known_at_every_depth() {
        let document = Document::new(&openapi::document());
        let has = |route: &str, path: &str| {
            let operation = document.operation(&Method::GET, route).unwrap();
            operation.has_member(path.split('.'))
        };
        for route in ["/v1/products", "/v1/products/{ref}"] {
            for known in [
                "id",
                "version",
                "name",
                "name.de",
                "seo.title.en",
                "media.url",
                "metadata.any",
                "variants.prices.amount",
            ] {
                assert!(has(route, known), "{route} {known}");
            }
            for unknown in [
                "",
                "nome",
                "name.de.x",
                "seo.x",
                "media.0",
                "items",
                "variants.product.x",
                "nextCursor",
            ] {
                assert!(!has(route, unknown), "{route} {unknown}");
            }
        }
        assert!(
            document
                .operation(&Method::GET, "/v1/products")
                .unwrap()
                .is_list()
        );
        assert!(document.operation(&Method::HEAD, "/v1/products/{ref}").is_some());
        assert!(document.operation(&Method::PUT, "/v1/products").is_none());
    }
}
