//! The category tree: moves in it, reading it on both planes, counts, and what deletion does to the contents.

use std::collections::HashMap;

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    a_category_moves_under_another_parent,
    siblings_are_put_in_order,
    moves_that_lead_nowhere_are_refused,
    moves_are_conditional_dry_and_repeatable,
    concurrent_moves_make_no_cycle,
    the_tree_is_read_whole_and_in_parts,
    products_are_counted_once,
    ancestors_are_shown_with_their_names,
    deletion_is_told_what_to_do_with_the_contents,
    deletion_takes_what_is_filed_meanwhile,
    shoppers_see_the_tree_in_their_language,
    shoppers_see_a_category_with_the_way_to_it,
);

fn path(category: &Value) -> String {
    format!("/v1/categories/{}", text(category, "/id"))
}

async fn read(api: &Api, category: &Value) -> Value {
    api.get(&path(category)).send().await.is(200).value()
}

async fn order_of(api: &Api, parent: &Value) -> Vec<Value> {
    let tree = format!("/v1/categories/tree?root={}&depth=2", text(parent, "/id"));
    let tree = api.get(&tree).send().await.is(200).value();
    let children = tree["items"][0]["children"].as_array().unwrap();
    children.iter().map(|child| child["id"].clone()).collect()
}

fn ids(categories: &[&Value]) -> Vec<Value> {
    categories.iter().map(|category| category["id"].clone()).collect()
}

async fn a_category_moves_under_another_parent(api: Api) {
    let key = unique("c");
    let a = api.category(json!({"key": key})).await;
    let b = api.category(json!({})).await;
    let child = api.category(json!({"parent": a["id"], "position": 3})).await;
    let leaf = api.category(json!({"parent": child["id"]})).await;

    let to = json!({"parent": b["id"]});
    let moved = api
        .post(&format!("{}/move", path(&child)))
        .json(&to)
        .send()
        .await
        .is(200);
    let tag = moved.header("etag").to_owned();
    let moved = moved.value();
    assert_eq!((&moved["parent"], &moved["path"]), (&b["id"], &json!([b["id"]])));
    assert_eq!((&moved["position"], &moved["version"]), (&json!(3), &json!(2)));
    let stored = api.get(&path(&child)).send().await.is(200);
    assert_eq!((stored.value(), stored.header("etag")), (moved, &*tag));
    assert_eq!(read(&api, &leaf).await["path"], json!([b["id"], child["id"]]));

    let to = json!({"parent": format!("key:{key}"), "position": 1});
    let back = api
        .post(&format!("{}/move", path(&child)))
        .json(&to)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!((&back["parent"], &back["position"]), (&a["id"], &json!(1)));
    let root = json!({"parent": null});
    let root = api
        .post(&format!("{}/move", path(&child)))
        .json(&root)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!((root.get("parent"), &root["path"]), (None, &json!([])));
    // Nothing said is nothing done.
    let same = api
        .post(&format!("{}/move", path(&child)))
        .json(&json!({}))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(same, root);
}

