//! Product types: what they may say, and that products and variants are held against them on every way in.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{Api, Trial, on_both, text, unique};

on_both!(
    a_fresh_catalog_has_the_generic_type,
    a_type_says_what_it_was_told,
    contradictions_are_told_at_once,
    a_type_has_five_hundred_attributes,
    products_are_held_against_their_type,
    values_come_back_in_one_form,
    variants_are_held_against_the_type_of_their_product,
    publishing_names_all_that_is_missing,
    references_lead_somewhere,
    duplicates_fit_their_type,
    unique_values_are_had_once,
    a_type_in_use_is_not_deleted,
    what_stored_products_would_break_is_refused,
    a_change_of_type_takes_the_variants_along,
    what_comes_back_fits_its_type,
    axes_come_from_the_type,
    checking_writes_nothing,
    shoppers_read_values_in_their_language,
    files_are_held_against_types,
);

pub(super) fn attribute(key: &str, kind: &str, more: Value) -> Value {
    let mut attribute = json!({"key": key, "name": key, "type": kind});
    if let (Value::Object(attribute), Value::Object(more)) = (&mut attribute, more) {
        attribute.extend(more);
    }
    attribute
}

/// Creates a type; gives its key.
pub(super) async fn kind(api: &Api, attributes: Value) -> String {
    let key = unique("type");
    let body = json!({"key": key, "name": "Type", "attributes": attributes});
    api.post("/v1/product-types").json(&body).send().await.is(201);
    key
}

fn of(kind: &str, attributes: &Value) -> Value {
    json!({"name": unique("Typed"), "productType": format!("key:{kind}"), "attributes": attributes})
}

async fn stored(api: &Api, kind: &str, attributes: Value) -> Value {
    let body = of(kind, &attributes);
    api.post("/v1/products").json(&body).send().await.is(201).value()
}

fn path(product: &Value) -> String {
    format!("/v1/products/{}", text(product, "/id"))
}

async fn a_fresh_catalog_has_the_generic_type(api: Api) {
    let generic = api
        .get("/v1/product-types/key:generic")
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(generic["attributes"], json!([]));
    let product = api.product(json!({})).await;
    assert_eq!(product["productType"], generic["id"]);
    assert_eq!(product["attributes"], json!({}));
    let body = json!({"name": "x", "attributes": {"colour": "red"}});
    let answer = api.post("/v1/products").json(&body).send().await;
    answer.has_faults(&[("/attributes/colour", "unknown_field")]);
    let body = json!({"name": "x", "productType": "key:nowhere"});
    let answer = api.post("/v1/products").json(&body).send().await;
    answer.has_faults(&[("/productType", "reference_not_found")]);
    let answer = api.delete("/v1/product-types/key:generic").send().await;
    answer.problem(409, "state_conflict");
}

async fn a_type_says_what_it_was_told(api: Api) {
    let full = |key: &str, kind: &str, more: Value| {
        let mut all = json!({
            "set": false, "level": "product", "required": "never", "unique": false, "localizable": false,
            "searchable": false, "filterable": true, "sortable": false, "name": {"en": key},
        });
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        attribute(key, kind, all)
    };
    let attributes = json!([
        full(
            "text",
            "text",
            json!({"min": 2, "max": 9, "pattern": "^[a-z]", "localizable": true})
        ),
        full("integer", "integer", json!({"min": -3, "max": 5, "unique": true})),
        full(
            "decimal",
            "decimal",
            json!({"min": "-1.5", "max": "2", "sortable": true})
        ),
        full("boolean", "boolean", json!({"required": "onPublish"})),
        full("date", "date", json!({"min": "2020-01-01", "max": "2030-12-31"})),
        full("dateTime", "dateTime", json!({})),
        full(
            "enum",
            "enum",
            json!({"options": [{"value": "a", "name": {"en": "A"}}, {"value": "b"}], "set": true})
        ),
        full(
            "measure",
            "measure",
            json!({
                "unitFamily": "mass", "min": {"value": "1", "unit": "g"}, "max": {"value": "1", "unit": "kg"},
            })
        ),
        full("url", "url", json!({"searchable": true})),
        full("reference", "reference", json!({"target": "category"})),
        full(
            "json",
            "json",
            json!({"schema": {"type": "object", "required": ["a"]}})
        ),
        full("size", "text", json!({"level": "variant", "required": "always"})),
    ]);
    let body = json!({
        "key": unique("type"), "name": {"en": "Shoe", "de": "Schuh"}, "attributes": attributes,
        "optionAttributes": ["size"], "metadata": {"a": "b"},
    });
    let created = api.post("/v1/product-types").json(&body).send().await.is(201);
    let read = api.get(created.header("location")).send().await.is(200).value();
    for member in ["key", "name", "attributes", "optionAttributes", "metadata"] {
        assert_eq!(read[member], body[member], "{member}");
    }
    let again = api
        .put(created.header("location"))
        .json(&body)
        .send()
        .await
        .is(200);
    assert_eq!(again.value()["version"], 1, "the same is no change");
}

