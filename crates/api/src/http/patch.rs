//! Patches of both kinds, and their application.

use application::{Fault, Faults};
use deserr::Deserr;
use json_patch::{PatchErrorKind, PatchOperation};
use serde::Serialize;
use serde_json::Value;

use crate::wire::{MAX_DEPTH, ShapeFaults, depth, parse_all};

/// The most operations of one JSON Patch.
const MAX_OPERATIONS: usize = 500;

/// How large a document may be, as JSON in bytes, that an operation copies from: a copy may double it.
const MAX_COPIED: usize = 8 << 20;

/// A patch, parsed but not yet applied.
pub(crate) enum Patch {
    /// RFC 7396.
    Merge(Value),
    /// RFC 6902.
    Operations(json_patch::Patch),
}

impl Patch {
    /// Applies the patch to what is stored and parses the result as if it had been sent whole.
    pub(crate) fn apply<D, T>(&self, stored: &D, parse: impl Fn(D) -> Result<T, Faults>) -> Result<T, Faults>
    where
        D: Serialize + Deserr<ShapeFaults>,
    {
        let mut document = serde_json::to_value(stored)
            .map_err(|error| failed("", format!("cannot be applied: {error}")))?;
        match self {
            Self::Merge(patch) => json_patch::merge(&mut document, patch),
            Self::Operations(operations) => run(operations, &mut document)?,
        }
        parse_all(document, parse)
    }
}

/// Applies one operation after the other. A few that copy could make a document of any size and depth, so that each
/// starts from one within the limits.
fn run(operations: &[PatchOperation], document: &mut Value) -> Result<(), Faults> {
    if operations.len() > MAX_OPERATIONS {
        return Err(Fault::new(
            "",
            "too_long",
            format!("has more than {MAX_OPERATIONS} operations"),
        )
        .into());
    }
    for (index, operation) in operations.iter().enumerate() {
        let at = format!("/{index}");
        let grows = matches!(operation, PatchOperation::Copy(_) | PatchOperation::Move(_));
        if grows && (depth(document) > MAX_DEPTH || document.to_string().len() > MAX_COPIED) {
            return Err(failed(
                &at,
                "the document has become too large or too deep".to_owned(),
            ));
        }
        json_patch::patch(document, std::slice::from_ref(operation)).map_err(|error| {
            let detail = match error.kind {
                PatchErrorKind::TestFailed => "the value is not what the test expects".to_owned(),
                _ => format!("cannot be applied at {:?}", error.path.as_str()),
            };
            failed(&at, detail)
        })?;
    }
    Ok(())
}

fn failed(at: &str, detail: String) -> Faults {
    Fault::new(at, "patch_failed", detail).into()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(operations: &Value, mut document: Value) -> Option<(String, &'static str)> {
        let operations: json_patch::Patch = serde_json::from_value(operations.clone()).unwrap();
        let faults = run(&operations, &mut document).err()?.into_vec();
        faults.into_iter().next().map(|fault| (fault.pointer, fault.code))
    }

    #[test]
    fn copies_cannot_make_a_document_of_any_size() {
        let doubling: Value = (0..40)
            .map(|n| json!({"op": "copy", "from": "", "path": format!("/a{n}")}))
            .collect();
        let fault = outcome(&doubling, json!({"text": "x".repeat(1000)}));
        assert!(fault.is_some_and(|(_, code)| code == "patch_failed"));
    }

    #[test]
    fn copies_cannot_make_a_document_of_any_depth() {
        let deepening: Value = (0..20)
            .map(|n| json!({"op": "copy", "from": "/m", "path": format!("/m{}", "/a".repeat(1 << n))}))
            .collect();
        let fault = outcome(&deepening, json!({"m": {"a": {}}}));
        assert!(fault.is_some_and(|(_, code)| code == "patch_failed"));
    }

    #[test]
    fn operations_are_counted_and_named_when_they_fail() {
        let tests = |n: usize| Value::Array(vec![json!({"op": "test", "path": "/a", "value": 1}); n]);
        assert_eq!(outcome(&tests(MAX_OPERATIONS), json!({"a": 1})), None);
        assert_eq!(
            outcome(&tests(MAX_OPERATIONS + 1), json!({"a": 1})),
            Some((String::new(), "too_long"))
        );
        let second = json!([{"op": "add", "path": "/b", "value": 1}, {"op": "remove", "path": "/c"}]);
        assert_eq!(
            outcome(&second, json!({})),
            Some(("/1".to_owned(), "patch_failed"))
        );
    }
}