async fn siblings_are_put_in_order(api: Api) {
    let parent = api.category(json!({})).await;
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(api.category(json!({"parent": parent["id"]})).await);
    }
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| &made[n]);
    let put = async |category: &Value, to: Value| {
        let call = api.post(&format!("{}/move", path(category)));
        call.json(&to).send().await.is(200).value()
    };
    // They share a position, so that the first move numbers them anew.
    put(d, json!({"before": b["id"]})).await;
    assert_eq!(order_of(&api, &parent).await, ids(&[a, d, b, c]));
    put(a, json!({"after": c["id"]})).await;
    assert_eq!(order_of(&api, &parent).await, ids(&[d, b, c, a]));
    put(a, json!({"before": d["id"]})).await;
    assert_eq!(order_of(&api, &parent).await, ids(&[a, d, b, c]));
    // From then on there is room, and only what moves is written.
    let before = read(&api, b).await["version"].clone();
    put(c, json!({"after": d["id"]})).await;
    assert_eq!(order_of(&api, &parent).await, ids(&[a, d, c, b]));
    assert_eq!(read(&api, b).await["version"], before);
    let numbers = json!({"position": 1_000_000});
    put(a, numbers).await;
    assert_eq!(order_of(&api, &parent).await, ids(&[d, c, b, a]));

    let newcomer = api.category(json!({})).await;
    let to = json!({"parent": parent["id"], "after": d["id"]});
    let newcomer = put(&newcomer, to).await;
    assert_eq!(order_of(&api, &parent).await, ids(&[d, &newcomer, c, b, a]));
    let listed = format!(
        "/v1/categories?parent={}&sort=position&limit=2",
        text(&parent, "/id")
    );
    let mut seen = Vec::new();
    let mut next = Some(listed.clone());
    while let Some(page) = next {
        let page = api.get(&page).send().await.is(200).value();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].clone()),
        );
        next = page["nextCursor"]
            .as_str()
            .map(|cursor| format!("{listed}&cursor={cursor}"));
    }
    assert_eq!(seen, ids(&[d, &newcomer, c, b, a]));
    let backwards = listed.replace("=position&limit=2", "=-position");
    let page = api.get(&backwards).send().await.is(200).value();
    assert_eq!(page["items"][0]["id"], a["id"]);
    // Positions are told apart among siblings only.
    let unordered = api.get("/v1/categories?sort=position").send().await;
    unordered.problem(400, "sort_not_allowed");
}

async fn moves_that_lead_nowhere_are_refused(api: Api) {
    let parent = api.category(json!({})).await;
    let child = api.category(json!({"parent": parent["id"]})).await;
    let other = api.category(json!({})).await;
    let address = format!("{}/move", path(&child));
    let (own, foreign) = (&child["id"], &other["id"]);
    let cases = [
        (
            json!({"parent": "key:nowhere"}),
            vec![("/parent", "reference_not_found")],
        ),
        (json!({"parent": "??"}), vec![("/parent", "pattern")]),
        (
            json!({"parent": 5, "extra": 1}),
            vec![("/extra", "unknown_field"), ("/parent", "wrong_type")],
        ),
        (json!({"position": -1}), vec![("/position", "wrong_type")]),
        (
            json!({"before": "key:nowhere"}),
            vec![("/before", "reference_not_found")],
        ),
        (
            json!({"before": foreign}),
            vec![("/before", "reference_not_found")],
        ),
        (json!({"after": own}), vec![("/after", "reference_not_found")]),
        (
            json!({"after": "-", "before": "key:-"}),
            vec![("/after", "pattern"), ("/before", "pattern")],
        ),
        (
            json!({"before": foreign, "after": foreign}),
            vec![("/after", "contradiction")],
        ),
        (
            json!({"position": 1, "before": foreign, "after": foreign}),
            vec![("/after", "contradiction"), ("/before", "contradiction")],
        ),
    ];
    for (body, faults) in cases {
        api.post(&address).json(&body).send().await.has_faults(&faults);
    }
    for body in [json!([]), json!("x"), json!(null)] {
        api.post(&address)
            .json(&body)
            .send()
            .await
            .has_faults(&[("", "wrong_type")]);
    }
    api.post(&address)
        .body("application/json", "{")
        .send()
        .await
        .problem(400, "malformed_json");
    let to_child = json!({"parent": child["id"]});
    let cycle = api
        .post(&format!("{}/move", path(&parent)))
        .json(&to_child)
        .send()
        .await;
    let cycle = cycle.problem(409, "category_cycle");
    assert_eq!(cycle["errors"][0]["pointer"], "/parent");
    let nobody = api
        .post("/v1/categories/key:nobody/move")
        .json(&json!({}))
        .send()
        .await;
    nobody.problem(404, "resource_not_found");
    api.post(&format!("{address}?x=1"))
        .json(&json!({}))
        .send()
        .await
        .problem(400, "invalid_parameter");
    assert_eq!(read(&api, &child).await, child);
}