async fn contradictions_are_told_at_once(api: Api) {
    let shapes = json!([
        attribute("a", "colour", json!({})),
        attribute(
            "b",
            "text",
            json!({"unitFamily": "mass", "options": [], "min": "x", "pattern": "(?=a)"})
        ),
        attribute("c", "measure", json!({"max": {"value": "1", "unit": "parsec"}})),
        attribute("d", "reference", json!({"level": "shop", "required": "perhaps"})),
        attribute("-", "json", json!({"extra": 1})),
    ]);
    let body = json!({"key": unique("type"), "name": "x", "attributes": shapes});
    api.post("/v1/product-types")
        .json(&body)
        .send()
        .await
        .has_faults(&[
            ("/attributes/0/type", "not_in_enum"),
            ("/attributes/1/unitFamily", "unknown_field"),
            ("/attributes/1/options", "unknown_field"),
            ("/attributes/1/min", "pattern"),
            ("/attributes/1/pattern", "pattern"),
            ("/attributes/2/unitFamily", "required"),
            ("/attributes/2/max", "pattern"),
            ("/attributes/3/target", "required"),
            ("/attributes/3/level", "not_in_enum"),
            ("/attributes/3/required", "not_in_enum"),
            ("/attributes/4/key", "pattern"),
            ("/attributes/4/extra", "unknown_field"),
        ]);
    let meanings = json!([
        attribute("a", "integer", json!({"min": 2, "max": 1})),
        attribute("a", "text", json!({"set": true, "unique": true})),
        attribute("b", "enum", json!({"options": [{"value": "x"}, {"value": "x"}]})),
        attribute(
            "c",
            "measure",
            json!({"unitFamily": "mass", "min": {"value": "1", "unit": "cm"}})
        ),
        attribute("d", "integer", json!({"localizable": true})),
        attribute("e", "json", json!({"schema": {"type": "nonsense"}})),
        attribute(
            "f",
            "json",
            json!({"schema": {"$ref": "https://example.com/schema.json"}})
        ),
        attribute("g", "enum", json!({})),
    ]);
    let body = json!({
        "key": unique("type"), "name": "x", "attributes": meanings, "optionAttributes": ["a", "nothing"],
    });
    api.post("/v1/product-types")
        .json(&body)
        .send()
        .await
        .has_faults(&[
            ("/attributes/0/max", "out_of_range"),
            ("/attributes/1/key", "duplicate"),
            ("/attributes/1/unique", "contradiction"),
            ("/attributes/2/options", "duplicate"),
            ("/attributes/3/min", "unit_family"),
            ("/attributes/4/localizable", "contradiction"),
            ("/attributes/5/schema", "pattern"),
            ("/attributes/6/schema", "pattern"),
            ("/attributes/7/options", "required"),
            ("/optionAttributes/0", "contradiction"),
            ("/optionAttributes/1", "reference_not_found"),
        ]);
}

