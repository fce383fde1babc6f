//! What the operations on all resources have in common that are stored as a whole. The handlers of a kind carry its
//! description and call these.

use application::cache::{CacheKey, Consistency, Entity, Loaded, Schema};
use application::history::History;
use application::resource::{ResourceRef, ResourceRevision, ResourceStep, Resources};
use application::store::{Changes, Receipt};
use application::{Faults, Render};
use axum::response::Response;
use deserr::Deserr;
use domain::Change;
use domain::resource::{Content, Identity as _, State};
use domain::value::Locale;
use http::{HeaderMap, Uri};
use serde::Serialize;
use uuid::Uuid;

use super::history::{Past, as_of, target, unfit};
use super::products::other_key;
use crate::http::auth::{Authorized, RequiredScope};
use crate::http::cached::{self, Reading};
use crate::http::conditions::version_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, PRIVATE, to_bytes};
use crate::http::state::{App, AppState};
use crate::http::submission::Submission;
use crate::problem::Problem;
use crate::wire::{ResourceBody, ShapeFaults, resource_ref};

/// A kind of resource as HTTP meets it.
pub(super) trait Kind: Send + Sync + 'static {
    type Content: Content;
    /// What clients write.
    type Input: Clone + Serialize + Deserr<ShapeFaults> + for<'a> From<&'a Self::Content> + Send;
    /// The same, parsed.
    type Draft: Clone + Send + Sync + 'static;

    /// The address of the list, and what it is called inside its cursors.
    const PATH: &'static str;
    /// Names the shape of the body in its tags.
    const SCHEMA: &'static str;
    /// The same in keys of the cache.
    const CACHED: Schema;

    fn service(app: &App) -> &Resources<Self::Content, Self::Draft>;
    fn history(app: &App) -> &History<State<Self::Content>>;
    fn parse(input: Self::Input, default_locale: &Locale) -> Result<Self::Draft, Faults>;
    fn key(input: &mut Self::Input) -> &mut Option<String>;
}

type Id<K> = <<K as Kind>::Content as Content>::Id;

/// One request to a kind of resource.
pub(super) struct Call<'a, S: RequiredScope> {
    pub(super) caller: &'a Authorized<S>,
    pub(super) app: &'a App,
    pub(super) query: Query,
    pub(super) submission: &'a Submission,
}

impl<'a, S: RequiredScope> Call<'a, S> {
    pub(super) const fn new(
        caller: &'a Authorized<S>,
        app: &'a App,
        query: Query,
        submission: &'a Submission,
    ) -> Self {
        Self {
            caller,
            app,
            query,
            submission,
        }
    }
}

fn reference<K: Kind>(text: &str) -> Result<ResourceRef<Id<K>>, Problem> {
    resource_ref(text).map_err(|error| invalid("ref", &error.to_string()))
}

fn tag<K: Kind>(state: &State<K::Content>) -> String {
    version_tag(state.record.version, K::SCHEMA)
}

fn receipt<K: Kind>(state: &State<K::Content>, created: bool) -> Receipt {
    let address = created.then(|| format!("{}/{}", K::PATH, state.id));
    reply::receipt(
        &ResourceBody::<K::Input>::from(state),
        Some(tag::<K>(state)),
        address,
    )
}

pub(super) async fn list<K: Kind>(app: &App, uri: &Uri, mut query: Query) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    let deleted = query.flag("deleted")?;
    let page = query.page(&app.cursors, K::PATH, &deleted)?;
    query.finish_list()?;
    let states = K::service(app).reader().list(deleted, &page).await?;
    Ok(reply::list(
        &states,
        |state| ResourceBody::<K::Input>::from(state),
        &page,
        &app.cursors,
        (K::PATH, &deleted),
        uri,
        PRIVATE,
    ))
}

pub(super) async fn get<K: Kind>(
    app: &AppState,
    text: &str,
    mut query: Query,
    headers: &HeaderMap,
) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
    Id<K>: Into<Entity>,
{
    let reference = reference::<K>(text)?;
    let instant = query.instant("asOf")?;
    query.finish()?;
    if let Some(instant) = instant {
        return as_of::<K>(app, text, instant, headers).await;
    }
    let reading = Reading::of(headers, Consistency::Strong)?;
    let id = locate::<K>(app, &reference).await?;
    let load = move |app: AppState| async move {
        let found = K::service(&app)
            .reader()
            .find(&ResourceRef::Id(id), false)
            .await?;
        Ok(found.map_or(Loaded::nothing(None), |state| {
            let body = to_bytes(&ResourceBody::<K::Input>::from(&state));
            cached::versioned(body, tag::<K>(&state), state.record.version)
        }))
    };
    let answer = cached::read(app, Some(CacheKey::of(id, K::CACHED)), &reading, load).await?;
    cached::respond(headers, &answer, K::Content::KIND, PRIVATE)
}