async fn moves_are_conditional_dry_and_repeatable(api: Api) {
    let category = api.category(json!({})).await;
    let address = format!("{}/move", path(&category));
    let to = json!({"position": 7});
    let stale = api
        .post(&address)
        .header("if-match", "\"9-c2\"")
        .json(&to)
        .send()
        .await;
    assert_eq!(stale.problem(412, "version_conflict")["currentVersion"], 1);
    let dry = api
        .post(&format!("{address}?dryRun=true"))
        .json(&to)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(dry.pointer("/position"), Some(&json!(7)));
    assert_eq!(read(&api, &category).await, category);
    let key = unique("move");
    for replayed in [None, Some("true")] {
        let call = api.post(&address).header("idempotency-key", &key).json(&to);
        let answer = call.send().await.is(200);
        assert_eq!(answer.find("idempotency-replayed"), replayed);
        assert_eq!(answer.value()["version"], 2);
    }
}

async fn concurrent_moves_make_no_cycle(api: Api) {
    for _ in 0..6 {
        let (a, b) = (api.category(json!({})).await, api.category(json!({})).await);
        let below = api.category(json!({"parent": b["id"]})).await;
        let moves = [(&a, &below), (&b, &a)].map(|(child, parent)| {
            let to = json!({"parent": parent["id"]});
            api.post(&format!("{}/move", path(child))).json(&to).send()
        });
        let answers = join_all(moves).await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{answers:?}");
        let lost = answers.iter().find(|answer| answer.status == 409).unwrap();
        lost.problem(409, "category_cycle");
    }
}

/// The nodes of a tree by id.
fn nodes<'a>(items: &'a Value, found: &mut HashMap<&'a str, &'a Value>) {
    for node in items.as_array().unwrap() {
        found.insert(text(node, "/id"), node);
        nodes(&node["children"], found);
    }
}

async fn the_tree_is_read_whole_and_in_parts(api: Api) {
    let root = api
        .category(json!({"name": {"en": "All", "de": "Alles"}, "slug": unique("all")}))
        .await;
    let second = api
        .category(json!({"parent": root["id"], "position": 2, "key": unique("second")}))
        .await;
    let first = api.category(json!({"parent": root["id"], "position": 1})).await;
    let leaf = api.category(json!({"parent": second["id"]})).await;
    let gone = api.category(json!({"parent": leaf["id"]})).await;
    api.delete(&path(&gone)).send().await.is(204);

    let whole = api.get("/v1/categories/tree").send().await.is(200);
    let whole_value = whole.value();
    let mut found = HashMap::new();
    nodes(&whole_value["items"], &mut found);
    assert_eq!(whole_value["count"], found.len());
    assert_eq!(whole_value["truncated"], false);
    let node = found[text(&root, "/id")];
    for field in ["name", "slug", "position", "version"] {
        assert_eq!(node[field], root[field], "{field}");
    }
    let children: Vec<_> = node["children"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["id"].clone())
        .collect();
    assert_eq!(children, ids(&[&first, &second]));
    assert_eq!(found[text(&second, "/id")]["key"], second["key"]);
    assert_eq!(found[text(&leaf, "/id")]["hasChildren"], false);
    assert!(!found.contains_key(text(&gone, "/id")));

    let below = format!("/v1/categories/tree?root=key:{}", text(&second, "/key"));
    let below = api.get(&below).send().await.is(200);
    assert_eq!(below.value()["items"].as_array().unwrap().len(), 1);
    assert_eq!(below.value()["items"][0]["children"][0]["id"], leaf["id"]);
    let tag = below.header("etag").to_owned();
    let again = api
        .get(&below.path)
        .header("if-none-match", &tag)
        .send()
        .await
        .is(304);
    assert_eq!(again.body, b"");
    let flat = format!("/v1/categories/tree?depth=1&root={}", text(&root, "/id"));
    let flat = api.get(&flat).send().await.is(200).value();
    assert_eq!(
        (&flat["count"], &flat["items"][0]["children"]),
        (&json!(1), &json!([]))
    );
    assert_eq!(flat["items"][0]["hasChildren"], true);

    for (query, status) in [
        ("depth=0", 400),
        ("depth=13", 400),
        ("depth=x", 400),
        ("root=key:nowhere", 400),
        ("root=%20", 400),
        ("x=1", 400),
        ("depth=1&depth=2", 400),
    ] {
        for plane in ["/v1/categories/tree", "/v1/store/default/categories"] {
            let answer = api.get(&format!("{plane}?{query}")).send().await;
            answer.problem(status, "invalid_parameter");
        }
    }
}