async fn a_type_has_five_hundred_attributes(api: Api) {
    let attributes = |count: usize| -> Value {
        (0..count)
            .map(|n| attribute(&format!("a{n}"), "boolean", json!({})))
            .collect()
    };
    let body = |count| json!({"key": unique("type"), "name": "x", "attributes": attributes(count)});
    let answer = api.post("/v1/product-types").json(&body(501)).send().await;
    answer.has_faults(&[("/attributes", "too_long")]);
    let whole = body(500);
    api.post("/v1/product-types").json(&whole).send().await.is(201);
    let values: Value = (0..500)
        .map(|n| (format!("a{n}"), json!(true)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let product = stored(&api, text(&whole, "/key"), values.clone()).await;
    assert_eq!(product["attributes"], values);
}

async fn products_are_held_against_their_type(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute("colour", "enum", json!({"options": [{"value": "red"}]})),
            attribute("weight", "measure", json!({"unitFamily": "mass", "max": {"value": "2", "unit": "kg"}})),
            attribute("title", "text", json!({"localizable": true, "max": 3})),
            attribute("year", "integer", json!({"required": "always"})),
            attribute("since", "date", json!({})),
            attribute("spec", "json", json!({"schema": {
                "type": "object", "properties": {"w": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "number"}},
            }})),
            attribute("size", "text", json!({"level": "variant"})),
        ]),
    )
    .await;
    let wrong = json!({
        "colour": "green", "weight": {"value": "3", "unit": "cm"}, "title": {"de": "vier", "??": "x"}, "since": "2026-02-30",
        "spec": {"w": "x"}, "size": "L", "other": null,
    });
    let faults = [
        ("/attributes/colour", "not_in_enum"),
        ("/attributes/weight/unit", "unit_family"),
        ("/attributes/title/de", "too_long"),
        ("/attributes/title/??", "pattern"),
        ("/attributes/since", "pattern"),
        ("/attributes/spec/w", "json_schema"),
        ("/attributes/size", "unknown_field"),
        ("/attributes/other", "unknown_field"),
        ("/attributes/year", "required"),
    ];
    let body = of(&kind, &wrong);
    api.post("/v1/products")
        .json(&body)
        .send()
        .await
        .has_faults(&faults);
    // One fault hides none of another kind.
    let mut both = body.clone();
    both["categories"] = json!(["key:nowhere"]);
    both["optionAxes"] = json!(["size"]);
    both["variants"] = json!([{"sku": unique("SKU"), "attributes": {"size": 5}}]);
    let mut more = faults.to_vec();
    more.extend([
        ("/categories/0", "reference_not_found"),
        ("/variants/0/attributes/size", "wrong_type"),
        ("/variants/0/options/size", "option_missing"),
    ]);
    api.post("/v1/products")
        .json(&both)
        .send()
        .await
        .has_faults(&more);

    let product = stored(&api, &kind, json!({"year": 2020})).await;
    let path = path(&product);
    api.put(&path).json(&body).send().await.has_faults(&faults);
    let keyed = format!("/v1/products/key:{}", unique("new"));
    api.put(&keyed).json(&body).send().await.has_faults(&faults);
    let mut merged = wrong;
    merged["year"] = Value::Null;
    merged.as_object_mut().unwrap().remove("other");
    let patch = json!({"attributes": merged});
    let but_other: Vec<_> = faults
        .into_iter()
        .filter(|(at, _)| *at != "/attributes/other")
        .collect();
    api.patch(&path).merge(&patch).send().await.has_faults(&but_other);
    let weight =
        json!([{"op": "add", "path": "/attributes/weight", "value": {"value": "2000.000001", "unit": "g"}}]);
    let answer = api.patch(&path).operations(&weight).send().await;
    answer.has_faults(&[("/attributes/weight", "out_of_range")]);
    assert_eq!(api.get(&path).send().await.value()["version"], 1);
}

async fn values_come_back_in_one_form(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute("decimal", "decimal", json!({})),
            attribute("measure", "measure", json!({"unitFamily": "length"})),
            attribute("title", "text", json!({"localizable": true})),
            attribute("tags", "decimal", json!({"set": true})),
            attribute("at", "dateTime", json!({})),
            attribute("whole", "integer", json!({})),
            attribute("free", "json", json!({})),
        ]),
    )
    .await;
    let written = json!({
        "decimal": "-1.50", "measure": {"unit": "in", "value": "2.0"}, "title": "plain", "tags": ["1.0", "1", "2"],
        "at": "2026-01-31T12:00:00+02:00", "whole": 3.0, "free": {"n": [1.5, null, 1e300], "s": "“\u{1f9f8}”"},
    });
    let read = json!({
        "decimal": "-1.5", "measure": {"unit": "in", "value": "2"}, "title": {"en": "plain"}, "tags": ["1", "2"],
        "at": "2026-01-31T10:00:00.000000Z", "whole": 3, "free": {"n": [1.5, null, 1e300], "s": "“\u{1f9f8}”"},
    });
    let product = stored(&api, &kind, written.clone()).await;
    assert_eq!(product["attributes"], read);
    let fetched = api.get(&path(&product)).send().await.is(200).value();
    assert_eq!(fetched["attributes"], read);
    // The same values in whatever form are no change; the type stays when none is named.
    let body = json!({"name": product["name"], "slug": product["slug"], "attributes": written});
    let replaced = api.put(&path(&product)).json(&body).send().await.is(200).value();
    assert_eq!(
        (&replaced["version"], &replaced["productType"]),
        (&json!(1), &product["productType"])
    );
}

async fn variants_are_held_against_the_type_of_their_product(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute(
                "serial",
                "integer",
                json!({"level": "variant", "required": "always", "min": 1})
            ),
            attribute("note", "text", json!({"level": "variant"})),
        ]),
    )
    .await;
    let product = stored(&api, &kind, json!({})).await;
    let variants = format!("{}/variants", path(&product));
    let body = json!({"sku": unique("SKU"), "attributes": {"serial": 0, "extra": 1}});
    let faults = [
        ("/attributes/serial", "out_of_range"),
        ("/attributes/extra", "unknown_field"),
    ];
    api.post(&variants).json(&body).send().await.has_faults(&faults);
    let bare = json!({"sku": unique("SKU")});
    let missing = [("/attributes/serial", "required")];
    api.post(&variants).json(&bare).send().await.has_faults(&missing);
    let keyed = format!("/v1/variants/key:{}", unique("v"));
    let mut into = bare.clone();
    into["product"] = product["id"].clone();
    api.put(&keyed).json(&into).send().await.has_faults(&missing);
    let good = json!({"sku": unique("SKU"), "attributes": {"serial": 7, "note": "n"}});
    let variant = api.post(&variants).json(&good).send().await.is(201).value();
    let path = format!("/v1/variants/{}", text(&variant, "/id"));
    assert_eq!(variant["attributes"], good["attributes"]);
    api.put(&path).json(&bare).send().await.has_faults(&missing);
    let patch = json!({"attributes": {"serial": "7"}});
    let answer = api.patch(&path).merge(&patch).send().await;
    answer.has_faults(&[("/attributes/serial", "wrong_type")]);
    let elsewhere = json!({"mpn": "1"});
    let patched = api.patch(&path).merge(&elsewhere).send().await.is(200).value();
    assert_eq!(patched["attributes"], good["attributes"]);
}

