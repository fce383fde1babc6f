//! Lists: every item exactly once, in every order, while others come and go.

use std::collections::BTreeSet;

use futures::future::join_all;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::support::{Api, Backend, on_both, text, unique};

on_both!(
    every_item_comes_exactly_once_in_every_order,
    items_that_change_under_way_are_met_again_at_most,
    variants_and_categories_page_too,
    totals_are_counted_on_demand,
    limits_are_bounded,
    cursors_are_good_for_their_list_only,
);

const MANY: usize = 230;

/// The brand of [`MANY`] products that no test changes.
async fn crowd(api: &Api) -> &'static str {
    static EMBEDDED: OnceCell<String> = OnceCell::const_new();
    static SERVERS: OnceCell<String> = OnceCell::const_new();
    let cell = if api.instance.backend == Backend::Embedded {
        &EMBEDDED
    } else {
        &SERVERS
    };
    cell.get_or_init(|| async {
        let brand = unique("Crowd");
        add(api, &brand, MANY).await;
        brand
    })
    .await
}

async fn add(api: &Api, brand: &str, count: usize) {
    for _ in 0..count.div_ceil(10) {
        join_all((0..10).map(|_| api.product(json!({"brand": brand})))).await;
    }
}

/// All items of a list, and how many pages it took.
async fn walk(api: &Api, list: &str, between: impl AsyncFn(usize)) -> (Vec<Value>, usize) {
    let (mut items, mut next, mut pages) = (Vec::new(), Some(list.to_owned()), 0);
    while let Some(path) = next {
        let answer = api.get(&path).send().await.is(200);
        let body = answer.value();
        items.extend(body["items"].as_array().unwrap().iter().cloned());
        next = answer.find("link").map(|link| {
            let link = link
                .strip_prefix('<')
                .unwrap()
                .strip_suffix(">; rel=\"next\"")
                .unwrap();
            let query = Url::parse("http://x").unwrap().join(link).unwrap();
            let cursor = query
                .query_pairs()
                .find(|(name, _)| name == "cursor")
                .unwrap()
                .1
                .into_owned();
            assert_eq!(body["nextCursor"], cursor);
            link.to_owned()
        });
        assert_eq!(next.is_none(), body["nextCursor"].is_null());
        pages += 1;
        between(pages).await;
    }
    (items, pages)
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| text(item, "/id")).collect()
}

