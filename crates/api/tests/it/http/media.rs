//! Uploaded files: what is taken in and what is not, how they are served, and who shows them.

use std::io::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::support::{Answer, Api, on_both, text, too_large, unique};

on_both!(
    files_are_taken_in_and_served,
    the_same_bytes_are_the_same_file,
    the_same_bytes_at_the_same_time_are_one_file,
    what_is_not_what_it_says_is_refused,
    active_content_is_refused,
    pictures_that_claim_too_much_are_refused,
    names_are_never_paths,
    broken_forms_are_refused,
    files_have_a_limit,
    ranges_are_served,
    conditions_are_looked_at,
    dry_runs_and_keys,
    resources_show_files,
    missing_files_are_told_all_at_once,
    shown_files_stay,
    imports_show_files,
    batches_leave_files_alone,
    addresses_that_lead_nowhere,
    what_is_said_of_a_file_changes,
    bad_descriptions_are_refused,
);

const FORM: &str = "multipart/form-data; boundary=cut";

/// A PNG of one size whose bytes no other call gives: nothing but its header is ever looked at.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend(width.to_be_bytes());
    png.extend(height.to_be_bytes());
    png.extend(b"\x08\x06\0\0\0\0\0\0\0");
    png.extend(unique("padding").bytes());
    // The two instances share the store of files; that they do not meet there is what ids are for.
    png.extend(rand::random::<[u8; 16]>());
    png
}

fn png() -> Vec<u8> {
    png_of(640, 480)
}

fn sha256(bytes: &[u8]) -> String {
    domain::value::Digest::new(Sha256::digest(bytes).into()).to_string()
}

/// A form's part; `head` is what its `Content-Disposition` says beyond `form-data`.
fn part(head: &str, content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let mut part = format!("--cut\r\nContent-Disposition: form-data{head}\r\n").into_bytes();
    if !content_type.is_empty() {
        part.extend(format!("Content-Type: {content_type}\r\n").bytes());
    }
    part.extend(b"\r\n");
    part.extend(bytes);
    part.extend(b"\r\n");
    part
}

fn form(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut form = parts.concat();
    form.extend(b"--cut--\r\n");
    form
}

impl Api {
    async fn upload(&self, content_type: &str, bytes: &[u8]) -> Answer {
        self.post("/v1/media")
            .body(content_type, bytes.to_vec())
            .send()
            .await
    }

    /// Takes in a new picture; its id and address.
    async fn picture(&self) -> (String, String) {
        let file = self.upload("image/png", &png()).await.is(201).value();
        (text(&file, "/id").to_owned(), text(&file, "/url").to_owned())
    }
}

