//! What resources were: versions, their differences, and the way back.

use serde_json::{Value, json};

use super::support::{Answer, Api, Backend, Instance, on_both, run, text, unique};

on_both!(
    versions_are_listed_newest_first,
    versions_are_shown_as_they_were,
    versions_are_compared,
    products_go_back_to_a_version,
    going_back_follows_the_rules_of_now,
    going_back_is_a_write_like_all,
    variants_have_a_past,
    categories_have_a_past,
    resources_are_shown_as_of_an_instant,
    what_is_not_a_version_is_refused,
);

/// A product in four versions, as it was answered each time; the last is a deletion, which answers nothing.
async fn four(api: &Api) -> (String, Vec<Value>) {
    let created = api
        .product(json!({"brand": "One", "tags": ["a", "b"], "key": unique("past")}))
        .await;
    let path = format!("/v1/products/{}", text(&created, "/id"));
    let mut first = created;
    first.as_object_mut().unwrap().remove("variants");
    let patch = api.patch(&path).merge(&json!({"brand": "Two", "tags": ["b"]}));
    let second = patch.send().await.is(200).value();
    let third = api.post(&format!("{path}/publish")).send().await.is(200).value();
    api.delete(&path).send().await.is(204);
    (path, vec![first, second, third])
}

fn at(body: &Value) -> &str {
    text(body, "/updatedAt")
}