async fn every_item_comes_exactly_once_in_every_order(api: Api) {
    let brand = crowd(&api).await;
    let newcomers = unique("Newcomer");
    // Ids are made in the order of creation, but for those that requests make in the same instant.
    for (sort, field) in [("id", "/id"), ("createdAt", "/id"), ("updatedAt", "/updatedAt")] {
        for descending in [false, true] {
            let hyphen = if descending { "-" } else { "" };
            let list = format!("/v1/products?brand={brand}&limit=40&sort={hyphen}{sort}");
            let (items, pages) = walk(&api, &list, async |_| {
                api.product(json!({"brand": newcomers})).await;
            })
            .await;
            assert_eq!(pages, MANY.div_ceil(40));
            assert_eq!(items.len(), MANY);
            assert_eq!(ids(&items).into_iter().collect::<BTreeSet<_>>().len(), MANY);
            let places: Vec<_> = items
                .iter()
                .map(|item| (text(item, field), text(item, "/id")))
                .collect();
            let in_order = places.windows(2).all(|pair| (pair[0] < pair[1]) != descending);
            assert!(in_order, "{sort} {descending}");
        }
    }
    let plain = api
        .get(&format!("/v1/products?brand={brand}"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(plain["items"].as_array().unwrap().len(), 50);
}

/// With items added and changed between the pages, none of those that stood there is left out or doubled.
async fn items_that_change_under_way_are_met_again_at_most(api: Api) {
    for sort in ["createdAt", "-createdAt", "updatedAt", "-updatedAt"] {
        let brand = unique("Moving");
        add(&api, &brand, 30).await;
        let (before, _) = walk(&api, &format!("/v1/products?brand={brand}"), async |_| {}).await;
        let touched = text(&before[0], "/id").to_owned();
        let list = format!("/v1/products?brand={brand}&limit=7&sort={sort}");
        let (items, _) = walk(&api, &list, async |page| {
            // Only so many, or a list in ascending order would never come to its end.
            if page <= 3 {
                api.product(json!({"brand": brand})).await;
                let patch = json!({"metadata": {"page": page.to_string()}});
                let path = format!("/v1/products/{touched}");
                api.patch(&path).merge(&patch).send().await.is(200);
            }
        })
        .await;
        let met = ids(&items);
        for item in ids(&before) {
            let times = met.iter().filter(|id| **id == item).count();
            // What moves to the end of the order of changes may be met there again, or have left the rest behind.
            let allowed = if item == touched && sort.ends_with("updatedAt") {
                0..=2
            } else {
                1..=1
            };
            assert!(allowed.contains(&times), "{sort}: {item} {times} times");
        }
    }
}

async fn variants_and_categories_page_too(api: Api) {
    let variants: Vec<_> = (0..25)
        .map(|n| json!({"sku": unique("SKU"), "options": {"n": n.to_string()}}))
        .collect();
    let product = api
        .product(json!({"optionAxes": ["n"], "variants": variants}))
        .await;
    let parent = api.category(json!({})).await;
    for _ in 0..25 {
        api.category(json!({"parent": parent["id"]})).await;
    }
    for list in [
        format!("/v1/products/{}/variants?", text(&product, "/id")),
        format!("/v1/categories?parent={}&", text(&parent, "/id")),
    ] {
        for sort in ["id", "-createdAt", "updatedAt", "-updatedAt"] {
            let (items, pages) = walk(&api, &format!("{list}limit=10&sort={sort}"), async |_| {}).await;
            assert_eq!((items.len(), pages), (25, 3), "{list} {sort}");
            assert_eq!(ids(&items).into_iter().collect::<BTreeSet<_>>().len(), 25);
        }
    }
}

async fn totals_are_counted_on_demand(api: Api) {
    let brand = crowd(&api).await;
    let get = async |query: &str| {
        let list = format!("/v1/products?brand={brand}&limit=1{query}");
        api.get(&list).send().await.is(200).value()
    };
    for query in ["", "&count=none"] {
        let body = get(query).await;
        assert!(body.get("total").is_none() && body.get("totalIsEstimate").is_none());
    }
    let exact = get("&count=exact").await;
    assert_eq!(exact["total"], MANY);
    assert!(exact.get("totalIsEstimate").is_none());
    let estimate = get("&count=estimate").await;
    assert!(estimate["total"].is_u64(), "{estimate}");
    // SQLite has nothing to estimate by and counts.
    let estimates = api.instance.backend == Backend::Servers;
    assert_eq!(estimate.get("totalIsEstimate").is_some(), estimates, "{estimate}");
    let wrong = api.get("/v1/products?count=all").send().await;
    wrong.problem(400, "invalid_parameter");
}

async fn limits_are_bounded(api: Api) {
    let brand = crowd(&api).await;
    for limit in [1, 199, 200] {
        let list = format!("/v1/products?brand={brand}&limit={limit}");
        let body = api.get(&list).send().await.is(200).value();
        assert_eq!(body["items"].as_array().unwrap().len(), limit);
    }
    for limit in ["0", "201", "-1", "1.5", "ten", "", "99999999999999999999"] {
        let problem = api.get(&format!("/v1/products?limit={limit}")).send().await;
        let problem = problem.problem(400, "invalid_parameter");
        assert_eq!(problem["parameter"], "limit");
    }
}

async fn cursors_are_good_for_their_list_only(api: Api) {
    let brand = crowd(&api).await;
    let list = format!("/v1/products?brand={brand}&limit=5");
    let page = api.get(&list).send().await.is(200).value();
    let cursor = text(&page, "/nextCursor");
    let with = |list: &str, cursor: &str| api.get(&format!("{list}&cursor={cursor}")).send();

    // Another page size is the same list, and so is another count.
    let bigger = format!("/v1/products?brand={brand}&limit=9&count=exact");
    with(&bigger, cursor).await.is(200);
    for other in [
        "/v1/products?limit=5".to_owned(),
        format!("{list}&tag=x"),
        format!("{list}&status=draft"),
        format!("{list}&deleted=true"),
        format!("{list}&sort=-createdAt"),
        format!("{list}&sort=updatedAt"),
        "/v1/categories?limit=5".to_owned(),
        format!("/v1/store/default/products?brand={brand}"),
    ] {
        with(&other, cursor).await.problem(400, "cursor_mismatch");
    }

    let mut tampered = vec![
        String::new(),
        "x".to_owned(),
        "AAAA".to_owned(),
        "%F0%9F%A7%B8".to_owned(),
    ];
    tampered.push(format!("{cursor}A"));
    tampered.push(cursor[..cursor.len() - 4].to_owned());
    for place in [0, 1, 10, 20, 30, cursor.len() - 10] {
        let mut other = cursor.to_owned().into_bytes();
        other[place] = if other[place] == b'A' { b'B' } else { b'A' };
        tampered.push(String::from_utf8(other).unwrap());
    }
    for forged in tampered {
        with(&list, &forged).await.problem(400, "cursor_invalid");
    }
}
