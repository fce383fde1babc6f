//! Reads through the cache: the one place that turns a key and a load into a response.
//!
//! Invariant: no answer outlasts the instant at which time alone makes it another one, neither here nor in any cache on
//! its way. Answers go out without `Age`: an entry that is answered was held against all writes right before, so that for
//! whoever keeps it its life begins now, and `s-maxage` is counted from now.

use std::sync::{Mutex, MutexGuard, PoisonError};

use application::cache::{Answer, Basis, CacheKey, Consistency, Demand, Loaded, Scope, Source};
use application::store::StoreError;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use domain::Timestamp;
use futures::future::try_join_all;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use super::conditions::{not_modified, strong_tag};
use super::query::invalid;
use super::reply::{JSON, to_bytes};
use super::state::AppState;
use super::{coding, position};
use crate::problem::Problem;

pub(super) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What a request demands of the answers that it reads, and what they were.
pub(super) struct Reading {
    pub(super) demand: Demand,
    /// `None` once one was from elsewhere than the instance's own tier.
    basis: Mutex<Option<Basis>>,
}

impl Reading {
    /// By the request's headers; where they say nothing, by its plane: `usual`.
    pub(super) fn of(headers: &HeaderMap, usual: Consistency) -> Result<Self, Problem> {
        Ok(Self {
            demand: demand(headers, usual)?,
            basis: Mutex::new(Some(Basis::default())),
        })
    }

    /// What all that was read stands on, if it can be given again.
    pub(super) fn basis(&self) -> Option<Basis> {
        self.lock().clone()
    }

