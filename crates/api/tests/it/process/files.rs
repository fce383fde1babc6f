//! Files in and out, by command and over HTTP.

use std::fs;
use std::io::Write as _;
use std::net::{Shutdown, TcpStream};

use reqwest::Method;
use serde_json::Value;
use tempfile::TempDir;

use super::support::{Client, Setup, eventually};

const CSV: &str = "Handle,Title,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Price,Published\r\n\
    kettle,Kettle,Pots & Pans,\"steel, stove\",Size,S,K-S,19.99,TRUE\r\n\
    kettle,,,,,L,K-L,24.99,\r\n\
    pan,Pan,Pots & Pans,,Title,Default Title,,7.999,TRUE\r\n\
    lid,Lid,,,Title,Default Title,K-S,5,TRUE\r\n\
    rack,Rack,,,Title,Default Title,,,FALSE\r\n";

fn file(folder: &TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What an import that ran to its end said on standard output and standard error.
#[track_caller]
fn import(setup: &Setup, arguments: &[&str]) -> (String, String) {
    let output = setup.run(&[&["import"], arguments].concat());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    (String::from_utf8(output.stdout).unwrap(), errors)
}

fn counts(created: u32, unchanged: u32, failed: u32) -> String {
    format!("created {created}, updated 0, unchanged {unchanged}, failed {failed}\n")
}

#[test]
fn a_shopify_file_comes_in_but_for_its_bad_rows() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder);
    let csv = file(&folder, "products.csv", CSV);
    let told = "line 4: Variant Price: currency_digits: GBP amounts have at most 2 digits after the point\n\
        line 5: Variant SKU: duplicate_sku: another variant has this SKU\n";
    let list = folder.path().join("errors.ndjson");
    let arguments = [&csv, "--currency", "GBP", "--errors", list.to_str().unwrap()];

    let (out, errors) = import(&setup, &[&csv, "--currency", "GBP", "--dry-run"]);
    // The SKU is taken only once the kettle is there.
    assert_eq!(out, counts(3, 0, 1));
    assert!(errors.ends_with("dry run: nothing was kept\n"), "{errors}");
    assert_eq!(import(&setup, &arguments), (counts(2, 0, 2), told.to_owned()));
    assert_eq!(import(&setup, &arguments), (counts(0, 2, 2), told.to_owned()));
    let list = fs::read_to_string(list).unwrap();
    let list: Vec<Value> = list
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(list.len(), 2);
    assert_eq!(list[0]["line"], 4);
    assert_eq!(list[1]["pointer"], "/Variant SKU");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_of_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder);
    let no_title = file(&folder, "no-title.csv", "Handle,Vendor\na,b\n");
    let missing = folder.path().join("missing.csv");
    for (arguments, says) in [
        (vec!["import", missing.to_str().unwrap()], "missing.csv"),
        (vec!["import", no_title.as_str()], "missing: Title"),
        (
            vec!["import", no_title.as_str(), "--format", "xml"],
            "ndjson or shopify-csv",
        ),
        (
            vec!["import", no_title.as_str(), "--currency", "POUND"],
            "ISO 4217",
        ),
    ] {
        let output = setup.run(&arguments);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && errors.contains(says),
            "{says}: {errors}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_imports_back_without_any_change() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder);
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/example-catalog.ndjson");
    let (out, errors) = import(&setup, &[assets]);
    assert_eq!((out.as_str(), errors.as_str()), (counts(242, 0, 0).as_str(), ""));
    let vitrine = setup.start().await;
    let keyless =
        serde_json::json!({"name": {"en": "Kettle", "de": "Kessel"}, "variants": [{"sku": "no-key"}]});
    let made = vitrine
        .client
        .send(Method::POST, "/v1/products", Some(&keyless))
        .await
        .unwrap();
    assert_eq!(made.status, 201, "{made:?}");
    vitrine.stop().await;

    let export = setup.succeed(&["export"]);
    // With the type, the channel and the list that every catalog has.
    assert_eq!(export.lines().count(), 246);
    let exported = file(&folder, "export.ndjson", &export);
    assert_eq!(import(&setup, &[&exported]), (counts(0, 246, 0), String::new()));
    assert_eq!(setup.succeed(&["export"]), export);

    let other = tempfile::tempdir().unwrap();
    let elsewhere = Setup::new(&other);
    assert_eq!(
        import(&elsewhere, &[&exported]),
        (counts(243, 3, 0), String::new())
    );
    assert_eq!(elsewhere.succeed(&["export"]), export);
}

