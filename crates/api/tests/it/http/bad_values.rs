//! Values that are JSON but not what they should be: each is told with its code, and nothing is stored.

use serde_json::{Value, json};

use super::support::{Api, Trial, on_both, text, unique};

on_both!(
    bad_products_are_refused,
    bad_variants_are_refused,
    bad_categories_are_refused,
    values_at_their_limits_are_taken,
    many_faults_are_told_at_once,
    at_most_a_hundred_faults_are_told,
);

type Row = (Value, &'static str, &'static str);

fn many<T: serde::Serialize>(count: usize, item: impl Fn(usize) -> T) -> Value {
    (0..count).map(|n| json!(item(n))).collect()
}

fn object(count: usize, name: impl Fn(usize) -> String) -> Value {
    (0..count)
        .map(|n| (name(n), json!("v")))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Sends every row, which makes one fault, on top of a body that is good, and sees that nothing was stored.
async fn refused(api: &Api, path: &str, good: Value, rows: Vec<Row>, count: &str) {
    let before = total(api, count).await;
    let mut trial = Trial::default();
    for (more, pointer, code) in rows {
        let mut body = good.clone();
        if let (Value::Object(body), Value::Object(more)) = (&mut body, &more) {
            body.extend(more.clone());
        }
        let answer = api.post(path).json(&body).send().await;
        let expected = vec![(pointer.to_owned(), code.to_owned())];
        trial.check(answer.status == 422 && answer.faults() == expected, || {
            let more: String = more.to_string().chars().take(200).collect();
            format!("{more}\n  wants {pointer} {code}, {answer:?}")
        });
    }
    trial.end();
    assert_eq!(total(api, count).await, before);
}

async fn total(api: &Api, list: &str) -> Value {
    api.get(&format!("{list}count=exact&limit=1"))
        .send()
        .await
        .is(200)
        .value()["total"]
        .clone()
}

#[expect(clippy::too_many_lines, reason = "a table")]
async fn bad_products_are_refused(api: Api) {
    let brand = unique("Bad");
    let locales = |n: usize| object(n, |n| format!("x-l{n}"));
    let media = |url: &str| json!({"media": [{"url": url}]});
    let rows = vec![
        (json!({"name": ""}), "/name", "required"),
        (json!({"name": " \t\n"}), "/name", "required"),
        (json!({"name": {}}), "/name", "required"),
        (json!({"name": null}), "/name", "wrong_type"),
        (json!({"name": 5}), "/name", "wrong_type"),
        (json!({"name": ["x"]}), "/name", "wrong_type"),
        (json!({"name": {"en": 5}}), "/name/en", "wrong_type"),
        (json!({"name": {"en": "x", "de": null}}), "/name/de", "wrong_type"),
        (json!({"name": "x".repeat(251)}), "/name", "too_long"),
        (json!({"name": "🧸".repeat(251)}), "/name", "too_long"),
        (json!({"name": "a\u{0}b"}), "/name", "pattern"),
        (json!({"name": "a\u{7f}b"}), "/name", "pattern"),
        (json!({"name": "a\u{1b}[31mb"}), "/name", "pattern"),
        (json!({"name": {"not a tag": "x"}}), "/name/not a tag", "pattern"),
        (json!({"name": {"": "x"}}), "/name/", "pattern"),
        (json!({"name": {"e/n~": "x"}}), "/name/e~1n~0", "pattern"),
        (json!({"name": locales(61)}), "/name", "too_long"),
        (json!({"key": ""}), "/key", "required"),
        (json!({"key": "-a"}), "/key", "pattern"),
        (json!({"key": "a b"}), "/key", "pattern"),
        (json!({"key": "é"}), "/key", "pattern"),
        (json!({"key": "a\u{0}"}), "/key", "pattern"),
        (json!({"key": "k".repeat(129)}), "/key", "too_long"),
        (json!({"key": 1}), "/key", "wrong_type"),
        (json!({"slug": "With Space"}), "/slug", "pattern"),
        (json!({"slug": "UPPER"}), "/slug", "pattern"),
        (json!({"slug": "a/b"}), "/slug", "pattern"),
        (json!({"slug": {"de": ""}}), "/slug/de", "required"),
        (json!({"slug": {}}), "/slug", "required"),
        (json!({"slug": "s".repeat(201)}), "/slug", "too_long"),
        (
            json!({"description": "x".repeat(65_536)}),
            "/description",
            "too_long",
        ),
        (json!({"description": 1.5}), "/description", "wrong_type"),
        (json!({"brand": "b".repeat(121)}), "/brand", "too_long"),
        (json!({"brand": " "}), "/brand", "required"),
        (json!({"tags": "a"}), "/tags", "wrong_type"),
        (json!({"tags": ["a", 1]}), "/tags/1", "wrong_type"),
        (json!({"tags": ["a", ""]}), "/tags/1", "required"),
        (json!({"tags": ["t".repeat(256)]}), "/tags/0", "too_long"),
        (
            json!({"tags": many(251, |n| format!("t{n}"))}),
            "/tags",
            "too_long",
        ),
        (json!({"categories": ["nonsense"]}), "/categories/0", "pattern"),
        (
            json!({"categories": ["key:nowhere"]}),
            "/categories/0",
            "reference_not_found",
        ),
        (
            json!({"categories": ["0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64"]}),
            "/categories/0",
            "reference_not_found",
        ),
        (
            json!({"categories": many(201, |n| format!("key:c{n}"))}),
            "/categories",
            "too_long",
        ),
        (media("javascript:alert(1)"), "/media/0/url", "pattern"),
        (media("JavaScript:alert(1)"), "/media/0/url", "pattern"),
        (media("data:text/html,x"), "/media/0/url", "pattern"),
        (media("file:///etc/passwd"), "/media/0/url", "pattern"),
        (media("ftp://example.com/a.jpg"), "/media/0/url", "pattern"),
        (media("//example.com/a.jpg"), "/media/0/url", "pattern"),
        (media("/a.jpg"), "/media/0/url", "pattern"),
        (media("http://"), "/media/0/url", "pattern"),
        (media("http://example.com/\n.jpg"), "/media/0/url", "pattern"),
        (media("http://example.com/\u{0}.jpg"), "/media/0/url", "pattern"),
        (media(""), "/media/0/url", "pattern"),
        (
            media(&format!("http://example.com/{}", "x".repeat(2048))),
            "/media/0/url",
            "too_long",
        ),
        (json!({"media": [{"alt": "x"}]}), "/media/0/url", "required"),
        (
            json!({"media": [{"url": "http://a.example", "role": "hero"}]}),
            "/media/0/role",
            "not_in_enum",
        ),
        (
            json!({"media": [{"url": "http://a.example", "alt": "x".repeat(501)}]}),
            "/media/0/alt",
            "too_long",
        ),
        (
            json!({"media": [{"url": "http://a.example", "width": 1}]}),
            "/media/0/width",
            "unknown_field",
        ),
        (
            json!({"media": many(251, |n| json!({"url": format!("http://a.example/{n}")}))}),
            "/media",
            "too_long",
        ),
        (
            json!({"seo": {"title": "t".repeat(256)}}),
            "/seo/title",
            "too_long",
        ),
        (
            json!({"seo": {"description": {"en": "t".repeat(1001)}}}),
            "/seo/description/en",
            "too_long",
        ),
        (
            json!({"seo": {"keywords": "x"}}),
            "/seo/keywords",
            "unknown_field",
        ),
        (json!({"seo": "x"}), "/seo", "wrong_type"),
        (json!({"optionAxes": ["a", "a"]}), "/optionAxes", "duplicate"),
        (
            json!({"optionAxes": many(11, |n| format!("a{n}"))}),
            "/optionAxes",
            "too_long",
        ),
        (
            json!({"optionAxes": ["a".repeat(65)]}),
            "/optionAxes/0",
            "too_long",
        ),
        (
            json!({"metadata": object(51, |n| format!("k{n:02}"))}),
            "/metadata/k50",
            "too_long",
        ),
        (
            json!({"metadata": {"a": "v".repeat(1001)}}),
            "/metadata/a",
            "too_long",
        ),
        (json!({"metadata": {"a": "\u{0}"}}), "/metadata/a", "pattern"),
        (json!({"metadata": {"a": 1}}), "/metadata/a", "wrong_type"),
        (json!({"metadata": {"a": null}}), "/metadata/a", "wrong_type"),
        (json!({"metadata": {"": "x"}}), "/metadata/", "required"),
        (json!({"metadata": []}), "/metadata", "wrong_type"),
        (json!({"colour": "red"}), "/colour", "unknown_field"),
        (json!({"id": "x"}), "/id", "unknown_field"),
        (json!({"status": "published"}), "/status", "unknown_field"),
        (json!({"version": 3}), "/version", "unknown_field"),
        (json!({"a/b~c": 3}), "/a~1b~0c", "unknown_field"),
        (json!({"option_axes": []}), "/option_axes", "unknown_field"),
    ];
    let count = format!("/v1/products?brand={brand}&");
    refused(
        &api,
        "/v1/products",
        json!({"name": "x", "brand": brand}),
        rows,
        &count,
    )
    .await;
    let long = json!({"metadata": {"k".repeat(65): "v"}});
    let answer = api
        .post("/v1/products")
        .json(&json!({"name": "x", "metadata": long["metadata"]}))
        .send()
        .await;
    answer.has_faults(&[(&format!("/metadata/{}", "k".repeat(65)), "too_long")]);
    for whole in [json!([]), json!("x"), json!(1), json!(null), json!(true)] {
        api.post("/v1/products")
            .json(&whole)
            .send()
            .await
            .has_faults(&[("", "wrong_type")]);
    }
    api.post("/v1/products")
        .json(&json!({}))
        .send()
        .await
        .has_faults(&[("/name", "required")]);
}

#[expect(clippy::too_many_lines, reason = "a table")]
async fn bad_variants_are_refused(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}/variants", text(&product, "/id"));
    let amount = |amount: &str, currency: &str| json!({"prices": [{"amount": amount, "currency": currency}]});
    let mut rows = vec![
        (json!({"sku": null}), "/sku", "wrong_type"),
        (json!({"sku": 12}), "/sku", "wrong_type"),
        (json!({"sku": ""}), "/sku", "required"),
        (json!({"sku": "s".repeat(129)}), "/sku", "too_long"),
        (json!({"sku": "a\u{0}b"}), "/sku", "pattern"),
        (json!({"gtin": "4006381333932"}), "/gtin", "gtin_check_digit"),
        (json!({"gtin": "96385075"}), "/gtin", "gtin_check_digit"),
        (json!({"gtin": "123"}), "/gtin", "pattern"),
        (json!({"gtin": "40063813339a1"}), "/gtin", "pattern"),
        (json!({"gtin": "٤٠٠٦٣٨١٣"}), "/gtin", "pattern"),
        (json!({"gtin": 4_006_381_333_931_u64}), "/gtin", "wrong_type"),
        (json!({"mpn": "m".repeat(71)}), "/mpn", "too_long"),
        (
            json!({"options": {"colour": "red"}}),
            "/options/colour",
            "unknown_field",
        ),
        (json!({"options": {"colour": 7}}), "/options/colour", "wrong_type"),
        (json!({"position": -1}), "/position", "wrong_type"),
        (json!({"position": 1.5}), "/position", "wrong_type"),
        (
            json!({"position": 4_294_967_296_u64}),
            "/position",
            "out_of_range",
        ),
        (amount("-0.01", "EUR"), "/prices/0/amount", "out_of_range"),
        (
            amount("10000000000000.00", "EUR"),
            "/prices/0/amount",
            "out_of_range",
        ),
        (
            amount(&"9".repeat(400), "EUR"),
            "/prices/0/amount",
            "out_of_range",
        ),
        (amount("1.999", "EUR"), "/prices/0/amount", "currency_digits"),
        (amount("1.0", "JPY"), "/prices/0/amount", "currency_digits"),
        (amount("1.2345", "KWD"), "/prices/0/amount", "currency_digits"),
        (amount("", "EUR"), "/prices/0/amount", "required"),
        (amount("1", "EURO"), "/prices/0/currency", "not_in_enum"),
        (amount("1", "eur"), "/prices/0/currency", "not_in_enum"),
        (amount("1", "XAU"), "/prices/0/currency", "not_in_enum"),
        (amount("1", ""), "/prices/0/currency", "not_in_enum"),
        (
            json!({"prices": [{"amount": 19.99, "currency": "EUR"}]}),
            "/prices/0/amount",
            "wrong_type",
        ),
        (
            json!({"prices": [{"amount": 19, "currency": "EUR"}]}),
            "/prices/0/amount",
            "wrong_type",
        ),
        (
            json!({"prices": [{"currency": "EUR"}]}),
            "/prices/0/amount",
            "required",
        ),
        (
            json!({"prices": [{"amount": "1"}]}),
            "/prices/0/currency",
            "required",
        ),
        (
            json!({"prices": [{"amount": "1", "currency": "EUR"}, {"amount": "2", "currency": "EUR"}]}),
            "/prices/1/currency",
            "duplicate",
        ),
        (
            json!({"prices": [{"amount": "2", "currency": "EUR", "compareAt": "2.00"}]}),
            "/prices/0/compareAt",
            "out_of_range",
        ),
        (
            json!({"prices": [{"amount": "2", "currency": "EUR", "taxed": true}]}),
            "/prices/0/taxed",
            "unknown_field",
        ),
        (
            json!({"weight": {"value": "-1", "unit": "kg"}}),
            "/weight/value",
            "pattern",
        ),
        (
            json!({"weight": {"value": "1e3", "unit": "kg"}}),
            "/weight/value",
            "pattern",
        ),
        (
            json!({"weight": {"value": "1", "unit": "stone"}}),
            "/weight/unit",
            "not_in_enum",
        ),
        (
            json!({"weight": {"value": 1, "unit": "kg"}}),
            "/weight/value",
            "wrong_type",
        ),
        (json!({"weight": "1 kg"}), "/weight", "wrong_type"),
        (
            json!({"dimensions": {"length": "1", "width": "1", "height": "NaN", "unit": "cm"}}),
            "/dimensions/height",
            "pattern",
        ),
        (
            json!({"dimensions": {"length": "1", "width": "1", "unit": "cm"}}),
            "/dimensions/height",
            "required",
        ),
        (json!({"product": "key:x"}), "/product", "unknown_field"),
        (json!({"price": "1"}), "/price", "unknown_field"),
    ];
    for pattern in [
        "1e3", "NaN", "Infinity", "1,5", "+5", " 5", "5 ", ".5", "5.", "0x1", "1_000", "١", "--1", "€5",
    ] {
        rows.push((amount(pattern, "EUR"), "/prices/0/amount", "pattern"));
    }
    refused(
        &api,
        &path,
        json!({"sku": unique("SKU")}),
        rows,
        &format!("{path}?"),
    )
    .await;
    let empty = api.post(&path).json(&json!({})).send().await;
    empty.has_faults(&[("/sku", "required")]);
}