async fn files_are_taken_in_and_served(api: Api) {
    let bytes = png();
    let body = form(&[part(
        "; name=\"file\"; filename=\"Kännchen (1).png\"",
        "image/png",
        &bytes,
    )]);
    let answer = api.post("/v1/media").body(FORM, body).send().await.is(201);
    let (tag, location) = (
        answer.header("etag").to_owned(),
        answer.header("location").to_owned(),
    );
    let file = answer.value();
    let url = format!("/media/{}", sha256(&bytes));
    assert_eq!(file["contentType"], "image/png");
    assert_eq!((&file["width"], &file["height"]), (&json!(640), &json!(480)));
    assert_eq!(
        (&file["url"], &file["sha256"]),
        (&json!(url), &json!(sha256(&bytes)))
    );
    assert_eq!(
        (&file["size"], &file["name"]),
        (&json!(bytes.len()), &json!("Kännchen (1).png"))
    );
    assert_eq!(
        (&file["version"], &file["createdBy"]),
        (&json!(1), &json!("tests"))
    );
    assert_eq!(location, format!("/v1/media/{}", text(&file, "/id")));

    let read = api.get(&location).send().await.is(200);
    assert_eq!((read.value(), read.header("etag")), (file.clone(), tag.as_str()));
    let fresh = api.get(&location).header("If-None-Match", &tag).send().await;
    assert_eq!(fresh.is(304).body.len(), 0);
    let newest = api
        .get("/v1/media?sort=-createdAt&limit=200")
        .send()
        .await
        .is(200)
        .value();
    assert!(newest["items"].as_array().unwrap().contains(&file));

    let served = api.get(&url).anonymous().send().await.is(200);
    assert_eq!(served.body, bytes);
    for (name, value) in [
        ("content-type", "image/png"),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("accept-ranges", "bytes"),
        (
            "content-disposition",
            "inline; filename*=UTF-8''K%C3%A4nnchen%20%281%29.png",
        ),
        ("etag", &format!("\"{}\"", sha256(&bytes))),
        ("content-length", &bytes.len().to_string()),
    ] {
        assert_eq!(served.header(name), value, "{name}");
    }
    let head = api
        .call(reqwest::Method::HEAD, &url)
        .anonymous()
        .send()
        .await
        .is(200);
    assert_eq!(
        (head.body.len(), head.header("content-length")),
        (0, served.header("content-length"))
    );

    // The body itself will do as well, with or without a type, and compressed on the way.
    let mut pdf = b"%PDF-1.7\n".to_vec();
    pdf.extend(unique("page").repeat(1000).bytes());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&pdf).unwrap();
    let call = api
        .post("/v1/media?name=Manual.pdf")
        .header("Content-Encoding", "gzip");
    let file = call.body("application/octet-stream", gzip.finish().unwrap());
    let file = file.send().await.is(201).value();
    assert_eq!(
        (&file["contentType"], &file["name"]),
        (&json!("application/pdf"), &json!("Manual.pdf"))
    );
    assert!(file.get("width").is_none());
    let served = api
        .get(text(&file, "/url"))
        .header("Accept-Encoding", "gzip")
        .send()
        .await;
    assert_eq!(
        served.is(200).header("content-disposition"),
        "attachment; filename*=UTF-8''Manual.pdf"
    );
}

async fn the_same_bytes_are_the_same_file(api: Api) {
    let bytes = png();
    let first = api.upload("image/png", &bytes).await.is(201).value();
    let body = form(&[part("; name=\"other\"; filename=\"other.png\"", "", &bytes)]);
    let again = api.post("/v1/media").body(FORM, body).send().await.is(200);
    assert_eq!(again.find("location"), None);
    assert_eq!(again.value(), first);

    let path = format!("/v1/media/{}", text(&first, "/id"));
    api.delete(&path).send().await.is(204);
    api.get(&path).send().await.problem(404, "resource_not_found");
    api.delete(&path).send().await.problem(404, "resource_not_found");
    let url = text(&first, "/url");
    api.get(url)
        .anonymous()
        .send()
        .await
        .problem(404, "resource_not_found");
    let new = api.upload("image/png", &bytes).await.is(201).value();
    assert_ne!(new["id"], first["id"]);
    assert_eq!(api.get(url).anonymous().send().await.is(200).body, bytes);
}

async fn the_same_bytes_at_the_same_time_are_one_file(api: Api) {
    let bytes = png();
    let uploads = (0..12).map(|_| {
        let (api, bytes) = (api.clone(), bytes.clone());
        tokio::spawn(async move { api.upload("image/png", &bytes).await })
    });
    let answers = futures::future::try_join_all(uploads).await.unwrap();
    let created = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(created, 1, "{answers:?}");
    let bodies: Vec<_> = answers.iter().map(Answer::value).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    let served = api.get(text(&bodies[0], "/url")).anonymous().send().await;
    assert_eq!(served.is(200).body, bytes);
}

async fn what_is_not_what_it_says_is_refused(api: Api) {
    let mismatch = [("/contentType", "media_type_mismatch")];
    api.upload("image/jpeg", &png()).await.has_faults(&mismatch);
    api.upload("application/pdf", &png()).await.has_faults(&mismatch);
    let body = form(&[part("; name=\"file\"; filename=\"a.gif\"", "image/gif", &png())]);
    api.upload(FORM, &body).await.has_faults(&mismatch);
    // All that is wrong is told at once.
    let body = form(&[part(
        "; name=\"file\"; filename=\"../a.gif\"",
        "image/gif",
        &png_of(20_000, 20_000),
    )]);
    api.upload(FORM, &body).await.has_faults(&[
        ("/contentType", "media_type_mismatch"),
        ("/name", "pattern"),
        ("/width", "out_of_range"),
    ]);
    api.upload("image/png", b"")
        .await
        .has_faults(&[("/size", "required")]);
    api.post("/v1/media")
        .send()
        .await
        .has_faults(&[("/size", "required")]);
    for content_type in [
        "application/json",
        "text/html",
        "image/svg+xml",
        "image/*",
        "nonsense",
    ] {
        api.upload(content_type, &png())
            .await
            .problem(415, "unsupported_media_type");
    }
}