async fn publishing_names_all_that_is_missing(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute("material", "text", json!({"required": "onPublish"})),
            attribute("images", "url", json!({"required": "onPublish", "set": true})),
            attribute(
                "care",
                "text",
                json!({"required": "onPublish", "level": "variant"})
            ),
        ]),
    )
    .await;
    let mut body = of(&kind, &json!({"images": []}));
    body["optionAxes"] = json!(["size"]);
    body["variants"] = json!([
        {"sku": unique("SKU"), "options": {"size": "S"}},
        {"sku": unique("SKU"), "options": {"size": "L"}, "attributes": {"care": "wash"}},
    ]);
    let faults = [
        ("/attributes/material", "required"),
        ("/attributes/images", "required"),
        ("/variants/0/attributes/care", "required"),
    ];
    let at_once = api.post("/v1/products?publish=true").json(&body).send().await;
    at_once.has_faults(&faults);
    let product = api.post("/v1/products").json(&body).send().await.is(201).value();
    let path = path(&product);
    let publish = format!("{path}/publish");
    api.post(&publish).send().await.has_faults(&faults);
    let patch = json!({"attributes": {"material": "wool"}});
    let answer = api
        .patch(&format!("{path}?publish=true"))
        .merge(&patch)
        .send()
        .await;
    answer.has_faults(&faults[1..]);
    let patch = json!({"attributes": {"material": "wool", "images": ["https://example.com/a.jpg"]}});
    api.patch(&path).merge(&patch).send().await.is(200);
    api.post(&publish).send().await.has_faults(&faults[2..]);
    let first = format!("/v1/variants/{}", text(&product, "/variants/0/id"));
    api.patch(&first)
        .merge(&json!({"attributes": {"care": "dry"}}))
        .send()
        .await
        .is(200);
    api.post(&publish).send().await.is(200);
    // What is staged need not be complete, but does not go live before it is.
    let lack = json!({"attributes": {"care": null}});
    let with = format!("{first}?publish=true");
    let at_once = api.patch(&with).merge(&lack).send().await;
    at_once.has_faults(&[("/attributes/care", "required")]);
    api.patch(&first).merge(&lack).send().await.is(200);
    api.post(&publish).send().await.has_faults(&faults[2..]);
    let bare = || json!({"sku": unique("SKU"), "options": {"size": "M"}});
    let variants = format!("{path}/variants");
    let answer = api
        .post(&format!("{variants}?publish=true"))
        .json(&bare())
        .send()
        .await;
    answer.has_faults(&[("/attributes/care", "required")]);
    api.post(&variants).json(&bare()).send().await.is(201);
    // Another variant's lack keeps one that is complete from going live with it.
    let whole = json!({"attributes": {"care": "dry"}});
    let answer = api.patch(&with).merge(&whole).send().await;
    let refused = answer.problem(409, "state_conflict");
    names_the_sibling(&api, &variants, &refused, &product["variants"][0]["id"]).await;
    let key = text(&product, "/id");
    let shown = api
        .get(&format!("/v1/store/default/products/{key}"))
        .anonymous()
        .send()
        .await
        .is(200)
        .value();
    // One that is deleted and comes back waits, as it would have.
    api.delete(&first).send().await.is(204);
    api.post(&format!("{first}/restore")).send().await.is(200);
    let cares: Vec<_> = shown["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variant| text(variant, "/attributes/care"))
        .collect();
    assert_eq!(cares, ["dry", "wash"]);
}

/// What keeps a variant from going live is told of its sibling, by the SKU.
async fn names_the_sibling(api: &Api, variants: &str, refused: &Value, written: &Value) {
    let all = api.get(variants).send().await.is(200).value();
    let lacks = |v: &&Value| v["attributes"].get("care").is_none() && v["id"] != *written;
    let bare = all["items"].as_array().unwrap().iter().find(lacks).unwrap();
    let fault = &refused["errors"][0];
    assert_eq!(fault["code"], "required", "{refused}");
    let pointer = text(fault, "/pointer");
    assert!(
        pointer.starts_with("/product/variants/") && pointer.ends_with("/attributes/care"),
        "{pointer}"
    );
    assert!(text(fault, "/detail").contains(text(bare, "/sku")), "{refused}");
}

