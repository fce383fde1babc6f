//! What clients see of the cache, may ask of it and may do to it.

use std::io::Read as _;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::support::{Answer, Api, Backend, Instance, on_both, run, text, unique};

on_both!(
    answers_say_where_they_came_from,
    a_store_answer_may_be_kept_for_no_longer_than_it_is_true,
    demands_without_sense_are_refused,
    writes_say_where_they_stand,
    big_answers_are_coded_once_for_each_coding,
    listings_begin_and_end_on_the_clock,
    names_are_found_and_lost_on_the_clock,
    groups_without_end_are_answered_without_the_cache,
    operators_see_the_cache,
    operators_have_it_forget,
    purges_without_sense_are_refused,
);

/// A published product with one variant.
async fn published(api: &Api, more: Value) -> Value {
    let mut body = json!({
        "key": unique("k"), "name": unique("Kettle"), "slug": unique("slug"),
        "variants": [{"sku": unique("SKU"), "prices": [{"amount": "1.50", "currency": "EUR"}]}],
    });
    let (Value::Object(body), Value::Object(more)) = (&mut body, more) else {
        unreachable!()
    };
    body.extend(more);
    let body = Value::Object(body.clone());
    api.post("/v1/products?publish=true")
        .json(&body)
        .send()
        .await
        .is(201)
        .value()
}

fn in_store(product: &Value) -> String {
    format!("/v1/store/default/products/{}", text(product, "/id"))
}

fn how(answer: &Answer) -> &str {
    answer.header("cache-status")
}