async fn products_are_counted_once(api: Api) {
    let root = api.category(json!({})).await;
    let child = api.category(json!({"parent": root["id"]})).await;
    let leaf = api.category(json!({"parent": child["id"]})).await;
    assert_eq!(root["productCount"], 0);
    let both = api.product(json!({"categories": [root["id"], leaf["id"]]})).await;
    api.product(json!({"categories": [child["id"]]})).await;
    let count = async |category: &Value| read(&api, category).await["productCount"].clone();
    assert_eq!(
        [count(&root).await, count(&child).await, count(&leaf).await],
        [2, 2, 1]
    );
    let tag = api.get(&path(&root)).send().await.header("etag").to_owned();

    let store = format!("/v1/store/default/categories/{}", text(&root, "/id"));
    let shown = async || api.get(&store).anonymous().send().await.is(200).value()["productCount"].clone();
    assert_eq!(shown().await, 0);
    let product = format!("/v1/products/{}", text(&both, "/id"));
    api.post(&format!("{product}/publish")).send().await.is(200);
    assert_eq!(shown().await, 1);
    let trees = [
        (
            format!("/v1/categories/tree?root={}", text(&root, "/id")),
            [2, 2, 1],
        ),
        (
            format!("/v1/store/default/categories?root={}", text(&root, "/id")),
            [1, 1, 1],
        ),
    ];
    for (tree, counts) in trees {
        let tree = api.get(&tree).send().await.is(200).value();
        let at = |pointer: &str| tree.pointer(&format!("{pointer}/productCount")).cloned().unwrap();
        let found = [
            at("/items/0"),
            at("/items/0/children/0"),
            at("/items/0/children/0/children/0"),
        ];
        assert_eq!(found, counts);
    }
    api.delete(&product).send().await.is(204);
    assert_eq!(
        [count(&root).await, count(&child).await, count(&leaf).await],
        [1, 1, 0]
    );
    assert_eq!(shown().await, 0);
    // What is shown has changed, so that it has another tag; the version has not.
    api.get(&path(&root))
        .header("if-none-match", &tag)
        .send()
        .await
        .is(200);
    let conditional = api.patch(&path(&root)).header("if-match", &tag);
    let patched = conditional
        .merge(&json!({"position": 3}))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(patched["productCount"], 1);
    let listed = format!("/v1/categories?parent={}", text(&root, "/id"));
    let listed = api.get(&listed).send().await.is(200).value();
    assert_eq!(listed["items"][0]["productCount"], 1);
}