async fn duplicates_fit_their_type(api: Api) {
    let always = json!({"unique": true, "required": "always"});
    let kind = kind(
        &api,
        json!([
            attribute("serial", "text", always),
            attribute("part", "reference", json!({"target": "product"})),
        ]),
    )
    .await;
    let part = api.product(json!({})).await;
    let values = json!({"serial": unique("s"), "part": part["id"]});
    let original = stored(&api, &kind, values).await;
    api.delete(&path(&part)).send().await.is(204);
    let answer = api
        .post(&format!("{}/duplicate", path(&original)))
        .json(&json!({}))
        .send()
        .await;
    answer.has_faults(&[
        ("/attributes/serial", "required"),
        ("/attributes/part", "reference_not_found"),
    ]);
}

async fn references_lead_somewhere(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute("spare", "reference", json!({"target": "product", "set": true})),
            attribute("room", "reference", json!({"target": "category"})),
        ]),
    )
    .await;
    let (there, gone) = (api.product(json!({})).await, api.product(json!({})).await);
    let room = api.category(json!({})).await;
    let good = json!({"spare": [there["id"], gone["id"]], "room": room["id"]});
    let referring = stored(&api, &kind, good).await;
    api.delete(&path(&gone)).send().await.is(204);
    let bad = json!({"spare": [there["id"], gone["id"], "nothing"], "room": there["id"]});
    let answer = api.post("/v1/products").json(&of(&kind, &bad)).send().await;
    answer.has_faults(&[
        ("/attributes/spare/2", "pattern"),
        ("/attributes/room", "reference_not_found"),
    ]);
    let bad = json!({"spare": [there["id"], gone["id"]]});
    let answer = api.post("/v1/products").json(&of(&kind, &bad)).send().await;
    answer.has_faults(&[("/attributes/spare/1", "reference_not_found")]);
    // What referred to it before may be changed in other respects.
    let patch = json!({"brand": "Hearthmoor"});
    api.patch(&path(&referring)).merge(&patch).send().await.is(200);
}

async fn unique_values_are_had_once(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute("code", "text", json!({"unique": true})),
            attribute("mass", "measure", json!({"unique": true, "unitFamily": "mass"})),
            attribute("serial", "text", json!({"unique": true, "level": "variant"})),
        ]),
    )
    .await;
    let body = |code: &str| of(&kind, &json!({"code": code}));
    for round in 0..5 {
        let code = format!("code {round}");
        let bodies: Vec<_> = (0..3).map(|_| body(&code)).collect();
        let answers = join_all(bodies.iter().map(|b| api.post("/v1/products").json(b).send())).await;
        let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 201);
        assert_eq!((made.len(), refused.len()), (1, 2));
        for answer in refused {
            answer.has_faults(&[("/attributes/code", "unique_attribute")]);
        }
    }
    let first = stored(
        &api,
        &kind,
        json!({"code": "a", "mass": {"value": "1", "unit": "kg"}}),
    )
    .await;
    let same = of(&kind, &json!({"mass": {"value": "1000.0", "unit": "g"}}));
    let answer = api.post("/v1/products").json(&same).send().await;
    answer.has_faults(&[("/attributes/mass", "unique_attribute")]);
    let second = stored(&api, &kind, json!({"code": "b"})).await;
    let answer = api
        .patch(&path(&second))
        .merge(&json!({"attributes": {"code": "a"}}))
        .send()
        .await;
    answer.has_faults(&[("/attributes/code", "unique_attribute")]);
    let mut twins = of(&kind, &json!({}));
    twins["optionAxes"] = json!(["n"]);
    twins["variants"] = (0..2)
        .map(
            |n| json!({"sku": unique("SKU"), "options": {"n": n.to_string()}, "attributes": {"serial": "x"}}),
        )
        .collect();
    let answer = api.post("/v1/products").json(&twins).send().await;
    answer.has_faults(&[("/variants/1/attributes/serial", "unique_attribute")]);
    // A value moves on when its owner lets go of it or goes, and then does not come back.
    api.patch(&path(&first))
        .merge(&json!({"attributes": {"code": "c"}}))
        .send()
        .await
        .is(200);
    let third = stored(&api, &kind, json!({"code": "a"})).await;
    api.delete(&path(&third)).send().await.is(204);
    stored(&api, &kind, json!({"code": "a"})).await;
    let answer = api.post(&format!("{}/restore", path(&third))).send().await;
    answer.problem(409, "state_conflict");
}

