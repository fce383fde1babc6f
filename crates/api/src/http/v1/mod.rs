//! The management plane: raw data, every locale, drafts, all writes.

mod admin;
mod batch;
pub(super) mod categories;
mod channels;
mod history;
mod imports;
mod me;
mod media;
mod parameters;
mod price_lists;
mod prices;
mod product_types;
mod products;
mod resolution;
mod resources;
mod search;
mod variants;

use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;

pub(crate) use batch::{OpenWorkspace, Workspace};
pub(crate) use history::Histories;
pub(crate) use imports::Imports;
pub(super) use parameters::{Demanded, Fields, PageParameters, PlainPageParameters, Revalidate};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(products::routes())
        .merge(variants::routes())
        .merge(categories::routes())
        .merge(batch::routes())
        .merge(channels::routes())
        .merge(product_types::routes())
        .merge(history::routes())
        .merge(price_lists::routes())
        .merge(prices::routes())
        .merge(resolution::routes())
        .merge(imports::routes())
        .merge(media::routes())
        .merge(me::routes())
        .merge(admin::routes())
        .merge(search::routes())
}