/// Products that name one another, and one that is related to a product without key.
const RELATED: &str = r#"{"key":"rel-a","name":"A","status":"published","relations":[{"kind":"upSell","product":"key:rel-b"}]}
{"key":"rel-b","name":"B","relations":[{"kind":"upSell","product":"key:rel-a"},{"kind":"accessory","product":"key:demo-0000003"}]}
{"resource":"channel","key":"outlet","name":"Outlet","locales":["en"],"currencies":["EUR"],"priceLists":["key:outlet"]}
{"resource":"priceList","key":"outlet","name":"Outlet","validFrom":"2026-01-01T00:00:00Z","conditions":{"channels":["key:outlet"]}}
{"resource":"price","priceList":"key:outlet","variant":"sku:VD-0000001-01","currency":"EUR","amount":"1.50"}
{"resource":"price","priceList":"key:outlet","variant":"sku:VD-0000001-01","currency":"EUR","amount":"1.20","minQuantity":5}
"#;

#[test]
fn the_whole_model_goes_out_and_comes_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder);
    setup.succeed(&["demo", "--products", "150"]);
    let related = file(&folder, "related.ndjson", RELATED);
    assert_eq!(import(&setup, &[&related]), (counts(6, 0, 0), String::new()));
    assert_eq!(import(&setup, &[&related]), (counts(0, 6, 0), String::new()));
    let export = setup.succeed(&["export"]);
    let lines: Vec<Value> = export.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let of_kind = |kind: &str| lines.iter().filter(|line| line["resource"] == kind).count();
    for kind in [
        "productType",
        "channel",
        "priceList",
        "category",
        "product",
        "price",
    ] {
        assert!(of_kind(kind) > 0, "no {kind}");
    }
    // The one that is related to a later one comes twice.
    assert_eq!(of_kind("product"), 153);
    let exported = file(&folder, "export.ndjson", &export);
    let all = u32::try_from(lines.len()).unwrap();
    assert_eq!(import(&setup, &[&exported]), (counts(0, all, 0), String::new()));
    assert_eq!(setup.succeed(&["export"]), export);

    let other = tempfile::tempdir().unwrap();
    let elsewhere = Setup::new(&other);
    let (out, errors) = import(&elsewhere, &[&exported, "--dry-run"]);
    assert!(out.contains(", failed 0"), "{out}{errors}");
    let told = format!("created {}, updated 1, unchanged 3, failed 0\n", all - 4);
    assert_eq!(import(&elsewhere, &[&exported]), (told, String::new()));
    assert_eq!(elsewhere.succeed(&["export"]), export);
    assert_eq!(
        import(&elsewhere, &[&exported]),
        (counts(0, all, 0), String::new())
    );
}

#[test]
fn what_is_wrong_with_lists_prices_types_and_channels_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder);
    let lines = file(
        &folder,
        "bad.ndjson",
        r#"{"resource":"priceLists","key":"x"}
{"resource":"productType","name":"No key"}
{"resource":"productType","key":"t","name":"T","attributes":[{"key":"a","name":"A","type":"colour"}]}
{"resource":"channel","key":"c","name":"C","locales":["en"],"currencies":["EUR"],"priceLists":["key:nowhere"]}
{"resource":"channel","key":"d","name":"C","locales":["xx-nonsense-"],"currencies":["EUR"]}
{"resource":"priceList","key":"l","name":"L","conditions":{"channels":["key:nowhere"]}}
{"key":"p","name":"P","variants":[{"sku":"P-1"}]}
{"resource":"price","priceList":"key:base","variant":"sku:P-1","currency":"EUR","amount":"2"}
{"resource":"price","priceList":"key:base","variant":"sku:P-2","currency":"EUR","amount":"2"}
{"resource":"price","priceList":"key:base","variant":"sku:P-1","currency":"EUR","amount":"3","validFrom":"2026-01-01T00:00:00Z"}
{"resource":"price","priceList":"key:base","variant":"sku:P-1","currency":"EUR","amount":"3.999"}
{"resource":"price","priceList":"key:nowhere","variant":"sku:P-1","currency":"EUR","amount":"3"}
{"resource":"price","priceList":"key:base","variant":"sku:P-1","currency":"USD","amount":"3"}
"#,
    );
    let (out, errors) = import(&setup, &[&lines]);
    assert_eq!(out, counts(3, 0, 10), "{errors}");
    let told: Vec<_> = errors
        .lines()
        .map(|line| line.splitn(4, ": ").take(3).collect::<Vec<_>>().join(": "))
        .collect();
    for expected in [
        "line 1: resource: not_in_enum",
        "line 2: key: required",
        "line 3: attributes/0/type: not_in_enum",
        "line 4: priceLists/0: reference_not_found",
        "line 6: conditions/channels/0: reference_not_found",
        "line 9: variant: reference_not_found",
        "line 10: validFrom: price_overlap",
        "line 11: amount: currency_digits",
        "line 12: priceList: reference_not_found",
    ] {
        assert!(
            told.iter().any(|line| line == expected),
            "{expected} is not in {told:#?}"
        );
    }
}