async fn a_type_in_use_is_not_deleted(api: Api) {
    let kind = kind(&api, json!([])).await;
    let of_kind = format!("/v1/product-types/key:{kind}");
    let product = stored(&api, &kind, json!({})).await;
    api.delete(&of_kind).send().await.problem(409, "referenced");
    api.delete(&path(&product)).send().await.is(204);
    api.delete(&of_kind).send().await.is(204);
    let answer = api.post(&format!("{}/restore", path(&product))).send().await;
    answer.problem(409, "state_conflict");
    let answer = api.post("/v1/products").json(&of(&kind, &json!({}))).send().await;
    answer.has_faults(&[("/productType", "reference_not_found")]);
    api.post(&format!(
        "/v1/product-types/{}/restore",
        text(&product, "/productType")
    ))
    .send()
    .await
    .is(200);
    api.post(&format!("{}/restore", path(&product)))
        .send()
        .await
        .is(200);
}

async fn what_stored_products_would_break_is_refused(api: Api) {
    let colours = |values: &[&str]| {
        let options: Vec<_> = values.iter().map(|value| json!({"value": value})).collect();
        attribute("colour", "enum", json!({"options": options}))
    };
    let kind = kind(
        &api,
        json!([
            colours(&["red", "blue"]),
            attribute("n", "integer", json!({"max": 5}))
        ]),
    )
    .await;
    let address = format!("/v1/product-types/key:{kind}");
    let red = stored(&api, &kind, json!({"colour": "red", "n": 5})).await;
    let blue = stored(&api, &kind, json!({"colour": "blue"})).await;
    let deleted = stored(&api, &kind, json!({"colour": "red"})).await;
    api.delete(&path(&deleted)).send().await.is(204);
    let mut trial = Trial::default();
    for (attributes, sample) in [
        (
            json!([colours(&["red"]), attribute("n", "integer", json!({}))]),
            vec![&blue],
        ),
        (
            json!([
                colours(&["red", "blue"]),
                attribute("n", "integer", json!({"max": 4}))
            ]),
            vec![&red],
        ),
        (json!([colours(&["red", "blue"])]), vec![&red]),
        (
            json!([colours(&["red", "blue"]), attribute("n", "decimal", json!({}))]),
            vec![&red],
        ),
        (
            json!([
                colours(&["red", "blue"]),
                attribute("n", "integer", json!({"max": 5})),
                attribute("new", "text", json!({"required": "always"})),
            ]),
            vec![&red, &blue],
        ),
    ] {
        let answer = api
            .patch(&address)
            .merge(&json!({"attributes": attributes}))
            .send()
            .await;
        let problem = answer.problem(409, "state_conflict");
        let mut ids: Vec<_> = sample.iter().map(|product| product["id"].clone()).collect();
        ids.sort_by_key(ToString::to_string);
        let mut told = problem["sample"].as_array().cloned().unwrap_or_default();
        told.sort_by_key(ToString::to_string);
        trial.check(problem["affected"] == ids.len() && told == ids, || {
            format!("{attributes}: {problem}")
        });
    }
    trial.end();
    let wider = json!([
        colours(&["green", "red", "blue"]),
        attribute("n", "integer", json!({"max": 6, "sortable": true})),
        attribute("new", "text", json!({"required": "onPublish"})),
    ]);
    let dry = api
        .patch(&format!("{address}?dryRun=true"))
        .merge(&json!({"attributes": wider}));
    dry.send().await.is(200);
    let changed = api
        .patch(&address)
        .merge(&json!({"attributes": wider}))
        .send()
        .await
        .is(200);
    assert_eq!(changed.value()["version"], 2);
}

async fn a_change_of_type_takes_the_variants_along(api: Api) {
    let size = |more| attribute("size", "text", more);
    let loose = kind(&api, json!([size(json!({"level": "variant"}))])).await;
    let strict = kind(
        &api,
        json!([size(json!({"level": "variant", "max": 2, "unique": true}))]),
    )
    .await;
    let product = stored(&api, &loose, json!({})).await;
    let variant = api
        .variant(text(&product, "/id"), json!({"attributes": {"size": "large"}}))
        .await;
    let other = stored(&api, &strict, json!({})).await;
    let second = api
        .variant(text(&other, "/id"), json!({"attributes": {"size": "L"}}))
        .await;
    let switch = json!({"productType": format!("key:{strict}")});
    let answer = api.patch(&path(&product)).merge(&switch).send().await;
    assert_eq!(
        answer.problem(409, "state_conflict")["sample"],
        json!([product["id"]])
    );
    let of_variant = format!("/v1/variants/{}", text(&variant, "/id"));
    api.patch(&of_variant)
        .merge(&json!({"attributes": {"size": "L"}}))
        .send()
        .await
        .is(200);
    let answer = api.patch(&path(&product)).merge(&switch).send().await;
    answer.problem(409, "state_conflict");
    api.patch(&of_variant)
        .merge(&json!({"attributes": {"size": "XL"}}))
        .send()
        .await
        .is(200);
    api.patch(&path(&product)).merge(&switch).send().await.is(200);
    let taken = json!({"attributes": {"size": "XL"}});
    let second = format!("/v1/variants/{}", text(&second, "/id"));
    let answer = api.patch(&second).merge(&taken).send().await;
    answer.has_faults(&[("/attributes/size", "unique_attribute")]);
}

