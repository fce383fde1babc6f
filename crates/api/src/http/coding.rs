//! Bodies that are kept, in the coding that a client prefers: each made once, however often it is asked for.
//!
//! The layers around the routes leave alone what is coded already, and give each coding a tag of its own.

use std::io::Write as _;

use application::cache::{Coding, Kept};
use bytes::Bytes;
use flate2::write::GzEncoder;
use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// Smaller bodies are coded as they go out: that takes less than to keep them in every coding.
const WORTH_KEEPING: usize = 4096;

/// As hard as a body is worth that is coded once and sent many times.
const GZIP_LEVEL: u32 = 6;
const BROTLI_LEVEL: u32 = 5;
const ZSTD_LEVEL: i32 = 6;
const BROTLI_WINDOW: u32 = 22;

/// The best last, where a client has no preference: the same as the layer around the routes has.
const CODINGS: [Coding; 3] = [Coding::Gzip, Coding::Brotli, Coding::Zstd];

/// The name of a coding (RFC 9110, section 8.4.1).
const fn name(coding: Coding) -> &'static str {
    match coding {
        Coding::Gzip => "gzip",
        Coding::Brotli => "br",
        Coding::Zstd => "zstd",
    }
}

/// The body with the name of its coding, or `None` where it goes out as it is.
pub(super) fn coded(kept: &Kept, headers: &HeaderMap) -> Option<(&'static str, Bytes)> {
    coded_by(kept, headers, encode)
}

fn coded_by(
    kept: &Kept,
    headers: &HeaderMap,
    encode: impl Fn(Coding, &Bytes) -> Bytes,
) -> Option<(&'static str, Bytes)> {
    if kept.entry.body.len() < WORTH_KEEPING {
        return None;
    }
    let coding = preferred(headers)?;
    let body = kept.coded(coding, |body| encode(coding, body));
    // One that failed is empty.
    (!body.is_empty()).then(|| (name(coding), body))
}

/// The coding that the client likes best, if it likes one at least as much as none (RFC 9110, section 12.5.3).
fn preferred(headers: &HeaderMap) -> Option<Coding> {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let members = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    let mut weights: Vec<(String, u16)> = Vec::new();
    for member in members {
        let (coding, parameters) = member.split_once(';').unwrap_or((member, ""));
        weights.push((coding.trim().to_ascii_lowercase(), weight(parameters)?));
    }
    let of = |names: &[&str]| {
        let named = weights
            .iter()
            .find(|(coding, _)| names.contains(&coding.as_str()));
        named.map(|(_, weight)| *weight)
    };
    let any = of(&["*"]);
    let identity = of(&["identity"]).or(any);
    let liked = CODINGS.into_iter().filter_map(|coding| {
        let names: &[&str] = if coding == Coding::Gzip {
            &["gzip", "x-gzip"]
        } else {
            &[name(coding)]
        };
        let weight = of(names).or(any).filter(|weight| *weight > 0)?;
        Some((coding, weight))
    });
    let (coding, weight) = liked.max_by_key(|(_, weight)| *weight)?;
    (weight >= identity.unwrap_or_default()).then_some(coding)
}

/// In thousandths; `None` where it is no weight.
fn weight(parameters: &str) -> Option<u16> {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return Some(1000);
    }
    let (name, value) = parameters.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, part) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if part.len() > 3 || !part.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{part:0<3}").parse().ok()?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}

/// Writing to memory does not fail; a body that could not be coded goes out as it is.
fn encode(coding: Coding, body: &Bytes) -> Bytes {
    let coded = match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
            encoder.write_all(body).and_then(|()| encoder.finish())
        }
        Coding::Brotli => {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_LEVEL, BROTLI_WINDOW);
            encoder.write_all(body).map(|()| encoder.into_inner())
        }
        Coding::Zstd => zstd::bulk::compress(body, ZSTD_LEVEL),
    };
    coded.map(Bytes::from).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::cell::Cell;
    use std::io::Read as _;

    use application::cache::{Answer, Answers, Loaded};
    use http::HeaderValue;

    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_client_s_weights_decide() {
        let of = |value| preferred(&accepting(value)).map(name);
        assert_eq!(preferred(&HeaderMap::new()), None);
        for (value, expected) in [
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("gzip, br", Some("br")),
            ("GZIP", Some("gzip")),
            ("x-gzip", Some("gzip")),
            ("gzip;q=1.0, br;q=0.9", Some("gzip")),
            ("br;q=0, gzip;q=0.001", Some("gzip")),
            ("*", Some("zstd")),
            ("*;q=0.5, zstd;q=0", Some("br")),
            ("identity, gzip;q=0.5", None),
            ("*;q=0", None),
            ("deflate", None),
            ("", None),
            ("gzip;q=2", None),
            ("gzip;q=0.1234", None),
            ("gzip;level=3", None),
        ] {
            assert_eq!(of(value), expected, "{value}");
        }
    }

    async fn answer(length: usize) -> Answer {
        let loaded = Loaded {
            body: Some(Bytes::from("{\"a\":1}".repeat(length / 7))),
            ..Loaded::nothing(None)
        };
        Answers::new(None).load(async { Ok(loaded) }).await.unwrap()
    }

    #[tokio::test]
    async fn a_body_is_coded_once_and_decodes_to_itself() {
        let answer = answer(70_000).await;
        let times = Cell::new(0);
        let counted = |coding, body: &Bytes| {
            times.set(times.get() + 1);
            encode(coding, body)
        };
        for (n, coding) in ["gzip", "br", "zstd"].into_iter().enumerate() {
            let headers = accepting(coding);
            let (name, first) = coded_by(&answer.kept, &headers, counted).unwrap();
            let (_, second) = coded_by(&answer.kept, &headers, counted).unwrap();
            assert_eq!(
                (name, times.get(), first.as_ptr()),
                (coding, n + 1, second.as_ptr())
            );
            assert!(
                first.len() < answer.entry().body.len() / 10,
                "{coding}: {}",
                first.len()
            );
            let mut decoded = Vec::new();
            match coding {
                "gzip" => flate2::read::GzDecoder::new(&*first)
                    .read_to_end(&mut decoded)
                    .unwrap(),
                "br" => brotli::Decompressor::new(&*first, 4096)
                    .read_to_end(&mut decoded)
                    .unwrap(),
                _ => zstd::Decoder::new(&*first)
                    .unwrap()
                    .read_to_end(&mut decoded)
                    .unwrap(),
            };
            assert_eq!(decoded, answer.entry().body);
        }
    }

    #[tokio::test]
    async fn small_bodies_are_left_to_the_layer() {
        assert!(coded(&answer(4000).await.kept, &accepting("gzip")).is_none());
    }
}
