//! Bodies that are not what they say they are: no JSON, too large, too deep, in a wrong type or coding.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream;
use reqwest::Body;
use serde_json::json;

use super::support::{Api, Trial, on_both, text, too_large, unique};

on_both!(
    what_is_no_json_is_malformed,
    deep_nesting_is_malformed,
    large_bodies_are_refused_however_they_come,
    content_types_are_checked,
    content_codings_are_checked,
    actions_take_no_body,
);

const LIMIT: usize = 1024 * 1024;

async fn what_is_no_json_is_malformed(api: Api) {
    let bodies: [&[u8]; 18] = [
        b"",
        b"{",
        b"{\"name\":\"x\"",
        b"{\"name\":\"x\",}",
        b"{\"name\":\"x\"} x",
        b"{\"name\":\"x\"}{}",
        b"{'name':'x'}",
        b"name=x",
        b"<product/>",
        b"nul",
        b"\xef\xbb\xbf{\"name\":\"x\"}",
        b"{\"name\":\"\xff\xfe\"}",
        b"{\"name\":\"\xc3\"}",
        b"{\"name\":\"\xed\xa0\x80\"}",
        br#"{"name":"\ud800"}"#,
        br#"{"name":"\udc00\ud800"}"#,
        b"{\"name\":\"a\x00b\"}",
        b"{\"name\":NaN}",
    ];
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let mut trial = Trial::default();
    for body in bodies {
        for call in [
            api.post("/v1/products").body("application/json", body),
            api.put(&path).body("application/json", body),
            api.patch(&path).body("application/merge-patch+json", body),
            api.patch(&path).body("application/json-patch+json", body),
        ] {
            let answer = call.send().await;
            let malformed = answer.status == 400 && answer.value()["code"] == "malformed_json";
            trial.check(malformed, || {
                format!("{:?}: {answer:?}", String::from_utf8_lossy(body))
            });
        }
    }
    trial.end();
    // Pairs of surrogates are text.
    let bear = br#"{"name":"\ud83e\uddf8"}"#;
    let made = api
        .post("/v1/products")
        .body("application/json", &bear[..])
        .send()
        .await
        .is(201);
    assert_eq!(made.value()["name"]["en"], "🧸");
}

async fn deep_nesting_is_malformed(api: Api) {
    for depth in [31, 32, 127, 128, 10_000] {
        // The body itself is one level.
        let body = format!("{{\"name\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let answer = api
            .post("/v1/products")
            .body("application/json", body)
            .send()
            .await;
        if depth < 32 {
            answer.has_faults(&[("/name", "wrong_type")]);
        } else {
            answer.problem(400, "malformed_json");
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn large_bodies_are_refused_however_they_come(api: Api) {
    let of_length = |length: usize| {
        let body = format!("{{\"name\":\"{}\"}}", "x".repeat(length - 11));
        assert_eq!(body.len(), length);
        body
    };
    let post = || api.post("/v1/products");
    let at_limit = post().body("application/json", of_length(LIMIT)).send().await;
    at_limit.has_faults(&[("/name", "too_long")]);
    for length in [LIMIT + 1, 2 * LIMIT] {
        let body = of_length(length);
        too_large(|| post().body("application/json", body.clone())).await;
        // Without a length beforehand.
        let chunked = || {
            let chunks: Vec<_> = body
                .as_bytes()
                .chunks(64 * 1024)
                .map(Bytes::copy_from_slice)
                .collect();
            Body::wrap_stream(stream::iter(chunks.into_iter().map(Ok::<_, std::io::Error>)))
        };
        too_large(|| post().body("application/json", chunked())).await;
        let packed = || gzip(body.as_bytes());
        too_large(|| {
            post()
                .header("content-encoding", "gzip")
                .body("application/json", packed())
        })
        .await;
    }
    let bomb = gzip(&vec![b' '; 200 * LIMIT]);
    assert!(bomb.len() < LIMIT);
    too_large(|| {
        post()
            .header("content-encoding", "gzip")
            .body("application/json", bomb.clone())
    })
    .await;

    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let large = || of_length(2 * LIMIT);
    too_large(|| api.put(&path).body("application/json", large())).await;
    too_large(|| api.patch(&path).body("application/merge-patch+json", large())).await;
    too_large(|| {
        api.post(&format!("{path}/publish"))
            .body("application/json", large())
    })
    .await;
    too_large(|| api.delete(&path).body("application/json", large())).await;
    assert_eq!(api.get(&path).send().await.value()["version"], 1);
}

async fn content_types_are_checked(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let body = json!({"name": "x"}).to_string();
    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
    ] {
        api.put(&path).body(good, body.clone()).send().await.is(200);
    }
    for wrong in [
        "text/plain",
        "text/json",
        "application/xml",
        "multipart/form-data",
        "application/merge-patch+json",
        "json",
        "",
    ] {
        for call in [
            api.post("/v1/products"),
            api.put(&path),
            api.post(&format!("{path}/variants")),
        ] {
            let answer = call.body(wrong, body.clone()).send().await;
            answer.problem(415, "unsupported_media_type");
        }
    }
    for good in [
        "application/merge-patch+json",
        "Application/Merge-Patch+JSON; charset=utf-8",
    ] {
        api.patch(&path).body(good, body.clone()).send().await.is(200);
    }
    for wrong in ["application/json", "text/plain", "application/json-patch"] {
        let answer = api.patch(&path).body(wrong, body.clone()).send().await;
        answer.problem(415, "unsupported_media_type");
        let accepted = answer.header("accept-patch");
        assert_eq!(
            accepted,
            "application/merge-patch+json, application/json-patch+json"
        );
    }
}

async fn content_codings_are_checked(api: Api) {
    let body = json!({"name": unique("Packed")}).to_string();
    let post = |coding: &str, body: Vec<u8>| {
        let call = api.post("/v1/products").header("content-encoding", coding);
        call.body("application/json", body).send()
    };
    post("gzip", gzip(body.as_bytes())).await.is(201);
    post("identity", body.clone().into_bytes()).await.is(201);
    for unknown in ["br", "deflate", "compress", "rot13"] {
        let answer = post(unknown, body.clone().into_bytes()).await;
        answer.problem(415, "unsupported_media_type");
        assert!(answer.header("accept-encoding").contains("gzip"));
    }
    let packed = gzip(body.as_bytes());
    post("gzip", body.clone().into_bytes())
        .await
        .problem(400, "malformed_json");
    post("gzip", packed[..packed.len() / 2].to_vec())
        .await
        .problem(400, "malformed_json");
    post("zstd", packed).await.problem(400, "malformed_json");
}

async fn actions_take_no_body(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let publish = || api.post(&format!("{path}/publish"));
    for body in ["{\"at\":\"now\"}", "[]", "1", "null", "\"x\""] {
        for call in [publish(), api.delete(&path)] {
            let answer = call.body("application/json", body).send().await;
            answer.has_faults(&[("", "unknown_field")]);
        }
    }
    publish()
        .body("application/json", "{")
        .send()
        .await
        .problem(400, "malformed_json");
    let status = api.get(&path).send().await.value();
    assert_eq!(status["status"], "draft");
    publish().body("application/json", "{}").send().await.is(200);
    publish().body("application/json", "").send().await.is(200);
}
