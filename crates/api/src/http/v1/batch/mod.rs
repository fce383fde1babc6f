//! Several writes as one: `/v1/batch`.
//!
//! Invariant: the operations are the service's own requests, run one after the other inside one transaction. Each sees
//! what those before it wrote; nobody else sees any of it before all of it.

mod operation;
mod references;
mod run;

use std::sync::Arc;

use application::cache::TouchingStore;
use application::replay;
use application::store::{CatalogStore as _, Changes, Committed, Receipt, StoreError, WriteContext};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use futures::future::BoxFuture;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::operation::{BatchBody, BatchInput, Operation};
use crate::http::auth::{Authorized, CatalogWrite};
use crate::http::query::Query;
use crate::http::reply;
use crate::http::state::AppState;
use crate::http::submission::Submission;
use crate::problem::Problem;

/// The whole interface over a transaction of its own. Dropped, it leaves nothing behind.
pub(crate) struct Workspace {
    pub(crate) router: Router,
    pub(crate) store: Arc<TouchingStore>,
    /// Makes everything permanent that was written through `router` or `store`.
    pub(crate) commit: BoxFuture<'static, Result<Committed, StoreError>>,
}

/// Opens workspaces.
pub(crate) type OpenWorkspace =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Workspace, StoreError>> + Send + Sync>;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(batch))
}

/// Do several writes together
///
/// Up to 1,000 writes in the given order, all of them or none. An operation may refer to the result of an earlier one:
/// a text that is `$name.member` as a whole, in a body, or a segment of a path that is, stands for that member of the
/// body that the operation of this name answered (`$mug.id`, `$mug.variants.0.id`); a text that begins with a dollar
/// sign of its own is written with two. Any fault undoes everything, and the answer lists the faults of all operations
/// that do not depend on one that failed. Each operation needs the scopes that it would need on its own.
#[utoipa::path(
    post, path = "/v1/batch", tag = "Batch",
    params(super::parameters::DryRun, super::parameters::WriteHeaders),
    request_body(content = BatchInput, description = "The operations"),
    responses((status = 200, description = "The answer to each operation", body = BatchBody)),
    security(("token" = ["catalog:write"])),
    extensions(("x-problem-codes" = json!(["@body", "@idempotent", "batch_failed"]))),
)]
async fn batch(
    caller: Authorized<CatalogWrite>,
    State(app): State<AppState>,
    headers: HeaderMap,
    mut query: Query,
    submission: Submission,
) -> Result<Response, Problem> {
    let operations = submission.json(BatchInput::parse)?;
    let context = submission.context(&caller.principal, &mut query)?;
    query.finish()?;
    let open = app
        .workspaces
        .as_ref()
        .ok_or_else(|| Problem::not_found("batch inside a batch"))?;
    let workspace = open().await?;
    if let Some(receipt) = replay(&*workspace.store, &context).await? {
        return Ok(reply::written(receipt, context.dry_run));
    }
    let caller = run::Caller {
        authorization: headers.get(AUTHORIZATION).cloned(),
        request_id: context.request_id.clone(),
    };
    match attempt(workspace, &operations, &caller, &context).await {
        Ok(receipt) => Ok(reply::written(receipt, context.dry_run)),
        // What stood in the way may be what an earlier request with the same key has left since we looked.
        Err(problem) if context.idempotency.is_some() => {
            let now = open().await?;
            let receipt = replay(&*now.store, &context).await?.ok_or(problem)?;
            Ok(reply::written(receipt, context.dry_run))
        }
        Err(problem) => Err(problem),
    }
}

async fn attempt(
    workspace: Workspace,
    operations: &[Operation],
    caller: &run::Caller,
    context: &WriteContext,
) -> Result<Receipt, Problem> {
    let results = run::all(&workspace.router, operations, caller).await?;
    let mut receipt = reply::receipt(&BatchBody { results }, None, None);
    if !context.dry_run {
        if context.idempotency.is_some() {
            // Beside the effect, in the same transaction.
            let claimed = workspace
                .store
                .commit(&Changes::default(), context, Some(&receipt))
                .await;
            claimed.map_err(run::taken)?;
        }
        receipt.position = workspace.commit.await?.position;
    }
    Ok(receipt)
}