async fn active_content_is_refused(api: Api) {
    let refused = [("/contentType", "media_type_not_allowed")];
    let bodies: [&[u8]; 8] = [
        b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
        b"<?xml version=\"1.0\"?><svg/>",
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"  <html>",
        b"\x7fELF\x02\x01\x01",
        b"PK\x03\x04",
        b"plain text",
        b"\0",
    ];
    for body in bodies {
        api.upload("application/octet-stream", body)
            .await
            .has_faults(&refused);
        let sent = form(&[part("; name=\"file\"; filename=\"a.png\"", "", body)]);
        api.upload(FORM, &sent).await.has_faults(&refused);
        // Where they say that they are a picture that is not true.
        api.upload("image/png", body).await.has_faults(&refused);
    }
    let svg = form(&[part(
        "; name=\"file\"; filename=\"a.svg\"",
        "image/svg+xml",
        bodies[0],
    )]);
    api.upload(FORM, &svg).await.has_faults(&refused);
    // A picture that is a page as well is served as a picture, and as nothing else.
    let mut both = b"GIF89a\x01\0\x01\0\0\0\0<script>alert(1)</script>".to_vec();
    both.extend(rand::random::<[u8; 16]>());
    let file = api.upload("image/gif", &both).await.is(201).value();
    let served = api.get(text(&file, "/url")).anonymous().send().await.is(200);
    assert_eq!(served.header("content-type"), "image/gif");
    assert_eq!(served.header("x-content-type-options"), "nosniff");
}

async fn pictures_that_claim_too_much_are_refused(api: Api) {
    for (width, height) in [(10_000, 10_001), (u32::MAX, u32::MAX), (1 << 31, 1 << 31), (0, 9)] {
        let answer = api.upload("image/png", &png_of(width, height)).await;
        answer.has_faults(&[("/width", "out_of_range")]);
    }
    api.upload("image/png", &png_of(10_000, 10_000)).await.is(201);
    for cut in [8, 15, 23] {
        let answer = api.upload("image/png", &png()[..cut]).await;
        answer.has_faults(&[("", "media_unreadable")]);
    }
    let answer = api.upload("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF").await;
    answer.has_faults(&[("", "media_unreadable")]);
}

async fn names_are_never_paths(api: Api) {
    let cases = [
        ("../../etc/passwd", "pattern"),
        ("/etc/passwd", "pattern"),
        ("..", "pattern"),
        ("a\\\\b.png", "pattern"),
        ("a\tb.png", "pattern"),
        (" ", "required"),
        (&"n".repeat(256), "too_long"),
    ];
    for (name, code) in cases {
        let body = form(&[part(
            &format!("; name=\"file\"; filename=\"{name}\""),
            "image/png",
            &png(),
        )]);
        api.upload(FORM, &body).await.has_faults(&[("/name", code)]);
    }
    for name in ["..%2Fa.png", "a%00.png", "a%0D%0Ab", "%5C"] {
        let call = api
            .post(&format!("/v1/media?name={name}"))
            .body("image/png", png());
        call.send().await.has_faults(&[("/name", "pattern")]);
    }
    let longest = "n".repeat(255);
    let call = api
        .post(&format!("/v1/media?name={longest}"))
        .body("image/png", png());
    assert_eq!(call.send().await.is(201).value()["name"], longest);
    // What a name cannot break out of.
    let quoted = api
        .post("/v1/media?name=a%22%3B%20filename%3Db.html")
        .body("image/png", png());
    let file = quoted.send().await.is(201).value();
    let served = api.get(text(&file, "/url")).anonymous().send().await.is(200);
    let expected = "inline; filename*=UTF-8''a%22%3B%20filename%3Db.html";
    assert_eq!(served.header("content-disposition"), expected);
}