async fn ancestors_are_shown_with_their_names(api: Api) {
    let root = api
        .category(json!({"name": {"en": "Top", "de": "Oben"}, "key": unique("top")}))
        .await;
    let child = api.category(json!({"parent": root["id"]})).await;
    let leaf = api.category(json!({"parent": child["id"]})).await;
    let address = format!("{}?expand=ancestors", path(&leaf));
    let shown = api.get(&address).send().await.is(200);
    let bare = |category: &Value| {
        let mut bare = json!({"id": category["id"], "name": category["name"], "slug": category["slug"]});
        if let Some(key) = category.get("key") {
            bare["key"] = key.clone();
        }
        bare
    };
    assert_eq!(shown.value()["ancestors"], json!([bare(&root), bare(&child)]));
    assert_eq!(read(&api, &leaf).await.get("ancestors"), None);
    // An ancestor's new name is another body, and so another tag.
    api.patch(&path(&root))
        .merge(&json!({"name": "Above"}))
        .send()
        .await
        .is(200);
    let tag = shown.header("etag").to_owned();
    let renamed = api
        .get(&address)
        .header("if-none-match", &tag)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(renamed["ancestors"][0]["name"], json!({"en": "Above"}));
    let unknown = api.get(&format!("{}?expand=children", path(&leaf))).send().await;
    unknown.problem(400, "invalid_parameter");
}

async fn deletion_is_told_what_to_do_with_the_contents(api: Api) {
    let top = api.category(json!({})).await;
    let shelf = api.category(json!({"parent": top["id"]})).await;
    let below = api.category(json!({"parent": shelf["id"]})).await;
    let other = api.category(json!({})).await;
    let product = api
        .product(json!({"categories": [shelf["id"], other["id"]]}))
        .await;
    let filed = async |product: &Value| {
        let product = format!("/v1/products/{}", text(product, "/id"));
        let product = api.get(&product).send().await.is(200).value();
        (product["categories"].clone(), product["version"].clone())
    };
    let delete =
        async |category: &Value, query: &str| api.delete(&format!("{}?{query}", path(category))).send().await;
    for refused in [
        "",
        "onProducts=unassign",
        "onChildren=reparent",
        "onProducts=refuse&onChildren=refuse",
    ] {
        delete(&shelf, refused).await.problem(409, "referenced");
    }
    for bad in [
        "onProducts=keep",
        "onChildren=keep",
        "onProducts=move",
        "to=key:x",
        "onProducts=unassign&to=key:x",
        "onProducts=move&to=key:nowhere",
        "onProducts=move&to=--",
    ] {
        delete(&shelf, bad).await.problem(400, "invalid_parameter");
    }
    let itself = format!("onProducts=move&to={}", text(&shelf, "/id"));
    delete(&shelf, &itself)
        .await
        .has_faults(&[("", "reference_not_found")]);
    let under = format!("onChildren=delete&onProducts=move&to={}", text(&below, "/id"));
    delete(&shelf, &under)
        .await
        .has_faults(&[("", "reference_not_found")]);
    assert_eq!(
        filed(&product).await,
        (json!([shelf["id"], other["id"]]), json!(1))
    );

    delete(&shelf, "onProducts=unassign&onChildren=reparent&dryRun=true")
        .await
        .is(204);
    assert_eq!(read(&api, &shelf).await["version"], 1);
    delete(&shelf, "onProducts=unassign&onChildren=reparent")
        .await
        .is(204);
    assert_eq!(filed(&product).await, (json!([other["id"]]), json!(2)));
    let lifted = read(&api, &below).await;
    assert_eq!(
        (&lifted["path"], &lifted["version"]),
        (&json!([top["id"]]), &json!(2))
    );

    // The whole tree goes, and the products of all of it to one place, where one of them is already.
    let second = api.product(json!({"categories": [below["id"], top["id"]]})).await;
    let third = api
        .product(json!({"categories": [below["id"], other["id"]]}))
        .await;
    delete(&top, "onChildren=delete").await.problem(409, "referenced");
    let all = format!("onChildren=delete&onProducts=move&to={}", text(&other, "/id"));
    delete(&top, &all).await.is(204);
    for product in [&second, &third] {
        assert_eq!(filed(product).await, (json!([other["id"]]), json!(2)));
    }
    for gone in [&top, &below] {
        api.get(&path(gone))
            .send()
            .await
            .problem(404, "resource_not_found");
    }
    let stale = api.delete(&format!("{}?onProducts=unassign", path(&other)));
    stale
        .header("if-match", "\"7-c2\"")
        .send()
        .await
        .problem(412, "version_conflict");
    delete(&other, "onProducts=unassign").await.is(204);
    assert_eq!(filed(&third).await, (json!([]), json!(3)));
}

