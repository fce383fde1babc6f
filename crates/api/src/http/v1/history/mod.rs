//! The past of products, variants and categories: what all of them have in common. The handlers of a kind carry its
//! description and call these.

mod categories;
mod products;
mod variants;

use application::Faults;
use application::history::{History, HistoryEntry};
use application::page::{Count, Page, Position};
use axum::response::{IntoResponse, Response};
use domain::category::CategoryState;
use domain::product::{ProductState, VariantState};
use domain::{Record, Recorded, Version};
use http::header::CACHE_CONTROL;
use http::{HeaderMap, Uri};
use serde::Serialize;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::http::query::{Query, invalid};
use crate::http::reply::{self, PRIVATE, to_bytes};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{DiffBody, HistoryEntryBody, RevertInput};

/// The past of each kind.
pub(crate) struct Histories {
    pub(crate) products: History<ProductState>,
    pub(crate) variants: History<VariantState>,
    pub(crate) categories: History<CategoryState>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(products::routes())
        .merge(variants::routes())
        .merge(categories::routes())
}

/// A resource whose past is asked for: what it is called, its id, and where it stands now, be it deleted.
struct Subject {
    id: Uuid,
    now: Record,
}

/// Versions newest first.
async fn list<S: Recorded + 'static>(
    app: &App,
    history: &History<S>,
    subject: &Subject,
    uri: &Uri,
    mut query: Query,
) -> Result<Response, Problem> {
    const LIST: &str = "history";
    if query.take("sort")?.is_some() {
        let detail = "versions stand in their order, the newest first";
        return Err(Problem::bad_request("sort_not_allowed", detail));
    }
    let page = query.page(&app.cursors, LIST, &subject.id)?;
    query.finish_list()?;
    if page.count != Count::None {
        return Err(invalid("count", "must be none: versions are not counted"));
    }
    // A position in this list is a version, which fits where others have an id.
    let before = page.after.map(|after| after.id.as_u64_pair().1);
    let before = before.map(|version| Version::try_from(version).unwrap_or(Version::MAX));
    let mut items = history.entries(subject.id, before, page.limit + 1).await?;
    let limit = page.limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|last| Position {
        updated_at: None,
        id: Uuid::from_u64_pair(0, last.version.unsigned_abs()),
    });
    let versions = Page {
        items,
        next,
        total: None,
    };
    Ok(reply::list(
        &versions,
        |entry: &HistoryEntry| HistoryEntryBody::from(entry),
        &page,
        &app.cursors,
        (LIST, &subject.id),
        uri,
        PRIVATE,
    ))
}

fn version_of(name: &str, text: &str) -> Result<Version, Problem> {
    let version = text.parse().ok().filter(|version| *version >= 1);
    version.ok_or_else(|| invalid(name, "must be a version, a whole number from 1"))
}

/// One version as it was.
async fn version<S: Recorded + 'static>(
    history: &History<S>,
    subject: &Subject,
    version: &str,
    query: Query,
) -> Result<S, Problem> {
    let version = version_of("version", version)?;
    query.finish()?;
    Ok(history.version(subject.id, &subject.now, version).await?)
}

/// A body with its tag.
fn shown<B: Serialize>(headers: &HeaderMap, (body, tag): &(B, String)) -> Result<Response, Problem> {
    reply::resource(headers, to_bytes(body), tag, PRIVATE)
}

/// The two versions that are to be compared.
async fn two<S: Recorded + 'static>(
    history: &History<S>,
    subject: &Subject,
    mut query: Query,
) -> Result<[S; 2], Problem> {
    let mut version = |name: &str| match query.take(name)? {
        Some(text) => version_of(name, &text),
        None => Err(invalid(name, "is required")),
    };
    let (from, to) = (version("from")?, version("to")?);
    query.finish()?;
    let from = history.version(subject.id, &subject.now, from).await?;
    let to = history.version(subject.id, &subject.now, to).await?;
    Ok([from, to])
}

/// What makes the one body into the other, with their versions.
fn differences<B: Serialize>((from, before): (Version, &B), (to, after): (Version, &B)) -> Response {
    let operations = json_patch::diff(&comparable(before), &comparable(after));
    let body = DiffBody {
        from,
        to,
        operations: serde_json::to_value(operations).unwrap_or_default(),
    };
    ([(CACHE_CONTROL, PRIVATE)], axum::Json(body)).into_response()
}

fn comparable<B: Serialize>(body: &B) -> Value {
    let mut document = serde_json::to_value(body).unwrap_or_default();
    if let Some(members) = document.as_object_mut() {
        members.remove("version");
        members.remove("updatedAt");
    }
    document
}

/// The state to go back to.
async fn target<S: Recorded + 'static>(
    history: &History<S>,
    subject: &Subject,
    submission: &Submission,
) -> Result<S, Problem> {
    let version = submission.json(|RevertInput { version }| {
        let expected = domain::value::ValueError::OutOfRange {
            expected: "a version, from 1",
        };
        let mut faults = Faults::default();
        let version = faults.take("/version", if version >= 1 { Ok(version) } else { Err(expected) });
        faults.or(version)
    })?;
    Ok(history.version(subject.id, &subject.now, version).await?)
}
