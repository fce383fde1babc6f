//! `fields`: only some members of what is answered.

use std::collections::BTreeMap;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::ACCEPT_ENCODING;
use serde_json::Value;

use super::document::Operation;
use super::{json, with_body};
use crate::http::query::invalid;
use crate::problem::Problem;

/// Tells the handler's reading of the query that `fields` is taken care of, or what is wrong with it: that is only
/// answered to who may read at all.
#[derive(Clone)]
pub(in crate::http) struct FieldsTaken(pub(in crate::http) Option<Box<Problem>>);

/// Which members are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mask {
    All,
    Members(BTreeMap<String, Self>),
}

impl Mask {
    fn add<'n>(&mut self, mut path: impl Iterator<Item = &'n str>) {
        let Self::Members(members) = self else {
            return;
        };
        if let Some(name) = path.next() {
            let below = members.entry(name.to_owned());
            let below = below.or_insert_with(|| Self::Members(BTreeMap::new()));
            below.add(path);
        } else {
            *self = Self::All;
        }
    }

    fn keep(&self, value: &mut Value) {
        match (self, value) {
            (Self::Members(members), Value::Object(object)) => {
                object.retain(|name, _| members.contains_key(name));
                for (name, value) in object {
                    if let Some(mask) = members.get(name) {
                        mask.keep(value);
                    }
                }
            }
            (Self::Members(_), Value::Array(items)) => items.iter_mut().for_each(|item| self.keep(item)),
            _ => {}
        }
    }
}

/// The members that `fields` names, each of which must be one that the answer can have.
fn mask(operation: &Operation<'_>, fields: &str) -> Result<Mask, Problem> {
    let mut mask = Mask::Members(BTreeMap::new());
    for path in ["id"].into_iter().chain(fields.split(',')) {
        if !operation.has_member(path.split('.')) {
            return Err(invalid("fields", &format!("names no field: \"{path}\"")));
        }
        mask.add(path.split('.'));
    }
    Ok(mask)
}

pub(super) async fn pruned(
    operation: &Operation<'_>,
    fields: &str,
    mut request: Request,
    next: Next,
) -> Response {
    let mask = mask(operation, fields);
    let is_list = operation.is_list();
    let problem = mask.as_ref().err().cloned().map(Box::new);
    request.extensions_mut().insert(FieldsTaken(problem));
    // What is coded cannot be pruned.
    request.headers_mut().remove(ACCEPT_ENCODING);
    let response = next.run(request).await;
    let Ok(mask) = mask else {
        return response;
    };
    match json(response).await {
        Err(response) => response,
        Ok((parts, mut value)) => {
            match value.get_mut("items") {
                Some(items) if is_list => mask.keep(items),
                _ => mask.keep(&mut value),
            }
            with_body(parts, &value)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_named_is_kept() {
        let mut mask = Mask::Members(BTreeMap::new());
        for path in ["a", "b.c", "b.d.e", "b.d", "x.y", "a.z"] {
            mask.add(path.split('.'));
        }
        let mut value = json!({"a": {"z": 1, "k": 2}, "b": [{"c": 1, "d": {"e": 1, "f": 2}, "g": 3}, 5], "h": 4, "x": null});
        mask.keep(&mut value);
        assert_eq!(
            value,
            json!({"a": {"z": 1, "k": 2}, "b": [{"c": 1, "d": {"e": 1, "f": 2}}, 5], "x": null})
        );
    }
}
