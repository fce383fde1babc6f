//! Requests that are good alone and conflict with each other.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::json;

use super::support::{Api, gtin, on_both, text, unique};

on_both!(
    one_of_two_racing_creations_wins,
    racing_creations_of_one_name_get_slugs_of_their_own,
    a_name_twice_in_one_request_is_refused,
    text_in_any_script_comes_back_byte_for_byte,
);

async fn one_of_two_racing_creations_wins(api: Api) {
    for _ in 0..5 {
        let (key, slug, sku, gtin) = (unique("k"), unique("slug"), unique("SKU"), gtin());
        for (code, body) in [
            ("duplicate_key", json!({"name": "x", "key": key})),
            ("duplicate_slug", json!({"name": "x", "slug": slug})),
            ("duplicate_sku", json!({"name": "x", "variants": [{"sku": sku}]})),
            (
                "duplicate_gtin",
                json!({"name": "x", "variants": [{"sku": unique("S"), "gtin": gtin}]}),
            ),
        ] {
            let create = |n: usize| {
                let mut body = body.clone();
                if code == "duplicate_gtin" {
                    body["variants"][0]["sku"] = format!("{}-{n}", text(&body, "/variants/0/sku")).into();
                }
                api.post("/v1/products").json(&body).send()
            };
            let answers = join_all([create(1), create(2), create(3)]).await;
            let winners: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
            assert_eq!(winners.len(), 1, "{answers:?}");
            let winner = winners[0].value();
            let id = if body.get("variants").is_some() {
                &winner["variants"][0]["id"]
            } else {
                &winner["id"]
            };
            for loser in answers.iter().filter(|answer| answer.status != 201) {
                assert_eq!(loser.problem(409, code)["conflictingId"], *id);
            }
        }
    }
}

async fn racing_creations_of_one_name_get_slugs_of_their_own(api: Api) {
    for kind in ["products", "categories"] {
        let body = json!({"name": unique("Same name")});
        let path = format!("/v1/{kind}");
        let answers = join_all((0..8).map(|_| api.post(&path).json(&body).send())).await;
        let slugs: BTreeSet<_> = answers
            .into_iter()
            .map(|answer| text(&answer.is(201).value(), "/slug/en").to_owned())
            .collect();
        assert_eq!(slugs.len(), 8, "{slugs:?}");
    }
}

async fn a_name_twice_in_one_request_is_refused(api: Api) {
    let (sku, brand) = (unique("SKU"), unique("Twice"));
    let body = json!({
        "name": "x", "brand": brand, "optionAxes": ["n"],
        "variants": [{"sku": sku, "options": {"n": "1"}}, {"sku": sku, "options": {"n": "2"}}],
    });
    let answer = api.post("/v1/products").json(&body).send().await;
    answer.has_faults(&[("/variants/1/sku", "duplicate_sku")]);
    let listed = api
        .get(&format!("/v1/products?brand={brand}"))
        .send()
        .await
        .value();
    assert_eq!(listed["items"], json!([]));
}

async fn text_in_any_script_comes_back_byte_for_byte(api: Api) {
    for name in [
        "مرحبا بالعالم",
        "שלום \u{202e}olleh\u{202c}",
        "👩‍👩‍👧‍👦🏳️‍🌈🧸",
        "e\u{301} is not é",
        "ﬁ ㈱ Ⅷ",
        "\u{feff}bom",
        "ไม่มีช่องว่าง",
        " leading and trailing ",
        "tab\tand\nbreak",
        "</script><script>alert(1)</script>",
        "'; drop table products; --",
        "%00 %s {0} \\u0000",
        "\u{10ffff}\u{fffd}",
    ] {
        let created = api.product(json!({"name": name, "brand": name})).await;
        let path = format!("/v1/products/{}", text(&created, "/id"));
        let stored = api.get(&path).send().await.is(200);
        assert_eq!(text(&stored.value(), "/name/en"), name);
        let escaped: String = reqwest::Url::parse_with_params("http://x/", [("brand", name)])
            .unwrap()
            .query()
            .unwrap()
            .to_owned();
        let listed = api
            .get(&format!("/v1/products?{escaped}"))
            .send()
            .await
            .is(200)
            .value();
        assert_eq!(listed["items"][0]["id"], created["id"], "{name:?}");
    }
}