async fn broken_forms_are_refused(api: Api) {
    let whole = form(&[part("; name=\"file\"; filename=\"a.png\"", "image/png", &png())]);
    for cut in [0, 10, 60, whole.len() - 20, whole.len() - 9] {
        let answer = api.upload(FORM, &whole[..cut]).await;
        answer.problem(400, "malformed_multipart");
    }
    api.upload("multipart/form-data", &whole)
        .await
        .problem(400, "malformed_multipart");
    let elsewhere = "multipart/form-data; boundary=elsewhere";
    api.upload(elsewhere, &whole)
        .await
        .problem(400, "malformed_multipart");
    api.upload(FORM, b"--cut--\r\n")
        .await
        .has_faults(&[("/file", "required")]);
    let two = form(&[
        part("; name=\"file\"; filename=\"a.png\"", "image/png", &png()),
        part("; name=\"second\"; filename=\"b.png\"", "image/png", &png()),
    ]);
    api.upload(FORM, &two)
        .await
        .has_faults(&[("/second", "unknown_field")]);
    let typed = form(&[part(
        "; name=\"file\"; filename=\"a\"",
        "image/svg+xml",
        b"<svg/>",
    )]);
    api.upload(FORM, &typed)
        .await
        .has_faults(&[("/contentType", "media_type_not_allowed")]);
    let unknown = api.post("/v1/media?nmae=a").body("image/png", png());
    unknown.send().await.problem(400, "invalid_parameter");
}

async fn files_have_a_limit(api: Api) {
    const MAX: usize = 20 << 20;
    let mut bytes = png();
    bytes.resize(MAX + 1, 0);
    let call = |bytes: &[u8]| api.post("/v1/media").body("image/png", bytes.to_vec());
    too_large(|| call(&bytes)).await;
    let form_of_it = form(&[part("; name=\"file\"; filename=\"a.png\"", "image/png", &bytes)]);
    too_large(|| api.post("/v1/media").body(FORM, form_of_it.clone())).await;
    // What is small only while it is compressed is counted as it is.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&vec![0; MAX * 2]).unwrap();
    let gzip = gzip.finish().unwrap();
    let call_gzip = api.post("/v1/media").header("Content-Encoding", "gzip");
    call_gzip
        .body("image/png", gzip)
        .send()
        .await
        .problem(413, "payload_too_large");

    bytes.truncate(MAX);
    let file = call(&bytes).send().await.is(201).value();
    assert_eq!(file["size"], MAX);
    let served = api.get(text(&file, "/url")).anonymous().send().await.is(200);
    assert!(served.body == bytes);
}

async fn ranges_are_served(api: Api) {
    let mut bytes = png();
    bytes.resize(100_000, 7);
    bytes[99_999] = 9;
    let file = api.upload("image/png", &bytes).await.is(201).value();
    let url = text(&file, "/url").to_owned();
    let get = async |range: &str| api.get(&url).anonymous().header("Range", range).send().await;
    for (range, content, place) in [
        ("bytes=0-0", &bytes[..1], "bytes 0-0/100000"),
        ("bytes=10-19", &bytes[10..20], "bytes 10-19/100000"),
        ("bytes=99990-", &bytes[99_990..], "bytes 99990-99999/100000"),
        ("bytes=-1", &bytes[99_999..], "bytes 99999-99999/100000"),
        ("bytes=-200000", &bytes[..], "bytes 0-99999/100000"),
        ("bytes=0-18446744073709551616", &bytes[..], "bytes 0-99999/100000"),
        (
            "bytes=50000-999999999",
            &bytes[50_000..],
            "bytes 50000-99999/100000",
        ),
    ] {
        let answer = get(range).await.is(206);
        assert!(answer.body == content, "{range}");
        assert_eq!(answer.header("content-range"), place);
        assert_eq!(answer.header("content-length"), content.len().to_string());
        assert_eq!(answer.header("content-type"), "image/png");
    }
    for range in ["bytes=100000-", "bytes=100000-100001", "bytes=-0"] {
        let answer = get(range).await;
        assert_eq!(answer.header("content-range"), "bytes */100000");
        answer.problem(416, "range_not_satisfiable");
    }
    // Several, or none that can be read: the whole file.
    for range in ["bytes=0-1,4-5", "lines=1-2", "bytes=5-2", "bytes=a-b", "bytes"] {
        let answer = get(range).await.is(200);
        assert!(
            answer.body == bytes && answer.find("content-range").is_none(),
            "{range}"
        );
    }
    let own = format!("\"{}\"", text(&file, "/sha256"));
    for (held, status) in [
        (own.as_str(), 206),
        ("\"other\"", 200),
        (&format!("W/{own}"), 200),
        ("Tue, 24 Nov 2026 00:00:00 GMT", 200),
    ] {
        let call = api.get(&url).anonymous().header("Range", "bytes=0-9");
        call.header("If-Range", held).send().await.is(status);
    }
    let head = api.call(reqwest::Method::HEAD, &url).anonymous();
    head.header("Range", "bytes=0-9").send().await.is(200);
}