/// One microsecond earlier.
fn just_before(instant: &str) -> String {
    let time: chrono::DateTime<chrono::Utc> = instant.parse().unwrap();
    let time = time - chrono::TimeDelta::microseconds(1);
    time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

impl Api {
    async fn revert(&self, path: &str, version: i64) -> Answer {
        let call = self.post(&format!("{path}/revert"));
        call.json(&json!({"version": version})).send().await
    }
}

async fn versions_are_listed_newest_first(api: Api) {
    let (path, versions) = four(&api).await;
    let history = format!("{path}/history");
    let all = api.get(&history).send().await.is(200).value();
    let items = all["items"].as_array().unwrap();
    let told: Vec<_> = items
        .iter()
        .map(|i| (i["version"].as_i64().unwrap(), &i["events"]))
        .collect();
    let (deleted, published) = (json!(["deleted"]), json!(["published"]));
    let (updated, created) = (json!(["updated"]), json!(["created"]));
    assert_eq!(
        told,
        [(4, &deleted), (3, &published), (2, &updated), (1, &created)]
    );
    assert_eq!(all["nextCursor"], Value::Null);
    for (item, version) in items[1..].iter().rev().zip(&versions) {
        assert_eq!(text(item, "/at"), at(version));
        assert_eq!(item["actor"], "tests");
    }

    let page = api.get(&format!("{history}?limit=3")).send().await.is(200);
    let link = page.header("link").to_owned();
    let page = page.value();
    assert_eq!(page["items"], json!(items[..3]));
    let cursor = text(&page, "/nextCursor");
    assert!(link.contains(cursor));
    let rest = api
        .get(&format!("{history}?limit=3&cursor={cursor}"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(
        (&rest["items"], &rest["nextCursor"]),
        (&json!(items[3..]), &Value::Null)
    );
    // Another resource's cursor is of another list.
    let (other, _) = four(&api).await;
    let foreign = api.get(&format!("{other}/history?cursor={cursor}")).send().await;
    foreign.problem(400, "cursor_mismatch");

    let request = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&request, "/id"));
    let call = api
        .patch(&path)
        .header("Request-Id", "who-did-this")
        .merge(&json!({"brand": "x"}));
    call.send().await.is(200);
    let newest = api
        .get(&format!("{path}/history?limit=1"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(newest["items"][0]["requestId"], "who-did-this");
}

async fn versions_are_shown_as_they_were(api: Api) {
    let (path, versions) = four(&api).await;
    for (index, version) in versions.iter().enumerate() {
        let address = format!("{path}/history/{}", index + 1);
        let shown = api.get(&address).send().await.is(200);
        assert_eq!(shown.value(), *version);
        let tag = shown.header("etag");
        api.get(&address)
            .header("If-None-Match", tag)
            .send()
            .await
            .is(304);
    }
    let deleted = api.get(&format!("{path}/history/4")).send().await.is(200).value();
    assert_eq!(deleted["deletedAt"], deleted["updatedAt"]);
    // By every name that it has, or had last.
    let by_key = format!("/v1/products/key:{}/history/2", text(&versions[0], "/key"));
    assert_eq!(api.get(&by_key).send().await.is(200).value(), versions[1]);
}

async fn versions_are_compared(api: Api) {
    let (path, _) = four(&api).await;
    let diff = async |from: i64, to: i64| {
        let answer = api.get(&format!("{path}/diff?from={from}&to={to}")).send().await;
        let body = answer.is(200).value();
        assert_eq!((&body["from"], &body["to"]), (&json!(from), &json!(to)));
        let mut operations = body["operations"].as_array().unwrap().clone();
        operations.sort_by_key(ToString::to_string);
        operations
    };
    assert_eq!(diff(2, 2).await, Vec::<Value>::new());
    let there = diff(1, 2).await;
    assert!(
        there.contains(&json!({"op": "replace", "path": "/brand", "value": "Two"})),
        "{there:?}"
    );
    let back = diff(2, 1).await;
    assert!(
        back.contains(&json!({"op": "replace", "path": "/brand", "value": "One"})),
        "{back:?}"
    );
    let published = diff(2, 3).await;
    assert!(
        published.contains(&json!({"op": "replace", "path": "/status", "value": "published"})),
        "{published:?}"
    );
    // It is a patch in deed.
    let version = async |version: i64| {
        let shown = api.get(&format!("{path}/history/{version}")).send().await;
        let mut body = shown.is(200).value();
        body.as_object_mut()
            .unwrap()
            .retain(|name, _| !["version", "updatedAt"].contains(&name.as_str()));
        body
    };
    for (from, to) in [(1, 2), (1, 4), (4, 1), (3, 2)] {
        let mut document = version(from).await;
        let operations: json_patch::Patch = serde_json::from_value(json!(diff(from, to).await)).unwrap();
        // Operations were sorted above; those on one list keep their order among themselves only by luck, so that the
        // document is compared without lists.
        if operations
            .iter()
            .all(|operation| !operation.path().to_string().starts_with("/tags"))
        {
            json_patch::patch(&mut document, &operations).unwrap();
            assert_eq!(document, version(to).await);
        }
    }
}

async fn products_go_back_to_a_version(api: Api) {
    let (path, versions) = four(&api).await;
    api.revert(&path, 1).await.problem(404, "resource_not_found");
    api.post(&format!("{path}/restore")).send().await.is(200);
    let back = api.revert(&path, 1).await.is(200);
    assert_eq!(api.get(&path).send().await.header("etag"), back.header("etag"));
    let back = back.value();
    assert_eq!(back["version"], 6);
    for member in ["brand", "tags", "name", "slug", "key"] {
        assert_eq!(back[member], versions[0][member], "{member}");
    }
    // What it says goes back, not where it stands.
    assert_eq!(back["status"], "published");
    assert_eq!(api.get(&path).send().await.is(200).value(), back);
    let newest = api
        .get(&format!("{path}/history?limit=1"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(newest["items"][0]["events"], json!(["updated"]));
    // Where nothing changes nothing is written.
    assert_eq!(api.revert(&path, 6).await.is(200).value(), back);
    assert_eq!(api.revert(&path, 1).await.is(200).value(), back);
}

async fn going_back_follows_the_rules_of_now(api: Api) {
    let category = api.category(json!({})).await;
    let (id, key) = (text(&category, "/id"), unique("taken"));
    let product = api.product(json!({"categories": [id], "key": key})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let bare = json!({"categories": [], "key": null, "slug": {"en": unique("other")}});
    api.patch(&path).merge(&bare).send().await.is(200);

    api.delete(&format!("/v1/categories/{id}")).send().await.is(204);
    let gone = api.revert(&path, 1).await;
    let problem = gone.problem(409, "state_conflict");
    assert_eq!(problem["errors"][0]["pointer"], "/categories/0");
    assert_eq!(problem["errors"][0]["code"], "reference_not_found");
    api.post(&format!("/v1/categories/{id}/restore"))
        .send()
        .await
        .is(200);
    api.product(json!({"key": key})).await;
    let taken = api.revert(&path, 1).await.problem(409, "duplicate_key");
    assert_eq!(taken["errors"][0]["pointer"], "/key");
    assert_eq!(api.get(&path).send().await.is(200).value()["version"], 2);
}

async fn going_back_is_a_write_like_all(api: Api) {
    let product = api.product(json!({"brand": "One"})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let second = api
        .patch(&path)
        .merge(&json!({"brand": "Two"}))
        .send()
        .await
        .is(200);
    let tag = second.header("etag").to_owned();
    let revert = |query: &str| {
        let call = api.post(&format!("{path}/revert{query}"));
        call.json(&json!({"version": 1}))
    };
    let dry = revert("?dryRun=true").send().await.is(200);
    assert_eq!((&dry.value()["brand"], dry.find("etag")), (&json!("One"), None));
    assert_eq!(api.get(&path).send().await.is(200).value(), second.value());
    let stale = revert("").header("If-Match", "\"1-m1\"").send().await;
    assert_eq!(stale.problem(412, "version_conflict")["currentVersion"], 2);
    let key = unique("revert");
    let done = revert("")
        .header("If-Match", &tag)
        .header("Idempotency-Key", &key)
        .send()
        .await
        .is(200);
    assert_eq!(done.value()["version"], 3);
    let again = revert("")
        .header("If-Match", &tag)
        .header("Idempotency-Key", &key)
        .send()
        .await
        .is(200);
    assert_eq!(
        (again.value(), again.header("idempotency-replayed")),
        (done.value(), "true")
    );
    let reader = api.instance.token("catalog:read", "reader").await;
    revert("")
        .token(&reader)
        .send()
        .await
        .problem(403, "scope_missing");
}

async fn variants_have_a_past(api: Api) {
    let product = api.product(json!({})).await;
    let sku = unique("SKU");
    let first = api
        .variant(text(&product, "/id"), json!({"sku": sku, "mpn": "1"}))
        .await;
    let path = format!("/v1/variants/{}", text(&first, "/id"));
    let second = api
        .patch(&path)
        .merge(&json!({"mpn": "2"}))
        .send()
        .await
        .is(200)
        .value();
    let history = api
        .get(&format!("/v1/variants/sku:{sku}/history"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(history["items"].as_array().unwrap().len(), 2);
    let shown = api.get(&format!("{path}/history/1")).send().await.is(200).value();
    assert_eq!(shown, first);
    let diff = api
        .get(&format!("{path}/diff?from=1&to=2"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(
        diff["operations"],
        json!([{"op": "replace", "path": "/mpn", "value": "2"}])
    );
    let back = api.revert(&path, 1).await.is(200).value();
    assert_eq!((&back["mpn"], &back["version"]), (&json!("1"), &json!(3)));

    let as_of = async |instant: &str| api.get(&format!("{path}?asOf={instant}")).send().await;
    assert_eq!(as_of(at(&first)).await.is(200).value(), first);
    assert_eq!(as_of(&just_before(at(&back))).await.is(200).value(), second);
    as_of(&just_before(at(&first)))
        .await
        .problem(404, "resource_not_found");
    // It goes with its product, though nothing is written of it then.
    let owner = format!("/v1/products/{}", text(&product, "/id"));
    api.delete(&owner).send().await.is(204);
    let gone = api
        .get(&format!("{owner}/history/2"))
        .send()
        .await
        .is(200)
        .value();
    as_of(at(&gone)).await.problem(404, "resource_not_found");
    assert_eq!(as_of(&just_before(at(&gone))).await.is(200).value(), back);
    api.revert(&path, 2).await.problem(404, "resource_not_found");
}

async fn categories_have_a_past(api: Api) {
    let parent = api.category(json!({})).await;
    let first = api.category(json!({"position": 1})).await;
    let path = format!("/v1/categories/{}", text(&first, "/id"));
    let moved = json!({"parent": text(&parent, "/id"), "position": 2});
    let second = api.patch(&path).merge(&moved).send().await.is(200).value();
    let history = api.get(&format!("{path}/history")).send().await.is(200).value();
    assert_eq!(history["items"].as_array().unwrap().len(), 2);
    for (version, body) in [(1, &first), (2, &second)] {
        let shown = api.get(&format!("{path}/history/{version}")).send().await.is(200);
        assert_eq!(shown.value(), *body);
        let as_of = api.get(&format!("{path}?asOf={}", at(body))).send().await.is(200);
        assert_eq!(
            (as_of.value(), as_of.header("etag")),
            (body.clone(), shown.header("etag"))
        );
    }
    let diff = api
        .get(&format!("{path}/diff?from=2&to=1"))
        .send()
        .await
        .is(200)
        .value();
    let operations = diff["operations"].as_array().unwrap();
    assert!(
        operations.contains(&json!({"op": "remove", "path": "/parent"})),
        "{diff}"
    );
    let back = api.revert(&path, 1).await.is(200).value();
    assert_eq!((&back["position"], back.get("parent")), (&json!(1), None));
    // What it would be put below is below it now.
    let below = json!({"parent": text(&first, "/id")});
    api.patch(&format!("/v1/categories/{}", text(&parent, "/id")))
        .merge(&below)
        .send()
        .await
        .is(200);
    api.revert(&path, 2).await.problem(409, "category_cycle");
}

async fn resources_are_shown_as_of_an_instant(api: Api) {
    let (path, versions) = four(&api).await;
    let as_of = async |instant: &str| api.get(&format!("{path}?asOf={instant}")).send().await;
    for (index, version) in versions.iter().enumerate() {
        let shown = as_of(at(version)).await.is(200);
        assert_eq!(shown.value(), *version);
        assert!(shown.header("etag").starts_with(&format!("\"{}-", index + 1)));
        let before = as_of(&just_before(at(version))).await;
        match index.checked_sub(1) {
            Some(before_that) => assert_eq!(before.is(200).value(), versions[before_that]),
            None => drop(before.problem(404, "resource_not_found")),
        }
    }
    let deleted = api.get(&format!("{path}/history/4")).send().await.is(200).value();
    as_of(at(&deleted)).await.problem(404, "resource_not_found");
    assert_eq!(
        as_of(&just_before(at(&deleted))).await.is(200).value(),
        versions[2]
    );
    as_of("1900-01-01T00:00:00Z")
        .await
        .problem(404, "resource_not_found");
    as_of("yesterday").await.problem(400, "invalid_parameter");
    let both = api
        .get(&format!("{path}?asOf=2026-01-01T00:00:00Z&expand=variants"))
        .send()
        .await;
    assert_eq!(both.problem(400, "invalid_parameter")["parameter"], "expand");
    // The same instant by another clock.
    let time: chrono::DateTime<chrono::FixedOffset> = at(&versions[1]).parse().unwrap();
    let local = time
        .with_timezone(&chrono::FixedOffset::east_opt(3600).unwrap())
        .to_rfc3339();
    assert_eq!(
        as_of(&local.replace('+', "%2B")).await.is(200).value(),
        versions[1]
    );
}

async fn what_is_not_a_version_is_refused(api: Api) {
    let (path, _) = four(&api).await;
    for version in ["0", "-1", "x", "1.0", "9223372036854775808", "%00", "1%20"] {
        let answer = api.get(&format!("{path}/history/{version}")).send().await;
        answer.problem(400, "invalid_parameter");
    }
    for version in ["5", "9223372036854775807"] {
        let answer = api.get(&format!("{path}/history/{version}")).send().await;
        answer.problem(404, "resource_not_found");
    }
    for query in [
        "",
        "?from=1",
        "?to=1",
        "?from=0&to=1",
        "?from=1&to=x",
        "?from=1&to=2&via=3",
        "?from=1&from=1&to=2",
    ] {
        api.get(&format!("{path}/diff{query}"))
            .send()
            .await
            .problem(400, "invalid_parameter");
    }
    api.get(&format!("{path}/diff?from=1&to=9"))
        .send()
        .await
        .problem(404, "resource_not_found");
    api.get(&format!("{path}/history?sort=-version"))
        .send()
        .await
        .problem(400, "sort_not_allowed");
    api.get(&format!("{path}/history?count=exact"))
        .send()
        .await
        .problem(400, "invalid_parameter");
    api.get(&format!("{path}/history?event=x"))
        .send()
        .await
        .problem(400, "filter_unknown_field");
    let unknown = "/v1/products/0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64";
    for address in ["history", "history/1", "diff?from=1&to=1"] {
        api.get(&format!("{unknown}/{address}"))
            .send()
            .await
            .problem(404, "resource_not_found");
    }
    let revert = async |body: Value| api.post(&format!("{path}/revert")).json(&body).send().await;
    revert(json!({})).await.has_faults(&[("/version", "required")]);
    revert(json!({"version": "1"}))
        .await
        .has_faults(&[("/version", "wrong_type")]);
    revert(json!({"version": 1.5}))
        .await
        .has_faults(&[("/version", "wrong_type")]);
    revert(json!({"version": 0}))
        .await
        .has_faults(&[("/version", "out_of_range")]);
    revert(json!({"version": -3}))
        .await
        .has_faults(&[("/version", "out_of_range")]);
    revert(json!({"version": 1, "force": true}))
        .await
        .has_faults(&[("/force", "unknown_field")]);
    revert(json!({"version": 77}))
        .await
        .problem(404, "resource_not_found");
    api.post(&format!("{path}/revert"))
        .send()
        .await
        .problem(415, "unsupported_media_type");
}

/// An instance that keeps an hour, on a database whose entries are older.
#[test]
fn removed_versions_are_gone() {
    run(async {
        let api = Api::of(Instance::start(Backend::Servers, &[]).await).await;
        let (path, versions) = four(&api).await;
        let database = api.instance.setting("VITRINE__DATABASE__URL").to_owned();
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&database)
            .await
            .unwrap();
        sqlx::query("update changes set at = at - interval '2 hours'")
            .execute(&mut connection)
            .await
            .unwrap();
        let settings = [
            ("VITRINE__DATABASE__URL", database.as_str()),
            ("VITRINE__HISTORY__RETENTION", "1h"),
        ];
        let keeper = Api::of(Instance::start(Backend::Embedded, &settings).await).await;
        let history = format!("{path}/history");
        loop {
            let left = keeper.get(&history).send().await.is(200).value();
            if left["items"].as_array().unwrap().len() == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        keeper.get(&format!("{history}/4")).send().await.is(200);
        keeper
            .get(&format!("{history}/2"))
            .send()
            .await
            .problem(410, "history_expired");
        let diff = keeper.get(&format!("{path}/diff?from=1&to=4")).send().await;
        diff.problem(410, "history_expired");
        let as_of = keeper
            .get(&format!("{path}?asOf={}", at(&versions[1])))
            .send()
            .await;
        as_of.problem(410, "history_expired");
        let before = keeper
            .get(&format!("{path}?asOf={}", just_before(at(&versions[0]))))
            .send()
            .await;
        before.problem(404, "resource_not_found");
        keeper.post(&format!("{path}/restore")).send().await.is(200);
        keeper.revert(&path, 1).await.problem(410, "history_expired");
        assert_eq!(keeper.revert(&path, 4).await.is(200).value()["version"], 5);
    });
}