async fn bad_categories_are_refused(api: Api) {
    let parent = api.category(json!({})).await;
    let rows = vec![
        (json!({"name": "x".repeat(121)}), "/name", "too_long"),
        (json!({"name": "a\u{0}"}), "/name", "pattern"),
        (json!({"parent": "nonsense"}), "/parent", "pattern"),
        (json!({"parent": 5}), "/parent", "wrong_type"),
        (json!({"position": -1}), "/position", "wrong_type"),
        (json!({"position": "1"}), "/position", "wrong_type"),
        (json!({"slug": "A"}), "/slug", "pattern"),
        (json!({"path": []}), "/path", "unknown_field"),
        (
            json!({"media": [{"url": "javascript:x"}]}),
            "/media/0/url",
            "pattern",
        ),
        (
            json!({"metadata": object(51, |n| format!("k{n:02}"))}),
            "/metadata/k50",
            "too_long",
        ),
        (json!({"metadata": {"a": true}}), "/metadata/a", "wrong_type"),
    ];
    let count = format!("/v1/categories?parent={}&", text(&parent, "/id"));
    let good = json!({"name": "x", "parent": parent["id"]});
    refused(&api, "/v1/categories", good, rows, &count).await;
}

async fn values_at_their_limits_are_taken(api: Api) {
    let mut categories = Vec::new();
    for _ in 0..3 {
        categories.push(api.category(json!({})).await["id"].clone());
    }
    let languages = ["aa", "ab", "ae", "af", "ak", "am"];
    let locales: serde_json::Map<_, _> = languages
        .iter()
        .flat_map(|language| (0..10).map(move |n| format!("{language}-x-{n}")))
        .map(|tag| (tag, json!("🧸".repeat(250))))
        .collect();
    let body = json!({
        "key": "k".repeat(120) + &unique("")[1..],
        "name": locales,
        "slug": format!("{:s<200}", unique("s")),
        "description": "é".repeat(65_535),
        "brand": "b".repeat(120),
        "tags": many(250, |n| format!("t{n}")),
        "categories": categories,
        "optionAxes": many(10, |n| format!("a{n}")),
        "media": many(250, |n| json!({"url": format!("https://a.example/{n}")})),
        "metadata": object(50, |n| format!("{:k<64}", format!("k{n}"))),
    });
    let stored = api.post("/v1/products").json(&body).send().await.is(201).value();
    let read = api
        .get(&format!("/v1/products/{}", text(&stored, "/id")))
        .send()
        .await
        .value();
    for field in ["name", "description", "tags", "metadata", "optionAxes"] {
        assert_eq!(
            read[field],
            if field == "description" {
                json!({"en": body[field]})
            } else {
                body[field].clone()
            }
        );
    }
    let product = api.product(json!({})).await;
    let variant = json!({
        "gtin": "4006381333931", "mpn": "m".repeat(70),
        "prices": [{"amount": "9999999999999.99", "currency": "EUR"}, {"amount": "0", "currency": "JPY"}],
        "weight": {"value": "999999999999.999999", "unit": "lb"},
        "position": u32::MAX,
    });
    api.variant(text(&product, "/id"), variant).await;
    // The same tag twice is one tag.
    let twice = api.product(json!({"tags": ["a", "b", "a"]})).await;
    assert_eq!(twice["tags"], json!(["a", "b"]));
}