/// The id that a reference leads to; one that is an id itself may lead nowhere.
pub(super) async fn locate<K: Kind>(app: &App, reference: &ResourceRef<Id<K>>) -> Result<Id<K>, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    match reference {
        ResourceRef::Id(id) => Ok(*id),
        ResourceRef::Key(_) => {
            let found = K::service(app).reader().find(reference, false).await?;
            let state = found.ok_or_else(|| Problem::not_found(K::Content::KIND))?;
            Ok(state.id)
        }
    }
}

pub(super) async fn create<K: Kind>(call: Call<'_, impl RequiredScope>) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    let Call {
        caller,
        app,
        mut query,
        submission,
    } = call;
    let draft = submission.json(|input: K::Input| K::parse(input, &app.default_locale))?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = K::service(app).create(&draft, &context, &receipt::<K>).await?;
    Ok(reply::written(receipt, context.dry_run))
}

pub(super) async fn replace<K: Kind>(
    call: Call<'_, impl RequiredScope>,
    text: &str,
) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    let named = reference::<K>(text)?;
    let draft = call.submission.json(|mut input: K::Input| {
        if let ResourceRef::Key(named) = &named {
            let key = K::key(&mut input).get_or_insert_with(|| named.to_string());
            if key != named.as_str() {
                return Err(other_key());
            }
        }
        K::parse(input, &call.app.default_locale)
    })?;
    revise::<K>(call, &named, &|_| Ok(draft.clone()), true).await
}

pub(super) async fn patch<K: Kind>(
    call: Call<'_, impl RequiredScope>,
    text: &str,
) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    let named = reference::<K>(text)?;
    let patch = call.submission.patch()?;
    let app = call.app;
    let revision: ResourceRevision<'_, K::Content, K::Draft> = &|stored| {
        let Some(stored) = stored else {
            return Err(Faults::default());
        };
        patch.apply(&K::Input::from(&stored.content), |input| {
            K::parse(input, &app.default_locale)
        })
    };
    revise::<K>(call, &named, revision, false).await
}

async fn revise<K: Kind>(
    call: Call<'_, impl RequiredScope>,
    named: &ResourceRef<Id<K>>,
    revision: ResourceRevision<'_, K::Content, K::Draft>,
    upsert: bool,
) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    let Call {
        caller,
        app,
        mut query,
        submission,
    } = call;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let written = K::service(app)
        .revise(named, revision, &precondition, upsert, &context, &receipt::<K>)
        .await?;
    Ok(reply::written(written, context.dry_run))
}

pub(super) async fn delete<K: Kind>(
    call: Call<'_, impl RequiredScope>,
    text: &str,
) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    advance::<K>(call, text, ResourceStep::Delete, &|_, _| reply::deleted()).await
}

pub(super) async fn restore<K: Kind>(
    call: Call<'_, impl RequiredScope>,
    text: &str,
) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    advance::<K>(call, text, ResourceStep::Restore, &receipt::<K>).await
}

async fn advance<K: Kind>(
    call: Call<'_, impl RequiredScope>,
    text: &str,
    step: ResourceStep,
    render: Render<'_, State<K::Content>>,
) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    let Call {
        caller,
        app,
        mut query,
        submission,
    } = call;
    let named = reference::<K>(text)?;
    submission.nothing()?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let receipt = K::service(app)
        .advance(&named, step, &precondition, &context, render)
        .await?;
    Ok(reply::written(receipt, context.dry_run))
}

/// Writes what the resource said at a version as a new version.
pub(super) async fn revert<K: Kind>(
    call: Call<'_, impl RequiredScope>,
    text: &str,
) -> Result<Response, Problem>
where
    Changes: From<Change<State<K::Content>>>,
{
    let Call {
        caller,
        app,
        mut query,
        submission,
    } = call;
    let named = reference::<K>(text)?;
    let precondition = submission.precondition()?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let then = target::<K>(app, text, submission).await?;
    let draft = K::parse(K::Input::from(&then.content), &app.default_locale).map_err(unfit)?;
    let revision: ResourceRevision<'_, K::Content, K::Draft> = &|_| Ok(draft.clone());
    let written = K::service(app)
        .revise(&named, revision, &precondition, false, &context, &receipt::<K>)
        .await
        .map_err(unfit)?;
    Ok(reply::written(written, context.dry_run))
}

impl<K: Kind> Past for K
where
    Changes: From<Change<State<K::Content>>>,
{
    type State = State<K::Content>;
    type Body = ResourceBody<K::Input>;

    const KIND: &'static str = K::Content::KIND;

    fn history(app: &App) -> &History<Self::State> {
        K::history(app)
    }

    fn id(state: &Self::State) -> Uuid {
        state.id.to_uuid()
    }

    async fn find(app: &App, text: &str) -> Result<Self::State, Problem> {
        let found = K::service(app)
            .reader()
            .find(&reference::<K>(text)?, true)
            .await?;
        found.ok_or_else(|| Problem::not_found(K::Content::KIND))
    }

    async fn body(_: &App, state: &Self::State) -> Result<(Self::Body, String), Problem> {
        Ok((ResourceBody::from(state), tag::<K>(state)))
    }
}
