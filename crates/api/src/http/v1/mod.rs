//! The management plane: raw data, every locale, drafts, all writes.

mod batch;
pub(super) mod categories;
mod channels;
mod history;
mod imports;
mod me;
mod media;
mod parameters;
mod products;
mod resources;
mod variants;

use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

pub(crate) use batch::{OpenWorkspace, Workspace};
pub(crate) use history::Histories;
pub(crate) use imports::Imports;
pub(super) use parameters::{Fields, PageParameters, Revalidate};
pub(super) use products::{in_category, locate};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(products::routes())
        .merge(variants::routes())
        .merge(categories::routes())
        .merge(batch::routes())
        .merge(channels::routes())
        .merge(history::routes())
        .merge(imports::routes())
        .merge(media::routes())
        .merge(me::routes())
}
