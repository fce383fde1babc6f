//! The past of every kind of resource: what all of them have in common. [`told`] makes the handlers of a kind, which carry
//! its description and call what is here; the way back is in the kind's own file.

mod categories;
mod media;
mod prices;
mod products;
mod told;
mod variants;
mod whole;

use application::history::{History, HistoryEntry};
use application::page::{Count, Page, Position};
use application::{CatalogError, Faults};
use axum::response::{IntoResponse, Response};
use domain::category::CategoryState;
use domain::channel::ChannelState;
use domain::media::MediaState;
use domain::pricing::{PriceListState, PriceState};
use domain::product::{ProductState, VariantState};
use domain::product_type::ProductTypeState;
use domain::{Recorded, Timestamp, Version};
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

pub(super) use categories::CategoryPast;
pub(super) use media::MediaPast;
pub(super) use prices::PricePast;
pub(super) use products::ProductPast;

/// The past of each kind.
pub(crate) struct Histories {
    pub(crate) products: History<ProductState>,
    pub(crate) variants: History<VariantState>,
    pub(crate) categories: History<CategoryState>,
    pub(crate) channels: History<ChannelState>,
    pub(crate) product_types: History<ProductTypeState>,
    pub(crate) price_lists: History<PriceListState>,
    pub(crate) prices: History<PriceState>,
    pub(crate) media: History<MediaState>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(products::routes())
        .merge(variants::routes())
        .merge(categories::routes())
        .merge(whole::routes())
        .merge(prices::routes())
        .merge(media::routes())
}

/// A kind of resource whose past is told.
pub(super) trait Past: 'static {
    type State: Recorded + Send + Sync + 'static;
    type Body: Serialize + Send;

    /// What the kind is called in sentences.
    const KIND: &'static str;

    fn history(app: &App) -> &History<Self::State>;
    fn id(state: &Self::State) -> Uuid;

    /// Where the resource that the address names stands now, or stood last, be it deleted.
    fn find(app: &App, text: &str) -> impl Future<Output = Result<Self::State, Problem>> + Send;

    /// The body of a state as it is read, and its tag.
    fn body(
        app: &App,
        state: &Self::State,
    ) -> impl Future<Output = Result<(Self::Body, String), Problem>> + Send;
}

/// Versions newest first.
async fn list<P: Past>(app: &App, text: &str, uri: &Uri, mut query: Query) -> Result<Response, Problem> {
    const LIST: &str = "history";
    let id = P::id(&P::find(app, text).await?);
    if query.take("sort")?.is_some() {
        let detail = "versions stand in their order, the newest first";
        return Err(Problem::bad_request("sort_not_allowed", detail));
    }
    let page = query.page(&app.cursors, LIST, &id)?;
    query.finish_list()?;
    if page.count != Count::None {
        return Err(invalid("count", "must be none: versions are not counted"));
    }
    // A position in this list is a version, which fits where others have an id.
    let before = page.after.map(|after| after.id.as_u64_pair().1);
    let before = before.map(|version| Version::try_from(version).unwrap_or(Version::MAX));
    let mut items = P::history(app).entries(id, before, page.limit + 1).await?;
    let limit = page.limit as usize;
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| more);
    let next = last.map(|last| Position {
        rank: None,
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
        (LIST, &id),
        uri,
        PRIVATE,
    ))
}

fn version_of(name: &str, text: &str) -> Result<Version, Problem> {
    let version = text.parse().ok().filter(|version| *version >= 1);
    version.ok_or_else(|| invalid(name, "must be a version, a whole number from 1"))
}

/// One version as it was.
async fn show<P: Past>(
    app: &App,
    (text, version): (&str, &str),
    headers: &HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let version = version_of("version", version)?;
    query.finish()?;
    let now = P::find(app, text).await?;
    let then = P::history(app).version(P::id(&now), &now, version).await?;
    shown::<P>(app, &then, headers).await
}

/// A resource as it was at an instant, which is named as it is now, or was last.
pub(super) async fn as_of<P: Past>(
    app: &App,
    text: &str,
    instant: Timestamp,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let now = P::find(app, text).await?;
    let history = P::history(app);
    let then = history.as_of(P::id(&now), P::KIND, &now, instant).await?;
    shown::<P>(app, &then, headers).await
}

async fn shown<P: Past>(app: &App, state: &P::State, headers: &HeaderMap) -> Result<Response, Problem> {
    let (body, tag) = P::body(app, state).await?;
    reply::resource(headers, to_bytes(&body), &tag, PRIVATE)
}

/// What differs between two versions.
async fn diff<P: Past>(app: &App, text: &str, mut query: Query) -> Result<Response, Problem> {
    let mut version = |name: &str| match query.take(name)? {
        Some(text) => version_of(name, &text),
        None => Err(invalid(name, "is required")),
    };
    let (from, to) = (version("from")?, version("to")?);
    query.finish()?;
    let now = P::find(app, text).await?;
    let (history, id) = (P::history(app), P::id(&now));
    let before = history.version(id, &now, from).await?;
    let after = history.version(id, &now, to).await?;
    let (before, after) = (P::body(app, &before).await?.0, P::body(app, &after).await?.0);
    Ok(differences((from, &before), (to, &after)))
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
pub(super) async fn target<P: Past>(
    app: &App,
    text: &str,
    submission: &Submission,
) -> Result<P::State, Problem> {
    let version = submission.json(|RevertInput { version }| {
        let expected = domain::value::ValueError::OutOfRange {
            expected: "a version, from 1",
        };
        let mut faults = Faults::default();
        let version = faults.take("/version", if version >= 1 { Ok(version) } else { Err(expected) });
        faults.or(version)
    })?;
    let now = P::find(app, text).await?;
    Ok(P::history(app).version(P::id(&now), &now, version).await?)
}

/// Why a resource does not go back: what the version says is at odds with how things are now, which is no fault of the
/// request.
pub(super) fn unfit(error: impl Into<CatalogError>) -> Problem {
    match error.into() {
        CatalogError::Invalid(faults) => CatalogError::Unfit(faults).into(),
        other => other.into(),
    }
}