/// Reads until the answer is one that is kept: before, others write.
async fn warm(api: &Api, path: &str) -> Answer {
    for _ in 0..100 {
        let answer = api.get(path).send().await;
        if how(&answer) == "Vitrine; hit; detail=l1" {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} does not get warm");
}

/// Asks until the answer came from there: others write, which drops what depends on all price lists, or reads something
/// else into a busy server.
async fn comes_from(source: &str, ask: impl AsyncFn() -> Answer) -> Answer {
    let mut answer = ask().await;
    for _ in 0..200 {
        if how(&answer) == source {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        answer = ask().await;
    }
    assert_eq!(how(&answer), source);
    answer
}

async fn answers_say_where_they_came_from(api: Api) {
    let product = published(&api, json!({})).await;
    let store = in_store(&product);
    let first = api.get(&store).send().await.is(200);
    assert!(how(&first).starts_with("Vitrine; fwd="), "{}", how(&first));
    let hit = warm(&api, &store).await;
    assert_eq!(
        (&hit.body, hit.header("etag")),
        (&first.body, first.header("etag"))
    );
    let tag = hit.header("etag");
    let fresh = async || api.get(&store).header("if-none-match", tag).send().await.is(304);
    comes_from("Vitrine; hit; detail=l1", fresh).await;
    // With one instance alone, what it keeps is what there is.
    let strongly = match api.instance.backend {
        Backend::Embedded => "Vitrine; hit; detail=l1",
        Backend::Servers => "Vitrine; hit; detail=l2",
    };
    let strong = async || {
        let strong = api.get(&store).header("catalog-consistency", "strong");
        strong.send().await.is(200)
    };
    comes_from(strongly, strong).await;
    // Management is strong unless it is told otherwise.
    let management = format!("/v1/products/{}", text(&product, "/id"));
    comes_from(strongly, async || api.get(&management).send().await).await;
    let bounded = async || {
        let bounded = api.get(&management).header("catalog-consistency", "bounded");
        bounded.send().await
    };
    comes_from("Vitrine; hit; detail=l1", bounded).await;

    api.delete(&management).send().await.is(204);
    for path in [&store, &management] {
        api.get(path).send().await.problem(404, "resource_not_found");
        let nothing = api.get(path).send().await;
        nothing.problem(404, "resource_not_found");
        assert!(how(&nothing).starts_with("Vitrine; "), "{}", how(&nothing));
    }
}

async fn a_store_answer_may_be_kept_for_no_longer_than_it_is_true(api: Api) {
    let usual = "public, max-age=0, s-maxage=10, stale-while-revalidate=10, stale-if-error=10";
    let product = published(&api, json!({})).await;
    warm(&api, &in_store(&product)).await;
    // However long it is kept here: it was held against all writes right before it is answered, so that its life in
    // other caches begins then. An Age would be counted against it.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let answer = warm(&api, &in_store(&product)).await;
    assert_eq!(answer.header("cache-control"), usual);
    assert!(answer.find("age").is_none());
    // The listing ends within seconds, for caches on the way too, and they count whole seconds.
    let until = now() + Duration::from_secs(8);
    let channel = json!([{"channel": "key:default", "unpublishAt": until.to_rfc3339_opts(SecondsFormat::Micros, true)}]);
    let ending = published(&api, json!({"channels": channel})).await;
    loop {
        let before = now();
        let answer = api.get(&in_store(&ending)).send().await;
        let after = now();
        if answer.status == 404 {
            assert!(after >= until);
            break;
        }
        assert!(before < until, "{answer:?}");
        let seconds = |name: &str| -> i64 {
            let control = answer.header("cache-control");
            let members = control.split(", ").filter_map(|member| member.split_once('='));
            members
                .clone()
                .find(|(n, _)| *n == name)
                .unwrap()
                .1
                .parse()
                .unwrap()
        };
        for stale in ["stale-while-revalidate", "stale-if-error"] {
            let kept = chrono::TimeDelta::seconds(seconds("s-maxage") + seconds(stale));
            assert!(before + kept <= until, "{}", answer.header("cache-control"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn demands_without_sense_are_refused(api: Api) {
    let product = published(&api, json!({})).await;
    let management = format!("/v1/products/{}", text(&product, "/id"));
    for path in [
        in_store(&product),
        management,
        "/v1/store/default/products".to_owned(),
    ] {
        for (name, value) in [
            ("catalog-consistency", "eventual"),
            ("catalog-consistency", "strong, bounded"),
            ("catalog-min-position", "0"),
            ("catalog-min-position", "yesterday"),
        ] {
            let problem = api
                .get(&path)
                .header(name, value)
                .send()
                .await
                .problem(400, "invalid_parameter");
            assert!(
                text(&problem, "/parameter").eq_ignore_ascii_case(name),
                "{problem}"
            );
        }
    }
}

async fn writes_say_where_they_stand(api: Api) {
    let key = unique("placed");
    let path = format!("/v1/products/key:{key}");
    let body = json!({"name": "Placed"});
    let mut before = (0, 0);
    let placed = |answer: &Answer| {
        let (transaction, position) = answer.header("catalog-position").split_once('-').unwrap();
        let number = |digits| i64::from_str_radix(digits, 16).unwrap();
        (number(transaction), number(position))
    };
    let dry = api
        .put(&format!("{path}?dryRun=true"))
        .json(&body)
        .send()
        .await
        .is(200);
    assert!(dry.find("catalog-position").is_none());
    let batch = json!({"operations": [{"method": "PATCH", "path": path, "body": {"brand": "B"}}]});
    for answer in [
        api.put(&path).json(&body).send().await.is(201),
        api.patch(&path)
            .merge(&json!({"brand": "A"}))
            .send()
            .await
            .is(200),
        api.post("/v1/batch").json(&batch).send().await.is(200),
        api.post(&format!("{path}/publish")).send().await.is(200),
        api.post(&format!("{path}/unpublish")).send().await.is(200),
        api.delete(&path).send().await.is(204),
        api.post(&format!("{path}/restore")).send().await.is(200),
    ] {
        let now = placed(&answer);
        assert!(now > before, "{before:?} {answer:?}");
        before = now;
    }
    // Nothing was written by a repetition, nor by a patch that changes nothing.
    let once = || {
        api.patch(&path)
            .header("idempotency-key", &key)
            .merge(&json!({"brand": "C"}))
    };
    let at = once().send().await.is(200).header("catalog-position").to_owned();
    assert!(once().send().await.is(200).find("catalog-position").is_none());
    let same = api
        .patch(&path)
        .merge(&json!({"brand": "C"}))
        .send()
        .await
        .is(200);
    assert!(same.find("catalog-position").is_none());
    // Who asks for a write has it, whatever is kept.
    let read = |least: &str| {
        api.get(&path)
            .header("catalog-consistency", "bounded")
            .header("catalog-min-position", least)
    };
    assert_eq!(read(&at).send().await.is(200).value()["brand"], "C");
    let far = read("7fffffffffffffff-7fffffffffffffff").send().await.is(200);
    assert_eq!(
        (how(&far), &far.value()["brand"]),
        ("Vitrine; fwd=bypass", &json!("C"))
    );
    // What is known of by now is answered from what is kept.
    for _ in 0..500 {
        if how(&read(&at).send().await.is(200)) == "Vitrine; hit; detail=l1" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the write is not heard of");
}

async fn big_answers_are_coded_once_for_each_coding(api: Api) {
    let words: Vec<_> = (0..4000).map(|n| format!("word{n}")).collect();
    let description = words.join(" ");
    let product = published(&api, json!({"description": description})).await;
    let path = in_store(&product);
    let plain = warm(&api, &path).await;
    assert!(plain.find("content-encoding").is_none());
    let mut tags = std::collections::BTreeSet::from([plain.header("etag").to_owned()]);
    for coding in ["gzip", "br", "zstd"] {
        let get = || {
            api.get(&path)
                .header("accept-encoding", &format!("{coding};q=0.8, identity;q=0.1"))
        };
        let first = get().send().await.is(200);
        let again = async || get().send().await.is(200);
        let second = comes_from("Vitrine; hit; detail=l1", again).await;
        assert_eq!(second.header("content-encoding"), coding);
        assert_eq!(second.header("vary"), "accept-encoding");
        // It is the same coded bytes with their length, not a stream made for each.
        assert_eq!(second.header("content-length"), second.body.len().to_string());
        assert_eq!(
            (&first.body, first.header("etag")),
            (&second.body, second.header("etag"))
        );
        assert!(second.body.len() < plain.body.len() / 2);
        let mut decoded = Vec::new();
        match coding {
            "gzip" => flate2::read::GzDecoder::new(&*second.body)
                .read_to_end(&mut decoded)
                .unwrap(),
            "br" => brotli::Decompressor::new(&*second.body, 4096)
                .read_to_end(&mut decoded)
                .unwrap(),
            _ => zstd::Decoder::new(&*second.body)
                .unwrap()
                .read_to_end(&mut decoded)
                .unwrap(),
        };
        assert_eq!(decoded, plain.body);
        let fresh = get()
            .header("if-none-match", second.header("etag"))
            .send()
            .await
            .is(304);
        assert_eq!(fresh.header("etag"), second.header("etag"));
        assert!(fresh.body.is_empty() && fresh.find("content-encoding").is_none());
        tags.insert(second.header("etag").to_owned());
    }
    assert_eq!(tags.len(), 4, "{tags:?}");
    // Parts of it are picked before they are coded.
    let pruned = api
        .get(&format!("{path}?fields=name,description"))
        .header("accept-encoding", "gzip");
    let pruned = pruned.send().await.is(200);
    let mut decoded = String::new();
    flate2::read::GzDecoder::new(&*pruned.body)
        .read_to_string(&mut decoded)
        .unwrap();
    let decoded: Value = serde_json::from_str(&decoded).unwrap();
    assert_eq!(decoded.as_object().unwrap().len(), 3);
    assert_eq!(decoded["description"], description);
}

/// Whether there is something, asked until after `at`: what is answered before is `first`, what is asked after is not.
async fn changes_at(at: DateTime<Utc>, first: bool, ask: impl AsyncFn() -> bool) {
    let mut asked = 0;
    loop {
        let began = now();
        let is = ask().await;
        let ended = now();
        if ended < at {
            asked += 1;
            assert_eq!(is, first, "{began} to {ended}, before {at}");
        }
        if began >= at {
            assert_eq!(is, !first, "{began} to {ended}, after {at}");
            break;
        }
    }
    assert!(asked > 2, "asked {asked} times before the change");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the service goes by the machine's clock"
)]
fn now() -> DateTime<Utc> {
    DateTime::from(SystemTime::now())
}

fn at(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A product that is listed for a second, a second from now.
async fn for_a_second(api: &Api, more: Value) -> (Value, DateTime<Utc>, DateTime<Utc>) {
    let began = now();
    let (from, until) = (
        began + Duration::from_millis(1500),
        began + Duration::from_millis(2500),
    );
    let listing = json!([{"channel": "key:default", "publishAt": at(from), "unpublishAt": at(until)}]);
    let mut body = more;
    body["channels"] = listing;
    (published(api, body).await, from, until)
}

async fn listings_begin_and_end_on_the_clock(api: Api) {
    let category = api.category(json!({})).await;
    let brand = unique("Brand");
    let more = json!({"brand": brand, "categories": [category["id"]]});
    let (product, from, until) = for_a_second(&api, more).await;
    let listed = format!("/v1/store/default/products?brand={brand}");
    let counted = format!("/v1/store/default/categories/{}", text(&category, "/id"));
    let priced = format!(
        "/v1/store/default/prices?skus={}",
        text(&product, "/variants/0/sku")
    );
    let one = in_store(&product);
    let is_there = async || {
        // One after the other: each has to be right at its own instant, which all have in common.
        let (began, mut all) = (now(), Vec::new());
        all.push(api.get(&one).send().await.status == 200);
        for path in [&listed, &priced] {
            let answer = api.get(path).send().await.is(200).value();
            all.push(!answer["items"].as_array().unwrap().is_empty());
        }
        let answer = api.get(&counted).send().await.is(200).value();
        all.push(answer["productCount"] == 1);
        let ended = now();
        let crossed = [from, until].iter().any(|at| began <= *at && *at <= ended);
        assert!(
            crossed || all.iter().all(|is| *is == all[0]),
            "{began} to {ended}: {all:?}"
        );
        all[0]
    };
    changes_at(from, false, is_there).await;
    changes_at(until, true, is_there).await;
}

async fn names_are_found_and_lost_on_the_clock(api: Api) {
    let (product, from, until) = for_a_second(&api, json!({})).await;
    let path = format!("/v1/store/default/products/{}", text(&product, "/slug/en"));
    let by_key = format!("/v1/store/default/products/key:{}", text(&product, "/key"));
    let is_there = async || api.get(&path).send().await.status == 200;
    let (by_key, by_slug) = (async || api.get(&by_key).send().await.status == 200, is_there);
    futures::join!(
        changes_at(from, false, &by_slug),
        changes_at(from, false, &by_key)
    );
    futures::join!(
        changes_at(until, true, &by_slug),
        changes_at(until, true, &by_key)
    );
}

async fn groups_without_end_are_answered_without_the_cache(api: Api) {
    let product = published(&api, json!({})).await;
    let groups: Vec<_> = (0..150).map(|n| format!("group-{n}")).collect();
    let path = format!("{}?group={}", in_store(&product), groups.join(","));
    for _ in 0..2 {
        let answer = api.get(&path).send().await.is(200);
        assert_eq!(
            (how(&answer), &answer.value()["id"]),
            ("Vitrine; fwd=bypass", &product["id"])
        );
    }
}

async fn operators_see_the_cache(api: Api) {
    let product = published(&api, json!({})).await;
    for _ in 0..64 {
        api.get(&in_store(&product)).send().await.is(200);
    }
    let cache = api.get("/v1/admin/cache").send().await.is(200).value();
    assert_eq!(cache["status"], "up");
    assert!(cache["local"]["entries"].as_u64().unwrap() > 0, "{cache}");
    assert!(cache["counts"]["local_hit"].as_u64().unwrap() > 0, "{cache}");
    let ratios = cache["ratios"].as_object().unwrap().values();
    let sum: f64 = ratios.map(|ratio| ratio.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{cache}");
    assert!(!cache["hotKeys"].as_array().unwrap().is_empty(), "{cache}");
    assert!(cache["heard"].is_string(), "{cache}");
    assert_eq!(cache["policy"]["trustMs"], 75);
    let shared = api.instance.backend == Backend::Servers;
    assert_eq!(cache["shared"], shared);
    if shared {
        let instances = cache["instances"].as_array().unwrap();
        assert_eq!(
            instances.iter().filter(|i| i["isThis"] == true).count(),
            1,
            "{cache}"
        );
    } else {
        assert!(cache["instances"].is_null());
    }
}

async fn operators_have_it_forget(api: Api) {
    let product = published(&api, json!({})).await;
    let path = in_store(&product);
    let purge = async |body: Value| {
        let answer = api.post("/v1/admin/cache/purge").json(&body).send().await.is(204);
        assert!(answer.body.is_empty());
    };
    for body in [
        json!({"all": true}),
        json!({"entity": {"kind": "product", "id": product["id"]}}),
        json!({"scope": "price-lists"}),
    ] {
        let kept = warm(&api, &path).await;
        purge(body.clone()).await;
        let answer = api.get(&path).send().await.is(200);
        assert!(
            how(&answer).starts_with("Vitrine; fwd="),
            "{body}: {}",
            how(&answer)
        );
        assert_eq!(answer.body, kept.body);
    }
}

async fn purges_without_sense_are_refused(api: Api) {
    let id = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64";
    let purge = async |body: Value| api.post("/v1/admin/cache/purge").json(&body).send().await;
    for (body, faults) in [
        (json!({}), vec![("", "required")]),
        (json!({"all": false}), vec![("/all", "not_in_enum")]),
        (json!({"all": "yes"}), vec![("/all", "wrong_type")]),
        (
            json!({"all": true, "scope": "shelf"}),
            vec![("", "contradiction")],
        ),
        (json!({"scope": "everything"}), vec![("/scope", "not_in_enum")]),
        (
            json!({"entity": {"kind": "shelf", "id": "1"}}),
            vec![("/entity/kind", "not_in_enum"), ("/entity/id", "pattern")],
        ),
        (json!({"entity": {"id": id}}), vec![("/entity/kind", "required")]),
        (json!({"key": id}), vec![("/key", "unknown_field")]),
    ] {
        purge(body).await.has_faults(&faults);
    }
}

#[test]
fn without_a_cache_all_is_said_to_come_from_the_database() {
    run(async {
        let instance = Instance::start(Backend::Embedded, &[("VITRINE__CACHE__ENABLED", "false")]).await;
        let api = Api::of(instance).await;
        let product = published(&api, json!({})).await;
        let answer = api.get(&in_store(&product)).send().await.is(200);
        assert_eq!(how(&answer), "Vitrine; fwd=bypass");
        let cache = api.get("/v1/admin/cache").send().await.is(200).value();
        assert_eq!(
            (&cache["status"], &cache["policy"]),
            (&json!("disabled"), &Value::Null)
        );
        let purge = api.post("/v1/admin/cache/purge").json(&json!({"all": true}));
        purge.send().await.is(204);
    });
}
