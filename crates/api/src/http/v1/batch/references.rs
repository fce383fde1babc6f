//! References from an operation to the results of earlier ones.

use application::pointer_to;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// All but the unreserved characters of RFC 3986.
const IN_A_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `$name.member.member`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) name: String,
    members: Vec<String>,
}

impl Reference {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('.');
        let name = parts
            .next()
            .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))?;
        let members: Vec<_> = parts.map(str::to_owned).collect();
        let is_word = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        };
        (is_word(name) && !members.is_empty() && members.iter().all(|member| is_word(member))).then(|| Self {
            name: name.to_owned(),
            members,
        })
    }

    /// What the reference stands for in the body that its operation answered.
    pub(super) fn value<'a>(&self, body: &'a Value) -> Option<&'a Value> {
        self.members.iter().try_fold(body, |value, member| match value {
            Value::Object(fields) => fields.get(member),
            Value::Array(items) => items.get(member.parse::<usize>().ok()?),
            _ => None,
        })
    }
}

/// Every reference of an operation, with its pointer into the operation.
pub(super) fn references(path: &str, body: Option<&Value>) -> Vec<(String, Reference)> {
    let in_path = segments(path).filter_map(|segment| Some(("/path".to_owned(), Reference::parse(segment)?)));
    let mut found: Vec<_> = in_path.collect();
    if let Some(body) = body {
        collect("/body", body, &mut found);
    }
    found
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('?').next().unwrap_or_default().split('/')
}

fn collect(at: &str, value: &Value, found: &mut Vec<(String, Reference)>) {
    match value {
        Value::String(text) => {
            found.extend(Reference::parse(text).map(|reference| (at.to_owned(), reference)));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(&format!("{at}/{index}"), item, found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                collect(&pointer_to(at, name), field, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn in_a_segment(text: &str) -> String {
    utf8_percent_encode(text, IN_A_SEGMENT).to_string()
}

/// The path with the text of what its segments refer to.
pub(super) fn path_with(path: &str, value: &impl Fn(&Reference) -> Option<Value>) -> String {
    let (segments, query) = path
        .split_once('?')
        .map_or((path, None), |(path, query)| (path, Some(query)));
    let segments: Vec<_> = segments
        .split('/')
        .map(
            |segment| match Reference::parse(segment).and_then(|reference| value(&reference)) {
                Some(Value::String(text)) => in_a_segment(&text),
                Some(other) => in_a_segment(&other.to_string()),
                None => segment.to_owned(),
            },
        )
        .collect();
    let path = segments.join("/");
    query.map_or(path.clone(), |query| format!("{path}?{query}"))
}

/// The body with the values of what it refers to, and with doubled dollar signs made single.
pub(super) fn body_with(body: &Value, value: &impl Fn(&Reference) -> Option<Value>) -> Value {
    match body {
        Value::String(text) => match (Reference::parse(text), text.strip_prefix("$$")) {
            (Some(reference), _) => value(&reference).unwrap_or_else(|| body.clone()),
            (None, Some(rest)) => Value::String(format!("${rest}")),
            (None, None) => body.clone(),
        },
        Value::Array(items) => items.iter().map(|item| body_with(item, value)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), body_with(field, value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => body.clone(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_whole_texts_of_the_right_form_are_references() {
        for text in ["$mug.id", "$mug.variants.0.id", "$a-b_c.key"] {
            assert!(Reference::parse(text).is_some(), "{text}");
        }
        for text in [
            "$5.99",
            "$",
            "$mug",
            "$mug.",
            "$$mug.id",
            "mug.id",
            "costs $mug.id",
            "$mug..id",
            "$mug.a b",
        ] {
            assert!(Reference::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn references_are_found_and_replaced_where_they_stand() {
        let body = json!({"a/b": ["$mug.id", {"c": "$mug.n"}], "price": "$$9.id"});
        let found: Vec<_> = references("/v1/products/$mug.id/variants?x=$mug.id", Some(&body))
            .into_iter()
            .map(|(pointer, _)| pointer)
            .collect();
        assert_eq!(found, ["/path", "/body/a~1b/0", "/body/a~1b/1/c"]);
        let result = json!({"id": "7", "n": 8});
        let value = |reference: &Reference| reference.value(&result).cloned();
        assert_eq!(path_with("/v1/$mug.id/x?y=$mug.id", &value), "/v1/7/x?y=$mug.id");
        assert_eq!(
            body_with(&body, &value),
            json!({"a/b": ["7", {"c": 8}], "price": "$9.id"})
        );
        let odd = json!({"id": "a b/c?"});
        let value = |reference: &Reference| reference.value(&odd).cloned();
        assert_eq!(path_with("/v1/$mug.id/x", &value), "/v1/a%20b%2Fc%3F/x");
        assert!(Reference::parse("$mug.none").unwrap().value(&result).is_none());
    }
}