async fn deletion_takes_what_is_filed_meanwhile(api: Api) {
    for _ in 0..5 {
        let shelf = api.category(json!({})).await;
        let filing = (0..4).map(|_| {
            let body = json!({"name": unique("Filed"), "categories": [shelf["id"]]});
            api.post("/v1/products").json(&body).send()
        });
        let deleting = api
            .delete(&format!("{}?onProducts=unassign", path(&shelf)))
            .send();
        let (filed, deleted) = futures::join!(join_all(filing), deleting);
        for product in &filed {
            assert!([201, 422].contains(&product.status), "{product:?}");
        }
        if deleted.status == 204 {
            for product in filed.iter().filter(|product| product.status == 201) {
                let product = format!("/v1/products/{}", text(&product.value(), "/id"));
                let product = api.get(&product).send().await.is(200).value();
                assert_eq!(product["categories"], json!([]));
            }
        } else {
            deleted.problem(409, "referenced");
        }
    }
}

/// Creates a channel with English and German; gives its key.
async fn channel(api: &Api) -> String {
    let key = unique("channel");
    let body = json!({"key": key, "name": "Web", "locales": ["en", "de", "de-AT"], "fallbacks": {"de-AT": "de"},
        "currencies": ["EUR"]});
    api.post("/v1/channels").json(&body).send().await.is(201);
    key
}

async fn shoppers_see_the_tree_in_their_language(api: Api) {
    let channel = channel(&api).await;
    let names = json!({"en": "Kettles", "de": "Kessel"});
    let (en, de) = (unique("kettles"), unique("kessel"));
    let root = api
        .category(json!({"name": names, "slug": {"en": en, "de": de}}))
        .await;
    let child = api
        .category(json!({"name": {"en": "Small"}, "parent": root["id"]}))
        .await;
    let tree = format!("/v1/store/{channel}/categories?root={}", text(&root, "/id"));
    let answer = api.get(&tree).anonymous().send().await.is(200);
    assert!(
        answer
            .header("cache-control")
            .starts_with("public, max-age=0, s-maxage=")
    );
    assert_eq!(answer.header("surrogate-key"), "categories catalog");
    let node = answer.value()["items"][0].clone();
    assert_eq!((&node["name"], &node["slug"]), (&json!("Kettles"), &json!(en)));
    assert_eq!(node["children"][0]["id"], child["id"]);
    let tag = answer.header("etag").to_owned();
    api.get(&tree)
        .anonymous()
        .header("if-none-match", &tag)
        .send()
        .await
        .is(304);

    let german = format!("{tree}&locale=de-AT");
    let german = api.get(&german).anonymous().send().await.is(200);
    assert_ne!(german.header("etag"), tag);
    let node = german.value()["items"][0].clone();
    assert_eq!(
        (&node["name"], &node["children"][0]["name"]),
        (&json!("Kessel"), &json!("Small"))
    );
    let whole = api
        .get(&format!("/v1/store/{channel}/categories?depth=1"))
        .anonymous()
        .send()
        .await
        .is(200)
        .value();
    let roots = whole["items"].as_array().unwrap();
    assert!(
        roots
            .iter()
            .any(|node| node["id"] == root["id"] && node["hasChildren"] == true)
    );
    assert!(roots.iter().all(|node| node["id"] != child["id"]));
    for path in ["/v1/store/other/categories", "/v1/store/other/categories/x"] {
        api.get(path)
            .anonymous()
            .send()
            .await
            .problem(404, "resource_not_found");
    }
    api.get(&format!("{tree}&locale=not+a+tag"))
        .anonymous()
        .send()
        .await
        .problem(400, "invalid_parameter");
}

