//! The management plane: raw data, every locale, drafts, all writes.

mod batch;
mod categories;
mod channels;
mod imports;
mod me;
mod parameters;
mod product_types;
mod products;
mod resources;
mod variants;

use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

pub(crate) use batch::{OpenWorkspace, Workspace};
pub(crate) use imports::Imports;
pub(super) use parameters::{PageParameters, Revalidate};
pub(super) use products::{in_category, locate};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(products::routes())
        .merge(variants::routes())
        .merge(categories::routes())
        .merge(batch::routes())
        .merge(channels::routes())
        .merge(product_types::routes())
        .merge(imports::routes())
        .merge(me::routes())
}