async fn what_comes_back_fits_its_type(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute("a", "text", json!({})),
            attribute("v", "text", json!({"level": "variant"}))
        ]),
    )
    .await;
    let product = stored(&api, &kind, json!({"a": "x"})).await;
    let other = stored(&api, &kind, json!({})).await;
    let variant = api
        .variant(text(&other, "/id"), json!({"attributes": {"v": "x"}}))
        .await;
    let of_variant = format!("/v1/variants/{}", text(&variant, "/id"));
    api.delete(&path(&product)).send().await.is(204);
    api.delete(&of_variant).send().await.is(204);
    let none = json!({"attributes": []});
    api.patch(&format!("/v1/product-types/key:{kind}"))
        .merge(&none)
        .send()
        .await
        .is(200);
    for path in [path(&product), of_variant] {
        api.post(&format!("{path}/restore"))
            .send()
            .await
            .problem(409, "state_conflict");
    }
}

async fn axes_come_from_the_type(api: Api) {
    let sizes = json!([{"value": "S"}, {"value": "L"}]);
    let attributes = json!([
        attribute("size", "enum", json!({"level": "variant", "options": sizes})),
        attribute("cut", "text", json!({"level": "variant"})),
    ]);
    let key = unique("type");
    let body =
        json!({"key": key, "name": "x", "attributes": attributes, "optionAttributes": ["size", "cut"]});
    api.post("/v1/product-types").json(&body).send().await.is(201);
    let product = stored(&api, &key, json!({})).await;
    assert_eq!(product["optionAxes"], json!(["size", "cut"]));
    let variants = format!("{}/variants", path(&product));
    let variant = |options: Value, attributes: Value| json!({"sku": unique("SKU"), "options": options, "attributes": attributes});
    let wrong = variant(json!({"size": "M", "cut": "slim"}), json!({"size": "S"}));
    api.post(&variants).json(&wrong).send().await.has_faults(&[
        ("/options/size", "not_in_enum"),
        ("/attributes/size", "unknown_field"),
    ]);
    let right = variant(json!({"size": "S", "cut": "slim"}), json!({}));
    api.post(&variants).json(&right).send().await.is(201);
    let mut other = of(&key, &json!({}));
    other["optionAxes"] = json!(["size"]);
    let answer = api.post("/v1/products").json(&other).send().await;
    answer.has_faults(&[("/optionAxes", "not_in_enum")]);
    other["optionAxes"] = json!(["cut", "size"]);
    let own = api.post("/v1/products").json(&other).send().await.is(201);
    assert_eq!(own.value()["optionAxes"], json!(["cut", "size"]));
    // Other axes than those of the products that are there.
    let fewer = json!({"optionAttributes": ["size"]});
    let answer = api
        .patch(&format!("/v1/product-types/key:{key}"))
        .merge(&fewer)
        .send()
        .await;
    assert_eq!(answer.problem(409, "state_conflict")["affected"], 2);
}

async fn checking_writes_nothing(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute("a", "integer", json!({"required": "always"})),
            attribute("b", "text", json!({"required": "onPublish"})),
        ]),
    )
    .await;
    let check = format!("/v1/product-types/key:{kind}/validate");
    let good = json!({"key": unique("checked"), "name": "x", "attributes": {"a": 1}});
    let verdict = api.post(&check).json(&good).send().await.is(200).value();
    assert_eq!(verdict, json!({"valid": true, "errors": []}));
    let missing = format!("/v1/products/key:{}", text(&good, "/key"));
    api.get(&missing).send().await.problem(404, "resource_not_found");
    let pointers = |verdict: &Value| -> Vec<String> {
        let errors = verdict["errors"].as_array().unwrap().iter();
        errors
            .map(|e| format!("{} {}", text(e, "/pointer"), text(e, "/code")))
            .collect()
    };
    let publish = format!("{check}?publish=true");
    let verdict = api.post(&publish).json(&good).send().await.is(200).value();
    assert_eq!(pointers(&verdict), ["/attributes/b required"]);
    let bad = json!({"name": 5, "attributes": {"a": "x"}, "productType": "key:generic", "categories": ["key:no"], "extra": 1});
    let verdict = api.post(&check).json(&bad).send().await.is(200).value();
    assert_eq!(verdict["valid"], false);
    let mut found = pointers(&verdict);
    found.sort();
    assert_eq!(found, ["/extra unknown_field", "/name wrong_type"]);
    let bad = json!({"name": "x", "attributes": {"a": "x"}, "productType": "key:generic", "categories": ["key:no"]});
    let verdict = api.post(&check).json(&bad).send().await.is(200).value();
    let mut found = pointers(&verdict);
    found.sort();
    let expected = [
        "/attributes/a wrong_type",
        "/categories/0 reference_not_found",
        "/productType not_in_enum",
    ];
    assert_eq!(found, expected);
    let cut = api.post(&check).body("application/json", "{");
    cut.send().await.problem(400, "malformed_json");
    let answer = api
        .post("/v1/product-types/key:nowhere/validate")
        .json(&good)
        .send()
        .await;
    answer.problem(404, "resource_not_found");
}

