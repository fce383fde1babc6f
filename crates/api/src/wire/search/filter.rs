//! Filters as clients write them: one object to a node.
//!
//! `{"and": […]}`, `{"or": […]}`, `{"not": …}`, `{"variant": …}`, or a condition with the member `field` and one test:
//! `eq`, `in`, `exists`, or bounds (`gt`, `gte`, `lt`, `lte`).

use application::search::{FilterRequest, Located, RangeRequest, TestRequest};
use application::{Fault, Faults, pointer_to};
use domain::value::Json;
use serde_json::{Map, Value};

use crate::wire::values::JsonDto;

/// Conditions on the field that is a tree.
const CATEGORY: &str = "category";

/// The filter, or every fault of its shape. `at` is where it stands.
pub(crate) fn parse(at: &str, value: &Value) -> Result<FilterRequest, Faults> {
    let mut reader = Reader {
        faults: Faults::default(),
    };
    let filter = reader.node(at, value, 1);
    reader.faults.or(filter)
}

/// The same for the bounds of a range.
pub(super) fn parse_range(at: &str, value: &Value) -> Result<RangeRequest, Faults> {
    let mut reader = Reader {
        faults: Faults::default(),
    };
    let range = match value {
        Value::Object(members) => {
            reader.only(at, members, &BOUNDS);
            Some(range(at, members))
        }
        _ => reader.refuse(at, "wrong_type", "must be an object with gt, gte, lt or lte"),
    };
    reader.faults.or(range)
}

const BOUNDS: [&str; 4] = ["gt", "gte", "lt", "lte"];

struct Reader {
    faults: Faults,
}

impl Reader {
    fn refuse<T>(&mut self, at: &str, code: &'static str, detail: &str) -> Option<T> {
        self.faults.push(Fault::new(at, code, detail));
        None
    }

    /// Refuses members that have no meaning here.
    fn only(&mut self, at: &str, members: &Map<String, Value>, known: &[&str]) {
        for name in members.keys().filter(|name| !known.contains(&name.as_str())) {
            let at = pointer_to(at, name);
            self.faults
                .push(Fault::new(at, "unknown_field", "there is no such member here"));
        }
    }

    fn node(&mut self, at: &str, value: &Value, depth: usize) -> Option<FilterRequest> {
        if depth > FilterRequest::MAX_DEPTH {
            return self.refuse(at, "too_deep", "filters nest at most 16 levels deep");
        }
        let Value::Object(members) = value else {
            return self.refuse(at, "wrong_type", "must be an object");
        };
        let below = |name: &str| pointer_to(at, name);
        let kinds = ["and", "or", "not", "variant", "field"];
        let mut found = kinds.iter().filter_map(|kind| Some((*kind, members.get(*kind)?)));
        let (Some((kind, inner)), None) = (found.next(), found.next()) else {
            let detail = "must have exactly one of and, or, not, variant and field";
            return self.refuse(at, "contradiction", detail);
        };
        if kind != "field" {
            self.only(at, members, &[kind]);
        }
        match kind {
            "and" => Some(FilterRequest::All(self.nodes(&below(kind), inner, depth)?)),
            "or" => Some(FilterRequest::Any(self.nodes(&below(kind), inner, depth)?)),
            "not" => {
                let inner = self.node(&below(kind), inner, depth + 1)?;
                Some(FilterRequest::Not(Box::new(inner)))
            }
            "variant" => {
                let inner = self.node(&below(kind), inner, depth + 1)?;
                Some(FilterRequest::Variant(Located::new(below(kind), Box::new(inner))))
            }
            _ => self.condition(at, members, inner),
        }
    }