async fn many_faults_are_told_at_once(api: Api) {
    let sku = unique("SKU");
    let body = json!({
        "name": {"en": "", "de": 5}, "key": "-", "brand": " ", "extra": 1, "tags": [1, "", "fine"],
        "categories": ["key:-"], "metadata": {"n": 1}, "media": [{"url": "javascript:x", "role": "y"}],
        "variants": [
            {"gtin": "4006381333932", "prices": [{"amount": "1e3", "currency": "EUR"}, {"amount": 1, "currency": "JPY"}]},
            {"sku": sku, "options": {"a": 1}, "prices": [{"amount": "1.5", "currency": "JPY"}]},
        ],
    });
    api.post("/v1/products").json(&body).send().await.has_faults(&[
        ("/brand", "required"),
        ("/categories/0", "pattern"),
        ("/extra", "unknown_field"),
        ("/key", "pattern"),
        ("/media/0/role", "not_in_enum"),
        ("/media/0/url", "pattern"),
        ("/metadata/n", "wrong_type"),
        ("/name/de", "wrong_type"),
        ("/name/en", "required"),
        ("/tags/0", "wrong_type"),
        ("/tags/1", "required"),
        ("/variants/0/gtin", "gtin_check_digit"),
        ("/variants/0/prices/0/amount", "pattern"),
        ("/variants/0/prices/1/amount", "wrong_type"),
        ("/variants/0/sku", "required"),
        ("/variants/1/options/a", "wrong_type"),
        ("/variants/1/prices/0/amount", "currency_digits"),
    ]);

    // What the use case finds is told at once too: references, options, and names that stand in the request twice.
    let gtin = super::support::gtin();
    let body = json!({
        "name": "x", "optionAxes": ["n"], "categories": ["key:none", "slug:none"],
        "variants": [
            {"sku": sku, "gtin": gtin, "options": {"n": "1"}},
            {"sku": sku, "options": {"m": "1"}},
            {"sku": unique("SKU"), "gtin": gtin, "options": {"n": "1"}},
        ],
    });
    api.post("/v1/products").json(&body).send().await.has_faults(&[
        ("/categories/0", "reference_not_found"),
        ("/categories/1", "reference_not_found"),
        ("/variants/1/options/m", "unknown_field"),
        ("/variants/1/options/n", "option_missing"),
        ("/variants/1/sku", "duplicate_sku"),
        ("/variants/2/gtin", "duplicate_gtin"),
        ("/variants/2/options", "duplicate_options"),
    ]);
    api.get(&format!("/v1/variants/sku:{sku}"))
        .send()
        .await
        .problem(404, "resource_not_found");
}

async fn at_most_a_hundred_faults_are_told(api: Api) {
    let body = json!({"name": "x", "tags": many(150, |_| "")});
    let answer = api.post("/v1/products").json(&body).send().await;
    assert_eq!(answer.faults().len(), 100);
    let too_many = json!({"name": "x", "variants": many(201, |_| json!({"sku": unique("S")}))});
    let answer = api.post("/v1/products").json(&too_many).send().await;
    answer.has_faults(&[("/variants", "too_long")]);
}