    fn note(&self, part: Option<(&CacheKey, &Answer)>) {
        let mut basis = self.lock();
        let is_own = match (&mut *basis, part) {
            (Some(basis), Some((key, answer))) => basis.add(key, answer),
            _ => false,
        };
        if !is_own {
            *basis = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Basis>> {
        self.basis.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a read's headers demand, where they say nothing by its plane: `usual`.
pub(super) fn demand(headers: &HeaderMap, usual: Consistency) -> Result<Demand, Problem> {
    let consistency = match one(headers, "Catalog-Consistency")? {
        None => usual,
        Some("strong") => Consistency::Strong,
        Some("bounded") => Consistency::Bounded,
        Some(_) => return Err(invalid("Catalog-Consistency", "must be strong or bounded")),
    };
    let least = one(headers, "Catalog-Min-Position")?.map(|text| {
        let position = position::parse(text);
        position.ok_or_else(|| invalid("Catalog-Min-Position", "must be the Catalog-Position of a write"))
    });
    Ok(Demand {
        consistency,
        min_position: least.transpose()?,
    })
}

fn one<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str().unwrap_or_default());
    match values.next() {
        None => Ok(value),
        Some(_) => Err(invalid(name, "stands in the request twice")),
    }
}

/// The names of the scopes' present states, to be part of a key; `None` while one of them has none, so that the answer
/// has no key.
pub(super) async fn scopes(
    app: &AppState,
    scopes: &[Scope],
    reading: &Reading,
) -> Result<Option<String>, Problem> {
    let generation = |scope: &Scope| app.answers.generation(*scope, reading.demand);
    let generations = try_join_all(scopes.iter().map(generation)).await?;
    for generation in &generations {
        reading.note(generation.as_ref().map(|found| (&found.key, &found.answer)));
    }
    let names: Option<Vec<_>> = generations.iter().map(|g| Some(g.as_ref()?.as_str())).collect();
    Ok(names.map(|names| names.join(",")))
}

/// The answer under `key`, or from the database where there is none. `load` reads the clock itself.
pub(super) async fn read<F, L>(
    app: &AppState,
    key: Option<CacheKey>,
    reading: &Reading,
    load: F,
) -> Result<Answer, Problem>
where
    F: Fn(AppState) -> L + Clone + Send + 'static,
    L: Future<Output = Result<Loaded, StoreError>> + Send + 'static,
{
    let began = app.clock.now();
    let Some(key) = key else {
        reading.note(None);
        return Ok(app.answers.load(load(app.clone())).await?);
    };
    loop {
        let (load, own) = (load.clone(), app.clone());
        let read = app.answers.read(key.clone(), reading.demand, move || load(own));
        let answer = read.await?;
        // Whoever loads may have begun before the answer became another one, and this reader after. The next load
        // begins later than this read.
        let is_over = answer.true_until().is_some_and(|end| end <= began);
        if answer.source != Source::Joined || !is_over {
            reading.note(Some((&key, &answer)));
            return Ok(answer);
        }
    }
}

/// What was loaded, with the tag of its bytes.
pub(super) fn tagged<B: Serialize>(
    body: &B,
    facts: impl Into<Bytes>,
    true_until: Option<Timestamp>,
) -> Loaded {
    let body = to_bytes(body);
    Loaded {
        etag: strong_tag(&body),
        body: Some(body),
        facts: facts.into(),
        version: 0,
        true_until,
    }
}

/// What was loaded, with the tag of its version.
pub(super) fn versioned(body: Bytes, etag: String, version: i64) -> Loaded {
    Loaded {
        body: Some(body),
        etag,
        facts: Bytes::new(),
        version,
        true_until: None,
    }
}

/// What has no body to show, but facts for the handler.
pub(super) fn facts(facts: impl Into<Bytes>, true_until: Option<Timestamp>) -> Loaded {
    Loaded {
        body: Some(Bytes::new()),
        etag: String::new(),
        facts: facts.into(),
        version: 0,
        true_until,
    }
}

/// The answer as a response: the resource of this kind with its tag, 304 when the client has it already, or 404.
pub(super) fn respond(
    headers: &HeaderMap,
    answer: &Answer,
    kind: &str,
    cache_control: HeaderValue,
) -> Result<Response, Problem> {
    let status = HeaderValue::from_static(cache_status(answer));
    if !answer.is_found() {
        return Err(Problem::not_found(kind).header(CACHE_STATUS, status));
    }
    let entry = answer.entry();
    let mut response = if not_modified(headers, &entry.etag)? {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match coding::coded(&answer.kept, headers) {
            Some((name, body)) => ([(CONTENT_ENCODING, name)], [(CONTENT_TYPE, JSON)], body).into_response(),
            None => ([(CONTENT_TYPE, JSON)], entry.body.clone()).into_response(),
        }
    };
    let common = response.headers_mut();
    if let Ok(etag) = HeaderValue::try_from(&entry.etag) {
        common.insert(ETAG, etag);
    }
    common.insert(CACHE_CONTROL, cache_control);
    common.insert(CACHE_STATUS, status);
    Ok(response)
}

/// Of an answer that is given again without its route.
pub(super) const REMEMBERED: HeaderValue = HeaderValue::from_static("Vitrine; hit; detail=remembered");

/// How the answer came about (RFC 9211).
fn cache_status(answer: &Answer) -> &'static str {
    match answer.source {
        Source::Local => "Vitrine; hit; detail=l1",
        Source::Shared => "Vitrine; hit; detail=l2",
        Source::Stale => "Vitrine; hit; detail=stale",
        Source::Joined => "Vitrine; fwd=miss; collapsed",
        Source::Miss if answer.stored => "Vitrine; fwd=miss; stored",
        Source::Miss => "Vitrine; fwd=miss",
        Source::Fenced => "Vitrine; fwd=miss; detail=fenced",
        Source::Bypass => "Vitrine; fwd=bypass",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        pairs.collect()
    }

    #[test]
    fn demands_are_read_strictly() {
        let of = |pairs: &[_]| demand(&headers(pairs), Consistency::Bounded).ok();
        let usual = Demand {
            consistency: Consistency::Bounded,
            min_position: None,
        };
        let strong = Demand {
            consistency: Consistency::Strong,
            ..usual
        };
        assert_eq!(of(&[]), Some(usual));
        assert_eq!(of(&[("catalog-consistency", "strong")]), Some(strong));
        assert_eq!(of(&[("catalog-consistency", "bounded")]), Some(usual));
        let least = of(&[("catalog-min-position", "1-a")]).and_then(|demand| demand.min_position);
        assert_eq!(
            least.map(|least| (least.transaction, least.position)),
            Some((1, 10))
        );
        for bad in [
            ("catalog-consistency", "Strong"),
            ("catalog-consistency", ""),
            ("catalog-min-position", "x"),
        ] {
            assert_eq!(of(&[bad]), None, "{bad:?}");
        }
        let mut twice = headers(&[("catalog-consistency", "strong")]);
        twice.append("catalog-consistency", HeaderValue::from_static("strong"));
        assert!(demand(&twice, Consistency::Strong).is_err());
    }
}
