//! Channels: what they may say, and that they behave as every resource does.

use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    a_fresh_catalog_has_one_channel,
    a_channel_says_what_it_serves,
    everything_wrong_is_told_at_once,
    keys_are_unique_while_alive,
    writes_are_conditional,
);

fn channel(more: Value) -> Value {
    let mut body = json!({"key": unique("channel"), "name": "Web", "locales": ["en"], "currencies": ["EUR"]});
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

async fn a_fresh_catalog_has_one_channel(api: Api) {
    let first = api.get("/v1/channels/key:default").send().await.is(200).value();
    assert_eq!(first["defaultLocale"], "en");
    assert_eq!(first["locales"], json!(["en"]));
    assert_eq!(first["currencies"], json!(["EUR"]));
    assert_eq!(first["countries"], json!([]));
}

async fn a_channel_says_what_it_serves(api: Api) {
    let body = channel(json!({
        "name": {"en": "Europe", "de": "Europa"}, "locales": ["en", "de", "de-at"], "defaultLocale": "de",
        "fallbacks": {"de-at": "de"}, "currencies": ["EUR", "CHF"], "defaultCurrency": "CHF", "countries": ["AT", "CH"],
        "metadata": {"owner": "web"},
    }));
    let created = api.post("/v1/channels").json(&body).send().await.is(201);
    let stored = api.get(created.header("location")).send().await.is(200);
    let stored = stored.value();
    assert_eq!(stored["locales"], json!(["en", "de", "de-AT"]));
    assert_eq!(stored["fallbacks"], json!({"de-AT": "de"}));
    for member in [
        "name",
        "currencies",
        "defaultCurrency",
        "countries",
        "metadata",
        "defaultLocale",
    ] {
        assert_eq!(stored[member], body[member], "{member}");
    }
    let listed = api
        .get("/v1/channels?sort=-updatedAt&limit=200")
        .send()
        .await
        .is(200);
    assert!(listed.value()["items"].as_array().unwrap().contains(&stored));
}

async fn everything_wrong_is_told_at_once(api: Api) {
    let body = json!({
        "key": "-", "name": {"en": ""}, "locales": ["en", "en"], "defaultLocale": "fr", "fallbacks": {"en": "it"},
        "currencies": ["EUR", "eur"], "countries": ["DE", "UK"], "extra": 1,
    });
    api.post("/v1/channels").json(&body).send().await.has_faults(&[
        ("/key", "pattern"),
        ("/name/en", "required"),
        ("/locales", "duplicate"),
        ("/defaultLocale", "not_in_enum"),
        ("/fallbacks/en", "not_in_enum"),
        ("/currencies/1", "not_in_enum"),
        ("/countries/1", "not_in_enum"),
        ("/extra", "unknown_field"),
    ]);
    let circle = channel(json!({"locales": ["en", "de"], "fallbacks": {"en": "de", "de": "en"}}));
    api.post("/v1/channels").json(&circle).send().await.has_faults(&[
        ("/fallbacks/en", "out_of_range"),
        ("/fallbacks/de", "out_of_range"),
    ]);
    let empty = json!({"name": "x", "locales": [], "currencies": []});
    api.post("/v1/channels").json(&empty).send().await.has_faults(&[
        ("/key", "required"),
        ("/locales", "required"),
        ("/currencies", "required"),
    ]);
}

async fn keys_are_unique_while_alive(api: Api) {
    let body = channel(json!({}));
    let first = api.post("/v1/channels").json(&body).send().await.is(201);
    let path = first.header("location").to_owned();
    let again = api.post("/v1/channels").json(&body).send().await;
    let problem = again.problem(409, "duplicate_key");
    assert_eq!(problem["conflictingId"], first.value()["id"]);
    api.delete(&path).send().await.is(204);
    api.get(&path).send().await.problem(404, "resource_not_found");
    api.post("/v1/channels").json(&body).send().await.is(201);
    api.post(&format!("{path}/restore"))
        .send()
        .await
        .problem(409, "duplicate_key");
}

async fn writes_are_conditional(api: Api) {
    let body = channel(json!({}));
    let path = format!("/v1/channels/key:{}", text(&body, "/key"));
    let mut keyless = body.clone();
    keyless.as_object_mut().unwrap().remove("key");
    let created = api.put(&path).json(&keyless).send().await.is(201);
    let tag = created.header("etag").to_owned();
    let other = channel(json!({}));
    api.put(&path)
        .json(&other)
        .send()
        .await
        .has_faults(&[("/key", "pattern")]);
    let patch = json!({"countries": ["DE"]});
    let changed = api
        .patch(&path)
        .header("if-match", &tag)
        .merge(&patch)
        .send()
        .await
        .is(200);
    assert_eq!(changed.value()["version"], 2);
    let late = api
        .patch(&path)
        .header("if-match", &tag)
        .merge(&patch)
        .send()
        .await;
    assert_eq!(late.problem(412, "version_conflict")["currentVersion"], 2);
    let dry = api.delete(&format!("{path}?dryRun=true")).send().await;
    dry.is(204);
    let fresh = api
        .get(&path)
        .header("if-none-match", changed.header("etag"))
        .send()
        .await;
    fresh.is(304);
}