async fn shoppers_read_values_in_their_language(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute("title", "text", json!({"localizable": true})),
            attribute("n", "decimal", json!({})),
            attribute("care", "text", json!({"localizable": true, "level": "variant"})),
        ]),
    )
    .await;
    let mut body = of(
        &kind,
        &json!({"title": {"en": "Mug", "de": "Becher"}, "n": "1.5"}),
    );
    body["variants"] = json!([{"sku": unique("SKU"), "attributes": {"care": {"de": "waschen"}}}]);
    let product = api
        .post("/v1/products?publish=true")
        .json(&body)
        .send()
        .await
        .is(201)
        .value();
    let store = format!("/v1/store/default/products/{}", text(&product, "/id"));
    let seen = api.get(&store).anonymous().send().await.is(200).value();
    assert_eq!(seen["attributes"], json!({"title": "Mug", "n": "1.5"}));
    assert_eq!(seen["variants"][0]["attributes"], json!({"care": "waschen"}));
}

async fn imported(
    api: &Api,
    query: &str,
    content_type: &str,
    file: String,
) -> (Value, Vec<(String, String)>) {
    let accepted = api
        .post(&format!("/v1/imports?{query}"))
        .body(content_type, file)
        .send()
        .await
        .is(202);
    let job = accepted.header("location");
    let started = Instant::now();
    loop {
        let state = api.get(job).send().await.is(200).value();
        if state["status"] != "running" {
            let errors = api.get(&format!("{job}/errors")).send().await.is(200).value();
            let errors = errors["items"].as_array().unwrap().iter();
            let errors = errors.map(|e| (text(e, "/pointer").to_owned(), text(e, "/code").to_owned()));
            return (state["counts"].clone(), errors.collect());
        }
        assert!(started.elapsed() < Duration::from_mins(1), "{state}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn files_are_held_against_types(api: Api) {
    let kind = kind(
        &api,
        json!([
            attribute("code", "text", json!({"unique": true, "max": 9})),
            attribute("b", "text", json!({"required": "onPublish"})),
            attribute("v", "integer", json!({"level": "variant"})),
        ]),
    )
    .await;
    let handle = unique("file");
    let line = |key: &str, attributes: Value, v: Value, status: &str| {
        let sku = unique("SKU");
        json!({
            "key": key, "name": "x", "productType": format!("key:{kind}"), "attributes": attributes, "status": status,
            "variants": [{"sku": sku, "attributes": {"v": v}}],
        })
        .to_string()
    };
    let file = [
        line(&handle, json!({"code": "1", "b": "x"}), json!(1), "published"),
        line(&unique("file"), json!({"code": "1"}), json!(1), "draft"),
        line(
            &unique("file"),
            json!({"code": "much too long"}),
            json!("x"),
            "published",
        ),
        json!({"key": unique("file"), "name": "x", "productType": "key:nowhere"}).to_string(),
    ]
    .join("\n");
    let (counts, mut errors) = imported(&api, "format=ndjson", "application/x-ndjson", file).await;
    errors.sort();
    let expected = [
        ("/attributes/b", "required"),
        ("/attributes/code", "too_long"),
        ("/attributes/code", "unique_attribute"),
        ("/productType", "reference_not_found"),
        ("/variants/0/attributes/v", "wrong_type"),
    ];
    assert_eq!(
        errors,
        expected.map(|(at, code)| (at.to_owned(), code.to_owned()))
    );
    assert_eq!(counts["created"], 1);
    // A file that cannot speak of attributes leaves them as they are.
    let product = api
        .get(&format!("/v1/products/key:{handle}?expand=variants"))
        .send()
        .await
        .is(200)
        .value();
    let sku = text(&product, "/variants/0/sku");
    let csv = format!("Handle,Title,Variant SKU,Variant Price\n{handle},Renamed,{sku},1.50\n");
    let (counts, errors) = imported(&api, "format=shopify-csv", "text/csv", csv).await;
    assert_eq!((&counts["updated"], errors), (&json!(1), vec![]));
    let after = api
        .get(&format!("/v1/products/key:{handle}?expand=variants"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(after["name"], json!({"en": "Renamed"}));
    for member in ["/productType", "/attributes", "/variants/0/attributes"] {
        assert_eq!(after.pointer(member), product.pointer(member), "{member}");
    }
}