async fn post(client: &Client, path: &str, body: String) -> (u16, Value) {
    let request = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = request.post(format!("http://{}{path}", client.address));
    let answer = request
        .bearer_auth(&client.token)
        .body(body)
        .send()
        .await
        .unwrap();
    let location = answer.headers().get("location").cloned();
    let status = answer.status().as_u16();
    let mut body: Value = answer.json().await.unwrap();
    if let Some(location) = location {
        body["location"] = location.to_str().unwrap().into();
    }
    (status, body)
}

/// Waits until the job has ended.
async fn ended(client: &Client, job: &Value) -> Value {
    let path = job["location"].as_str().unwrap();
    eventually("the job ends", async || {
        let job = client.get(path).await.ok()?.body;
        (job["status"] != "running").then_some(job)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_taken_in_by_a_job() {
    let folder = tempfile::tempdir().unwrap();
    let vitrine = Setup::new(&folder).start().await;
    let client = &vitrine.client;
    let path = "/v1/imports?format=shopify-csv&currency=GBP";
    let (status, job) = post(client, path, CSV.to_owned()).await;
    assert_eq!((status, &job["status"]), (202, &"running".into()), "{job}");
    let job = ended(client, &job).await;
    assert_eq!(job["status"], "succeeded", "{job}");
    assert_eq!(
        (&job["counts"]["created"], &job["counts"]["failed"]),
        (&2.into(), &2.into())
    );
    let errors = format!("/v1/jobs/{}/errors", job["id"].as_str().unwrap());
    let first = client.get(&format!("{errors}?limit=1")).await.unwrap().body;
    assert_eq!(first["items"][0]["pointer"], "/Variant Price");
    let next = first["nextCursor"].as_str().unwrap();
    let second = client
        .get(&format!("{errors}?limit=1&cursor={next}"))
        .await
        .unwrap()
        .body;
    assert_eq!(second["items"][0]["code"], "duplicate_sku");
    assert_eq!(second["nextCursor"], Value::Null);
    let found = client.get("/v1/variants/sku:K-L").await.unwrap();
    assert_eq!(found.status, 200, "{found:?}");

    let (_, job) = post(client, "/v1/imports?format=shopify-csv", "Handle\na\n".to_owned()).await;
    let job = ended(client, &job).await;
    assert_eq!(job["status"], "failed");
    assert!(
        job["error"].as_str().unwrap().ends_with("missing: Title"),
        "{job}"
    );

    for query in [
        "",
        "?format=csv",
        "?format=ndjson&mode=merge",
        "?format=ndjson&currency=eur",
        "?format=ndjson&x=1",
    ] {
        let (status, problem) = post(client, &format!("/v1/imports{query}"), String::new()).await;
        assert_eq!(
            (status, &problem["code"]),
            (400, &"invalid_parameter".into()),
            "{query}"
        );
    }
    let unknown = "/v1/jobs/0190a000-0000-7000-8000-000000000000";
    assert_eq!(client.get(unknown).await.unwrap().status, 404);
    assert_eq!(
        client.get(&format!("{unknown}/errors")).await.unwrap().status,
        404
    );
    assert_eq!(
        post(client, &format!("{unknown}/cancel"), String::new()).await.0,
        404
    );
    vitrine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_cut_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let vitrine = Setup::new(&folder).start().await;
    let client = &vitrine.client;
    let mut socket = TcpStream::connect(client.address).unwrap();
    let head = format!(
        "POST /v1/imports?format=ndjson HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 10000\r\n\r\n",
        client.token
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(b"{\"key\":\"cut\",\"name\":\"Cut\"}\n").unwrap();
    let spool = folder.path().join("data/imports");
    eventually("the body is being kept", async || spool.exists().then_some(())).await;
    socket.shutdown(Shutdown::Both).unwrap();
    // The detached handler has ended when a stop is clean.
    vitrine.stop().await;
    assert_eq!(fs::read_dir(&spool).unwrap().count(), 0);
    let export = Setup::new(&folder).succeed(&["export"]);
    assert!(!export.contains("\"key\":\"cut\""), "{export}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_can_be_cancelled_and_is_told_as_interrupted_after_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(&folder);
    let catalog = setup.succeed(&["demo", "--products", "20000", "--print"]);
    let vitrine = setup.start().await;
    let client = vitrine.client.clone();
    let path = "/v1/imports?format=ndjson";
    let (_, job) = post(&client, path, catalog.clone()).await;
    let (status, _) = post(
        &client,
        &format!("{}/cancel", job["location"].as_str().unwrap()),
        String::new(),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(ended(&client, &job).await["status"], "cancelled");

    let (_, job) = post(&client, path, catalog).await;
    vitrine.stop().await;
    let again = setup.start().await;
    let job = ended(&again.client, &job).await;
    assert_eq!(
        (&job["status"], &job["error"]),
        (&"failed".into(), &"interrupted".into()),
        "{job}"
    );
    again.stop().await;
}