    fn nodes(&mut self, at: &str, value: &Value, depth: usize) -> Option<Vec<FilterRequest>> {
        let Value::Array(items) = value else {
            return self.refuse(at, "wrong_type", "must be an array");
        };
        if items.len() > FilterRequest::MAX_CONDITIONS {
            return self.refuse(at, "too_long", "must have at most 200 items");
        }
        let nodes: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(n, item)| self.node(&format!("{at}/{n}"), item, depth + 1))
            .collect();
        nodes.into_iter().collect()
    }

    fn condition(&mut self, at: &str, members: &Map<String, Value>, field: &Value) -> Option<FilterRequest> {
        let field_at = pointer_to(at, "field");
        let Value::String(field) = field else {
            return self.refuse(&field_at, "wrong_type", "must be a string");
        };
        let known = [
            "field",
            "eq",
            "in",
            "exists",
            "descendants",
            "gt",
            "gte",
            "lt",
            "lte",
        ];
        self.only(at, members, &known);
        let has_bounds = BOUNDS.iter().any(|bound| members.contains_key(*bound));
        let tests = ["eq", "in", "exists"]
            .iter()
            .filter(|test| members.contains_key(**test));
        if tests.count() + usize::from(has_bounds) != 1 {
            let detail = "must have exactly one of eq, in, exists and bounds (gt, gte, lt, lte)";
            return self.refuse(at, "contradiction", detail);
        }
        let test = if has_bounds {
            TestRequest::Range(range(at, members))
        } else if let Some(value) = members.get("exists") {
            let Value::Bool(exists) = value else {
                return self.refuse(&pointer_to(at, "exists"), "wrong_type", "must be a boolean");
            };
            TestRequest::Exists(*exists)
        } else {
            let values = self.values(at, members)?;
            match (field.as_str(), self.descendants(at, members)?) {
                (CATEGORY, with_descendants) => TestRequest::InCategory {
                    categories: values,
                    with_descendants: with_descendants.unwrap_or(true),
                },
                (_, None) => TestRequest::In(values),
                (_, Some(_)) => {
                    let at = pointer_to(at, "descendants");
                    return self.refuse(&at, "contradiction", "only categories have descendants");
                }
            }
        };
        let field = Located::new(field_at, field.clone());
        Some(FilterRequest::Is { field, test })
    }

    #[expect(
        clippy::option_option,
        reason = "the outer one is whether it is valid, the inner one whether it is there"
    )]
    fn descendants(&mut self, at: &str, members: &Map<String, Value>) -> Option<Option<bool>> {
        match members.get("descendants") {
            None => Some(None),
            Some(Value::Bool(with)) => Some(Some(*with)),
            Some(_) => self.refuse(&pointer_to(at, "descendants"), "wrong_type", "must be a boolean"),
        }
    }

    fn values(&mut self, at: &str, members: &Map<String, Value>) -> Option<Vec<Located<Json>>> {
        if let Some(value) = members.get("eq") {
            return Some(vec![located(pointer_to(at, "eq"), value)]);
        }
        let at = pointer_to(at, "in");
        match members.get("in") {
            Some(Value::Array(values)) if values.len() > FilterRequest::MAX_VALUES => {
                self.refuse(&at, "too_long", "must have at most 1000 values")
            }
            Some(Value::Array(values)) => {
                let values = values.iter().enumerate();
                Some(
                    values
                        .map(|(n, value)| located(format!("{at}/{n}"), value))
                        .collect(),
                )
            }
            _ => self.refuse(&at, "wrong_type", "must be an array"),
        }
    }
}

fn located(at: String, value: &Value) -> Located<Json> {
    Located::new(at, JsonDto(value.clone()).to_json())
}

fn range(at: &str, members: &Map<String, Value>) -> RangeRequest {
    let bound = |name: &str| {
        let value = members.get(name)?;
        Some(located(pointer_to(at, name), value))
    };
    RangeRequest {
        at: at.to_owned(),
        gt: bound("gt"),
        gte: bound("gte"),
        lt: bound("lt"),
        lte: bound("lte"),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn faults(value: &Value) -> Vec<(String, &'static str)> {
        let faults = parse("/filter", value).unwrap_err().into_vec();
        faults
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect()
    }

    #[test]
    fn every_fault_of_shape_is_told_with_its_place() {
        let filter = json!({"and": [
            {"field": "brand", "in": "LEGO"},
            {"field": "brand"},
            {"or": {}},
            {"field": "brand", "eq": "LEGO", "exists": true},
            {"field": 5, "eq": 1},
            {"not": []},
            {"field": "brand", "eq": "LEGO", "descendants": true},
            {"field": "brand", "eq": "LEGO", "like": "x"},
            {},
        ]});
        let expected = [
            ("/filter/and/0/in", "wrong_type"),
            ("/filter/and/1", "contradiction"),
            ("/filter/and/2/or", "wrong_type"),
            ("/filter/and/3", "contradiction"),
            ("/filter/and/4/field", "wrong_type"),
            ("/filter/and/5/not", "wrong_type"),
            ("/filter/and/6/descendants", "contradiction"),
            ("/filter/and/7/like", "unknown_field"),
            ("/filter/and/8", "contradiction"),
        ];
        assert_eq!(faults(&filter), expected.map(|(at, code)| (at.to_owned(), code)));
    }

    #[test]
    fn depth_and_numbers_are_limited() {
        let nested = |levels: usize| {
            (1..levels).fold(
                json!({"field": "brand", "exists": true}),
                |inner, _| json!({"not": inner}),
            )
        };
        assert!(parse("/filter", &nested(16)).is_ok());
        assert_eq!(faults(&nested(17)).first().unwrap().1, "too_deep");
        let many = json!({"field": "brand", "in": vec!["x"; 10_000]});
        assert_eq!(faults(&many), [("/filter/in".to_owned(), "too_long")]);
        let many = json!({"or": vec![json!({"field": "brand", "exists": true}); 201]});
        assert_eq!(faults(&many), [("/filter/or".to_owned(), "too_long")]);
    }

    /// JSON that resembles filters.
    fn json_like() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        let name = prop::sample::select(vec![
            "and",
            "or",
            "not",
            "variant",
            "field",
            "eq",
            "in",
            "exists",
            "gt",
            "lte",
            "descendants",
            "x",
        ]);
        leaf.prop_recursive(6, 64, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((name.clone(), inner), 0..4).prop_map(|members| {
                    Value::Object(
                        members
                            .into_iter()
                            .map(|(name, value)| (name.to_owned(), value))
                            .collect(),
                    )
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_no_filter_is_told_where(value in json_like()) {
            if let Err(faults) = parse("/filter", &value) {
                for fault in faults.into_vec() {
                    let below = fault.pointer.strip_prefix("/filter").unwrap();
                    let parent = below.rsplit_once('/').map_or("", |(parent, _)| parent);
                    prop_assert!(value.pointer(below).is_some() || value.pointer(parent).is_some());
                }
            }
        }
    }
}