async fn conditions_are_looked_at(api: Api) {
    let (id, url) = api.picture().await;
    let tag = format!("\"{}\"", url.strip_prefix("/media/").unwrap());
    for held in [
        tag.clone(),
        format!("W/{tag}"),
        "*".to_owned(),
        format!("\"x\", {tag}"),
    ] {
        let answer = api
            .get(&url)
            .anonymous()
            .header("If-None-Match", &held)
            .send()
            .await
            .is(304);
        assert_eq!((answer.body.len(), answer.header("etag")), (0, tag.as_str()));
        assert!(answer.header("cache-control").contains("immutable"));
    }
    api.get(&url)
        .anonymous()
        .header("If-None-Match", "\"x\"")
        .send()
        .await
        .is(200);
    let malformed = api
        .get(&url)
        .anonymous()
        .header("If-None-Match", "x")
        .send()
        .await;
    malformed.problem(400, "invalid_parameter");
    let path = format!("/v1/media/{id}");
    let stale = api.delete(&path).header("If-Match", "\"7-f2\"").send().await;
    stale.problem(412, "version_conflict");
    api.delete(&path)
        .header("If-Match", "\"1-f2\"")
        .send()
        .await
        .is(204);
}

async fn dry_runs_and_keys(api: Api) {
    let bytes = png();
    let dry = api.post("/v1/media?dryRun=true").body("image/png", bytes.clone());
    let dry = dry.send().await.is(200);
    assert_eq!((dry.find("etag"), dry.find("location")), (None, None));
    let url = text(&dry.value(), "/url").to_owned();
    api.get(&url)
        .anonymous()
        .send()
        .await
        .problem(404, "resource_not_found");

    let key = unique("upload");
    let upload = |cut: &str, bytes: &[u8]| {
        let content_type = format!("multipart/form-data; boundary={cut}");
        let part = part("; name=\"file\"; filename=\"a.png\"", "image/png", bytes);
        let body = replace(&form(&[part]), b"--cut", format!("--{cut}").as_bytes());
        api.post("/v1/media")
            .header("Idempotency-Key", &key)
            .body(&content_type, body)
    };
    let first = upload("one", &bytes).send().await.is(201);
    // Clients cut their forms anew each time.
    let again = upload("two", &bytes).send().await.is(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(
        (again.value(), again.header("location")),
        (first.value(), first.header("location"))
    );
    assert_eq!(api.get(&url).anonymous().send().await.is(200).body, bytes);
    upload("one", &png())
        .send()
        .await
        .problem(422, "idempotency_key_reused");

    let path = first.header("location").to_owned();
    api.delete(&format!("{path}?dryRun=true")).send().await.is(204);
    api.get(&url).anonymous().send().await.is(200);
    let key = unique("delete");
    api.delete(&path)
        .header("Idempotency-Key", &key)
        .send()
        .await
        .is(204);
    let again = api
        .delete(&path)
        .header("Idempotency-Key", &key)
        .send()
        .await
        .is(204);
    assert_eq!(again.header("idempotency-replayed"), "true");
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        replaced.extend(&rest[..at]);
        replaced.extend(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend(rest);
    replaced
}

async fn resources_show_files(api: Api) {
    let (id, url) = api.picture().await;
    let (other, other_url) = api.picture().await;
    let media = json!([{"mediaId": id, "alt": "Front", "role": "main"}, {"url": "https://a.example/b.jpg"}]);
    let shown = json!([
        {"mediaId": id, "url": url, "alt": {"en": "Front"}, "role": "main"},
        {"url": "https://a.example/b.jpg", "role": "gallery"},
    ]);
    let sku = unique("SKU");
    let product = api
        .product(json!({"media": media, "variants": [{"sku": sku, "media": media}]}))
        .await;
    assert_eq!(product["media"], shown);
    assert_eq!(product["variants"][0]["media"], shown);
    let path = format!("/v1/products/{}", text(&product, "/id"));
    assert_eq!(api.get(&path).send().await.value()["media"], shown);

    // What was read may be sent back as it is, by PUT and under a patch.
    let put = json!({"name": product["name"], "media": shown});
    let replaced = api.put(&path).json(&put).send().await.is(200).value();
    assert_eq!((&replaced["media"], &replaced["version"]), (&shown, &json!(1)));
    let operations = json!([{"op": "replace", "path": "/media/0/mediaId", "value": other}]);
    let patched = api
        .patch(&path)
        .operations(&operations)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(patched["media"][0]["url"], other_url);
    let brand = api
        .patch(&path)
        .merge(&json!({"brand": "B"}))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(brand["media"], patched["media"]);

    api.post(&format!("{path}/publish")).send().await.is(200);
    let store = format!("/v1/store/default/products/{}", text(&product, "/id"));
    let sold = api.get(&store).anonymous().send().await.is(200).value();
    assert_eq!(sold["media"][0]["url"], other_url);
    assert_eq!(sold["variants"][0]["media"][0]["url"], url);

    let category = api.category(json!({"media": media})).await;
    assert_eq!(category["media"], shown);
    let variant = format!("/v1/variants/sku:{sku}");
    let moved = api.patch(&variant).merge(&json!({"media": [{"mediaId": other}]}));
    assert_eq!(moved.send().await.is(200).value()["media"][0]["url"], other_url);
}

async fn missing_files_are_told_all_at_once(api: Api) {
    let (id, _) = api.picture().await;
    let missing = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64";
    let media = json!([{"mediaId": id}, {"mediaId": missing}]);
    let body = json!({
        "name": "x", "media": media, "categories": [missing],
        "variants": [{"sku": unique("SKU"), "media": media}],
    });
    let answer = api.post("/v1/products").json(&body).send().await;
    answer.has_faults(&[
        ("/categories/0", "reference_not_found"),
        ("/media/1/mediaId", "reference_not_found"),
        ("/variants/0/media/1/mediaId", "reference_not_found"),
    ]);
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let patch = json!({"media": media, "categories": [missing]});
    api.patch(&path).merge(&patch).send().await.has_faults(&[
        ("/categories/0", "reference_not_found"),
        ("/media/1/mediaId", "reference_not_found"),
    ]);
    let variants = format!("{path}/variants");
    let variant = json!({"sku": unique("SKU"), "media": media, "options": {"size": "L"}});
    api.post(&variants).json(&variant).send().await.has_faults(&[
        ("/media/1/mediaId", "reference_not_found"),
        ("/options/size", "unknown_field"),
    ]);
    let category = json!({"name": "x", "media": media, "parent": missing});
    api.post("/v1/categories")
        .json(&category)
        .send()
        .await
        .has_faults(&[
            ("/media/1/mediaId", "reference_not_found"),
            ("/parent", "reference_not_found"),
        ]);
    for (media, pointer, code) in [
        (json!({"mediaId": "../x"}), "/media/0/mediaId", "pattern"),
        (
            json!({"mediaId": missing.to_uppercase()}),
            "/media/0/mediaId",
            "pattern",
        ),
        (
            json!({"mediaId": 7, "url": "https://a.example/b.jpg"}),
            "/media/0/mediaId",
            "wrong_type",
        ),
        (
            json!({"mediaId": id, "url": "https://a.example/b.jpg"}),
            "/media/0/url",
            "pattern",
        ),
        (json!({"url": "/media/abc"}), "/media/0/url", "pattern"),
        (json!({}), "/media/0/url", "required"),
    ] {
        let body = json!({"name": "x", "media": [media]});
        let answer = api.post("/v1/products").json(&body).send().await;
        answer.has_faults(&[(pointer, code)]);
    }
}

async fn shown_files_stay(api: Api) {
    let (id, url) = api.picture().await;
    let file = format!("/v1/media/{id}");
    let product = api.product(json!({"media": [{"mediaId": id}]})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    api.delete(&file).send().await.problem(409, "referenced");
    api.delete(&path).send().await.is(204);
    api.delete(&file).send().await.problem(409, "referenced");
    api.post(&format!("{path}/restore")).send().await.is(200);
    api.patch(&path).merge(&json!({"media": []})).send().await.is(200);
    api.delete(&file).send().await.is(204);
    api.get(&url)
        .anonymous()
        .send()
        .await
        .problem(404, "resource_not_found");
    let gone = api
        .patch(&path)
        .merge(&json!({"media": [{"mediaId": id}]}))
        .send()
        .await;
    gone.has_faults(&[("/media/0/mediaId", "reference_not_found")]);
}

async fn imports_show_files(api: Api) {
    let (id, url) = api.picture().await;
    let (good, bad) = (unique("good"), unique("bad"));
    let missing = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64";
    let record = |key: &str, media: &str| {
        json!({
            "resource": "product", "key": key, "name": "Imported", "media": [{"mediaId": media, "url": url}],
            "variants": [{"sku": key, "media": [{"mediaId": media}]}],
        })
    };
    let file = format!("{}\n{}\n", record(&good, &id), record(&bad, missing));
    let import = api
        .post("/v1/imports?format=ndjson")
        .body("application/x-ndjson", file);
    let job = import.send().await.is(202).header("location").to_owned();
    let ended = loop {
        let state = api.get(&job).send().await.is(200).value();
        if state["status"] != "running" {
            break state;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    assert_eq!(
        (&ended["counts"]["created"], &ended["counts"]["failed"]),
        (&json!(1), &json!(1)),
        "{ended}"
    );
    let errors = api.get(&format!("{job}/errors")).send().await.is(200).value();
    let found: Vec<_> = errors["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| text(e, "/pointer"))
        .collect();
    assert_eq!(found, ["/media/0/mediaId", "/variants/0/media/0/mediaId"]);
    let product = api
        .get(&format!("/v1/products/key:{good}"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(
        product["media"],
        json!([{"mediaId": id, "url": url, "role": "gallery"}])
    );
}

/// Bytes do not come back with a transaction that is undone.
async fn batches_leave_files_alone(api: Api) {
    let (id, url) = api.picture().await;
    let delete = json!({"method": "DELETE", "path": format!("/v1/media/{id}")});
    let call = api.post("/v1/batch").json(&json!({"operations": [delete]}));
    call.send().await.has_faults(&[("/operations/0/path", "pattern")]);
    let product =
        json!({"method": "POST", "path": "/v1/products", "body": {"name": "x", "media": [{"mediaId": id}]}});
    let call = api.post("/v1/batch").json(&json!({"operations": [product]}));
    let shown = call.send().await.is(200).value();
    assert_eq!(shown["results"][0]["body"]["media"][0]["url"], url);
}

async fn addresses_that_lead_nowhere(api: Api) {
    for path in [
        format!("/media/{}", "0".repeat(64)),
        format!("/media/{}", "A".repeat(64)),
        "/media/..%2F..%2Fvitrine.db".to_owned(),
        "/media/%00".to_owned(),
        format!("/media/{}", "0".repeat(63)),
    ] {
        api.get(&path)
            .anonymous()
            .send()
            .await
            .problem(404, "resource_not_found");
    }
    let (_, url) = api.picture().await;
    api.get(&format!("{url}?width=100"))
        .anonymous()
        .send()
        .await
        .problem(400, "invalid_parameter");
    api.get("/v1/media/x")
        .send()
        .await
        .problem(400, "invalid_parameter");
    api.get("/v1/media?brand=x")
        .send()
        .await
        .problem(400, "filter_unknown_field");
    let page: Value = api.get("/v1/media?limit=1").send().await.is(200).value();
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

/// A file that no other test has; its path and body.
async fn described(api: &Api) -> (String, Value) {
    let pdf = format!("%PDF-1.7\n{}{}", unique("said"), rand::random::<u64>());
    let uploaded = api.post("/v1/media?name=a.pdf").body("application/pdf", pdf);
    let uploaded = uploaded.send().await.is(201);
    (uploaded.header("location").to_owned(), uploaded.value())
}

async fn what_is_said_of_a_file_changes(api: Api) {
    let (path, first) = described(&api).await;
    let said = json!({"name": "Kännchen.pdf", "alt": "A kettle", "metadata": {"source": "studio"}});
    let patched = api.patch(&path).merge(&said).send().await.is(200);
    let tag = patched.header("etag").to_owned();
    let second = patched.value();
    assert_eq!((&second["version"], &second["name"]), (&json!(2), &said["name"]));
    assert_eq!(second["alt"], json!({"en": "A kettle"}));
    assert_eq!(second["metadata"], said["metadata"]);
    for same in [
        "id",
        "url",
        "sha256",
        "size",
        "contentType",
        "createdAt",
        "createdBy",
    ] {
        assert_eq!(second[same], first[same], "{same}");
    }
    let read = api.get(&path).send().await.is(200);
    assert_eq!(
        (read.header("etag"), read.value()),
        (tag.as_str(), second.clone())
    );
    let served = api.get(text(&second, "/url")).anonymous().send().await.is(200);
    assert!(served.header("content-disposition").contains("K%C3%A4nnchen.pdf"));
    // The same again is no change.
    let again = api.patch(&path).merge(&said).send().await.is(200);
    assert_eq!(again.value(), second);

    let stale = api
        .patch(&path)
        .header("If-Match", "\"1-f2\"")
        .merge(&json!({"alt": null}));
    assert_eq!(
        stale.send().await.problem(412, "version_conflict")["currentVersion"],
        2
    );
    let dry = api
        .patch(&format!("{path}?dryRun=true"))
        .merge(&json!({"alt": null}));
    assert_eq!(dry.send().await.is(200).value().get("alt"), None);
    let key = unique("said");
    let third = || {
        let operations =
            json!([{"op": "remove", "path": "/name"}, {"op": "replace", "path": "/alt/en", "value": "B"}]);
        let call = api.patch(&path).header("If-Match", &tag);
        call.header("Idempotency-Key", &key).operations(&operations)
    };
    let done = third().send().await.is(200).value();
    assert_eq!((done.get("name"), &done["alt"]["en"]), (None, &json!("B")));
    let replayed = third().send().await.is(200);
    assert_eq!(replayed.header("idempotency-replayed"), "true");
    let history = api.get(&format!("{path}/history")).send().await.is(200).value();
    assert_eq!(history["items"].as_array().unwrap().len(), 3);
    let then = api.get(&format!("{path}/history/2")).send().await.is(200).value();
    assert_eq!(then, second);
    let diff = api
        .get(&format!("{path}/diff?from=2&to=3"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(diff["operations"].as_array().unwrap().len(), 2, "{diff}");
    let reader = api.instance.token("catalog:read", "reader").await;
    let refused = api.patch(&path).token(&reader).merge(&said).send().await;
    refused.problem(403, "scope_missing");
    // Who uploads the bytes again gets them as they are called now.
    api.delete(&path).send().await.is(204);
    api.patch(&path)
        .merge(&said)
        .send()
        .await
        .problem(404, "resource_not_found");
}

async fn bad_descriptions_are_refused(api: Api) {
    let (path, first) = described(&api).await;
    for (patch, faults) in [
        (json!({"name": "a/b"}), [("/name", "pattern")]),
        (json!({"name": ""}), [("/name", "required")]),
        (json!({"name": "x".repeat(256)}), [("/name", "too_long")]),
        (json!({"name": 1}), [("/name", "wrong_type")]),
        (json!({"alt": {"en": "x".repeat(501)}}), [("/alt/en", "too_long")]),
        (json!({"alt": {"": "x"}}), [("/alt/", "pattern")]),
        (json!({"metadata": {"a": 1}}), [("/metadata/a", "wrong_type")]),
        (json!({"sha256": "0"}), [("/sha256", "unknown_field")]),
        (json!({"version": 2}), [("/version", "unknown_field")]),
    ] {
        let answer = api.patch(&path).merge(&patch).send().await;
        let told = answer.faults();
        assert_eq!(told.len(), 1, "{answer:?}");
        assert_eq!(told[0].1, faults[0].1, "{answer:?}");
        assert!(
            told[0].0.starts_with(faults[0].0.trim_end_matches('/')),
            "{answer:?}"
        );
    }
    assert_eq!(api.get(&path).send().await.is(200).value(), first);
    api.patch("/v1/media/nonsense")
        .merge(&json!({}))
        .send()
        .await
        .problem(400, "invalid_parameter");
}
