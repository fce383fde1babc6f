//! Answers that are given again as they are, before a route is looked for: for a second, and only while whoever made
//! them stands by them.
//!
//! Invariant: what is given again differs from what the route would answer in nothing but the request's id, the date and
//! the header that says so.
//! Requests with a header that is not known to change nothing go to their route.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use http::header::{self, ACCEPT_ENCODING, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use tokio::time::Instant;

use super::metrics::{HttpMetrics, Labels};
use super::request_id::{NewRequestId, REQUEST_ID};

/// For how long an answer is remembered at most.
pub const REMEMBERED: Duration = Duration::from_secs(1);

/// Headers that no answer depends on, and those that answers are remembered by.
const PLAIN: [HeaderName; 22] = [
    header::HOST,
    header::USER_AGENT,
    header::ACCEPT,
    ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    IF_NONE_MATCH,
    header::CONNECTION,
    header::CACHE_CONTROL,
    header::PRAGMA,
    header::REFERER,
    header::COOKIE,
    header::DNT,
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("priority"),
];

/// Put among an answer's extensions by a handler: nothing but its address, the coding and the tag that were asked for
/// decides it. It MUST be in memory as a whole.
#[derive(Clone)]
pub struct Repeatable {
    /// Whether the handler would still answer so.
    pub stands: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Notes that it was given again.
    pub repeated: Arc<dyn Fn() + Send + Sync>,
    /// By what a client can tell that.
    pub sign: (HeaderName, HeaderValue),
}

impl Repeatable {
    /// Has something more noted.
    pub fn also(&mut self, note: impl Fn() + Send + Sync + 'static) {
        let repeated = Arc::clone(&self.repeated);
        self.repeated = Arc::new(move || {
            repeated();
            note();
        });
    }
}

/// What tells answers apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    address: Box<str>,
    coding: Option<HeaderValue>,
    tag: Option<HeaderValue>,
}

/// The same, borrowed from a request.
struct Asking<'a> {
    address: &'a str,
    coding: Option<&'a HeaderValue>,
    tag: Option<&'a HeaderValue>,
}

impl Hash for Asking<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.address, self.coding, self.tag).hash(state);
    }
}

impl Equivalent<Asked> for Asking<'_> {
    fn equivalent(&self, asked: &Asked) -> bool {
        self.address == &*asked.address
            && self.coding == asked.coding.as_ref()
            && self.tag == asked.tag.as_ref()
    }
}

impl<'a> Asking<'a> {
    /// `None` where more than that may decide the answer.
    fn of<B: HttpBody>(request: &'a Request<B>) -> Option<Self> {
        let headers = request.headers();
        let is_plain = *request.method() == Method::GET
            && request.body().is_end_stream()
            && headers.keys().all(|name| PLAIN.contains(name));
        Some(Self {
            address: request.uri().path_and_query()?.as_str(),
            coding: one(headers, &ACCEPT_ENCODING)?,
            tag: one(headers, &IF_NONE_MATCH)?,
        })
        .filter(|_| is_plain)
    }
}

/// The header, if it is there; `None` if it is there more than once.
#[expect(clippy::option_option, reason = "absent is not the same as unclear")]
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Option<&'a HeaderValue>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    values.next().is_none().then_some(first)
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    labels: Labels,
    repeatable: Repeatable,
    since: Instant,
}

#[derive(Clone)]
struct BySize;

impl Weighter<Asked, Arc<Answer>> for BySize {
    fn weight(&self, asked: &Asked, answer: &Arc<Answer>) -> u64 {
        /// Headers and bookkeeping.
        const USUAL: u64 = 1024;
        USUAL + (asked.address.len() + answer.body.len()) as u64
    }
}

/// The answers that were given last.
pub struct Remembered {
    answers: Cache<Asked, Arc<Answer>, BySize>,
    metrics: HttpMetrics,
    new_request_id: NewRequestId,
}

impl Remembered {
    /// `capacity` is in bytes.
    pub fn new(capacity: u64, metrics: HttpMetrics, new_request_id: NewRequestId) -> Self {
        let items = usize::try_from(capacity / 4096).unwrap_or(usize::MAX).max(16);
        Self {
            answers: Cache::with_weighter(items, capacity, BySize),
            metrics,
            new_request_id,
        }
    }

    /// The answer to a request that came just now, or what it is to be remembered by.
    pub(super) fn recall<B: HttpBody>(
        &self,
        request: &Request<B>,
        began: Instant,
    ) -> Result<Response, Option<Asked>> {
        let Some(asking) = Asking::of(request) else {
            return Err(None);
        };
        // Every request is then in the log, with what it did.
        let is_told = tracing::enabled!(tracing::Level::DEBUG);
        let known = self.answers.get(&asking).filter(|_| !is_told);
        let Some(answer) = known.filter(|answer| answer.is_good(began)) else {
            return Err(Some(Asked {
                address: asking.address.into(),
                coding: asking.coding.cloned(),
                tag: asking.tag.cloned(),
            }));
        };
        (answer.repeatable.repeated)();
        let mut response = Response::new(Body::from(answer.body.clone()));
        *response.status_mut() = answer.status;
        response.headers_mut().clone_from(&answer.headers);
        if let Ok(id) = HeaderValue::try_from((self.new_request_id)()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        self.metrics.answered(&answer.labels, began.elapsed());
        Ok(response)
    }

    /// Remembers an answer, if it can be given again, with when its request came.
    pub(super) async fn learn(&self, (asked, since): (Asked, Instant), mut response: Response) -> Response {
        let extensions = response.extensions_mut();
        let (Some(repeatable), Some(labels)) = (extensions.remove::<Repeatable>(), extensions.remove())
        else {
            return response;
        };
        let (parts, body) = response.into_parts();
        // It is in memory, and coding it does not fail.
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let mut headers = parts.headers.clone();
        let (name, value) = repeatable.sign.clone();
        headers.insert(name, value);
        let answer = Answer {
            status: parts.status,
            headers,
            body: body.clone(),
            labels,
            repeatable,
            since,
        };
        self.answers.insert(asked, Arc::new(answer));
        Response::from_parts(parts, Body::from(body))
    }
}

impl Answer {
    fn is_good(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < REMEMBERED && (self.repeatable.stands)()
    }
}
