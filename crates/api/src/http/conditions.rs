//! Conditional requests (RFC 9110, section 13): strong entity tags, `If-Match` and `If-None-Match`.

use application::store::Precondition;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};

use super::query::invalid;
use crate::problem::Problem;

/// The tags of a conditional header, or `*`.
enum Tags {
    Any,
    /// Opaque text and whether the tag is strong.
    Listed(Vec<(String, bool)>),
}

/// The tag of a resource that one version number describes.
pub(crate) fn version_tag(version: i64, schema: &str) -> String {
    format!("\"{version}-{schema}\"")
}

/// A tag of the bytes themselves.
pub(crate) fn strong_tag(body: &[u8]) -> String {
    format!("\"{}\"", digest(body, 16))
}

/// The tag of a body that shows more than the resource's version tells, such as names of other resources: the version,
/// by which writes are conditional, and a digest of the bytes.
pub(crate) fn version_and_body_tag(version: i64, schema: &str, body: &[u8]) -> String {
    version_tag(version, &format!("{schema}-{}", digest(body, 6)))
}

fn digest(body: &[u8], bytes: usize) -> String {
    let digest = Sha256::digest(body);
    STANDARD_NO_PAD.encode(digest.get(..bytes).unwrap_or_default())
}

/// What a write's headers demand. A tag that no version of ours has, such as a weak one, demands the impossible.
pub(crate) fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    match (tags(headers, &IF_MATCH)?, tags(headers, &IF_NONE_MATCH)?) {
        (None, None) => Ok(Precondition::None),
        (Some(Tags::Any), None) => Ok(Precondition::Exists),
        (Some(Tags::Listed(listed)), None) => {
            let version = |(tag, strong): (String, bool)| {
                let (version, _) = tag.split_once('-')?;
                strong.then(|| version.parse().ok()).flatten()
            };
            Ok(Precondition::Version(
                listed.into_iter().filter_map(version).collect(),
            ))
        }
        (None, Some(Tags::Any)) => Ok(Precondition::Absent),
        (None, Some(Tags::Listed(_))) => Err(invalid("If-None-Match", "of a write can only be *")),
        (Some(_), Some(_)) => Err(invalid("If-Match", "and If-None-Match exclude each other")),
    }
}

/// Whether a read's `If-None-Match` names the tag. Comparison is weak, as section 13.1.2 says.
pub(crate) fn not_modified(headers: &HeaderMap, etag: &str) -> Result<bool, Problem> {
    Ok(match tags(headers, &IF_NONE_MATCH)? {
        None => false,
        Some(Tags::Any) => true,
        Some(Tags::Listed(listed)) => listed.iter().any(|(tag, _)| etag.trim_matches('"') == tag),
    })
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Problem> {
    let malformed = || {
        invalid(
            if *name == IF_MATCH {
                "If-Match"
            } else {
                "If-None-Match"
            },
            "is no list of entity tags",
        )
    };
    let mut listed = Vec::new();
    let mut any = false;
    for value in headers.get_all(name) {
        let mut rest = value.to_str().map_err(|_| malformed())?.trim();
        if rest == "*" {
            any = true;
            continue;
        }
        loop {
            let (strong, opaque) = rest
                .strip_prefix("W/")
                .map_or((true, rest), |opaque| (false, opaque));
            let (tag, after) = opaque
                .strip_prefix('"')
                .and_then(|o| o.split_once('"'))
                .ok_or_else(malformed)?;
            if tag.contains(|c: char| c.is_ascii_control() || c == ' ') {
                return Err(malformed());
            }
            listed.push((tag.to_owned(), strong));
            match after.trim_start() {
                "" => break,
                more => rest = more.strip_prefix(',').ok_or_else(malformed)?.trim_start(),
            }
        }
    }
    match (any, listed.is_empty()) {
        (true, true) => Ok(Some(Tags::Any)),
        (true, false) => Err(malformed()),
        (false, true) => Ok(None),
        (false, false) => Ok(Some(Tags::Listed(listed))),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn writes_demand_versions_existence_or_absence() {
        let of = |pairs: &[(HeaderName, &'static str)]| precondition(&headers(pairs)).ok();
        assert_eq!(of(&[]), Some(Precondition::None));
        assert_eq!(of(&[(IF_MATCH, "*")]), Some(Precondition::Exists));
        assert_eq!(of(&[(IF_NONE_MATCH, "*")]), Some(Precondition::Absent));
        assert_eq!(
            of(&[(IF_MATCH, "\"7-m1\", \"8-e1-40\"")]),
            Some(Precondition::Version(vec![7, 8]))
        );
        assert_eq!(
            of(&[(IF_MATCH, "W/\"7-m1\"")]),
            Some(Precondition::Version(vec![]))
        );
        assert_eq!(
            of(&[(IF_MATCH, "\"other\"")]),
            Some(Precondition::Version(vec![]))
        );
        for garbage in ["7", "\"7", "\"7\" \"8\"", "\"a\",", "garbage", "*, \"7\""] {
            assert_eq!(of(&[(IF_MATCH, garbage)]), None, "{garbage}");
        }
        assert_eq!(of(&[(IF_MATCH, "*"), (IF_NONE_MATCH, "*")]), None);
    }

    #[test]
    fn reads_compare_weakly() {
        let of = |value| not_modified(&headers(&[(IF_NONE_MATCH, value)]), "\"3-m1\"").ok();
        assert_eq!(of("\"3-m1\""), Some(true));
        assert_eq!(of("\"2-m1\", W/\"3-m1\""), Some(true));
        assert_eq!(of("*"), Some(true));
        assert_eq!(of("\"4-m1\""), Some(false));
        assert_eq!(of("4"), None);
    }
}