#[expect(clippy::too_many_lines, reason = "one category from every side")]
async fn shoppers_see_a_category_with_the_way_to_it(api: Api) {
    let channel = channel(&api).await;
    let names = json!({"en": "Kitchen", "de": "Küche"});
    let (en, de, key) = (unique("kitchen"), unique("kueche"), unique("k"));
    let root = api
        .category(json!({"name": names, "slug": {"en": en, "de": de}}))
        .await;
    let (slug, german) = (unique("kettles"), unique("kessel"));
    let body = json!({"key": key, "parent": root["id"], "name": {"en": "Kettles"}, "description": "Hot",
        "slug": {"en": slug, "de": german}, "media": [{"url": "https://example.com/k.jpg", "alt": "A kettle"}]});
    let category = api.category(body).await;
    let second = api
        .category(json!({"parent": category["id"], "position": 2}))
        .await;
    let first = api
        .category(json!({"parent": category["id"], "position": 1}))
        .await;
    api.category(json!({"parent": first["id"]})).await;

    let base = format!("/v1/store/{channel}/categories");
    let shown = api
        .get(&format!("{base}/{slug}"))
        .anonymous()
        .send()
        .await
        .is(200);
    let value = shown.value();
    assert_eq!(value["id"], category["id"]);
    assert_eq!(
        (&value["name"], &value["description"]),
        (&json!("Kettles"), &json!("Hot"))
    );
    assert_eq!(value["media"][0]["alt"], "A kettle");
    assert_eq!(
        value["ancestors"],
        json!([{"id": root["id"], "slug": en, "name": "Kitchen"}])
    );
    let children: Vec<_> = value["children"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["id"].clone())
        .collect();
    assert_eq!(children, ids(&[&first, &second]));
    assert_eq!(value["children"][0]["hasChildren"], true);
    let id = text(&category, "/id");
    assert_eq!(
        shown.header("surrogate-key"),
        format!("categories category-{id} catalog")
    );
    for name in [id.to_owned(), format!("key:{key}"), format!("slug:{slug}")] {
        let same = api
            .get(&format!("{base}/{name}"))
            .anonymous()
            .send()
            .await
            .is(200);
        assert_eq!(same.value(), value, "{name}");
    }
    let tag = shown.header("etag").to_owned();
    api.get(&shown.path)
        .anonymous()
        .header("if-none-match", &tag)
        .send()
        .await
        .is(304);

    // In German by the German slug, and by the default one too.
    for name in [&german, &slug] {
        let shown = api
            .get(&format!("{base}/{name}?locale=de"))
            .anonymous()
            .send()
            .await
            .is(200)
            .value();
        assert_eq!(
            shown["ancestors"],
            json!([{"id": root["id"], "slug": de, "name": "Küche"}])
        );
        assert_eq!(
            (&shown["slug"], &shown["name"]),
            (&json!(german), &json!("Kettles"))
        );
    }
    api.get(&format!("{base}/{german}"))
        .anonymous()
        .send()
        .await
        .problem(404, "resource_not_found");
    api.get(&format!("{base}/nowhere"))
        .anonymous()
        .send()
        .await
        .problem(404, "resource_not_found");
    api.get(&format!("{base}/A%20B"))
        .anonymous()
        .send()
        .await
        .problem(400, "invalid_parameter");
    api.get(&format!("{base}/{slug}?x=1"))
        .anonymous()
        .send()
        .await
        .problem(400, "invalid_parameter");
    api.delete(&format!("{}?onChildren=reparent", path(&category)))
        .send()
        .await
        .is(204);
    api.get(&shown.path)
        .anonymous()
        .send()
        .await
        .problem(404, "resource_not_found");
}
