//! The HTTP interface over a catalog: the one that is served, and one inside a transaction for each batch.

use std::sync::Arc;
use std::time::Duration;

use application::Clock;
use application::access::TokenVerifier;
use application::cache::{Cache, TouchingStore};
use application::history::History;
use application::search::Search;
use application::views::Views;
use domain::value::Locale;

use super::database::{Database, Unit};
use super::services::{Catalog, Tools};
use crate::http::{
    App, AppState, CursorKey, Health, Histories, Imports, OpenWorkspace, Uploads, Workspace, routes,
};

/// What is the same whichever catalog is answered from.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) verifier: Arc<dyn TokenVerifier>,
    pub(super) cursors: CursorKey,
    pub(super) default_locale: Locale,
    pub(super) views: Arc<Views>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store_max_age: Duration,
    pub(super) health: Health,
    pub(super) metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub(super) uploads: Arc<Uploads>,
    pub(super) imports: Imports,
    pub(super) search: Option<Search>,
}

impl Shared {
    pub(super) fn app(self, catalog: Catalog, workspaces: Option<OpenWorkspace>) -> App {
        let Catalog {
            ports,
            products,
            variants,
            categories,
            channels,
            product_types,
            media,
            price_lists,
            prices,
            pricing,
            answers,
            search_settings,
            importer: _,
        } = catalog;
        let Self {
            verifier,
            cursors,
            default_locale,
            views,
            clock,
            store_max_age,
            health,
            metrics,
            uploads,
            imports,
            search,
        } = self;
        App {
            products,
            variants,
            categories,
            channels,
            product_types,
            price_lists,
            prices,
            pricing,
            product_reader: ports.products,
            variant_reader: ports.variants,
            category_reader: ports.categories,
            price_reader: ports.prices,
            storefront: ports.storefront,
            views,
            clock,
            answers,
            histories: Histories {
                products: History::new(ports.product_history),
                variants: History::new(ports.variant_history),
                categories: History::new(ports.category_history),
                channels: History::new(ports.channel_history),
                product_types: History::new(ports.type_history),
                price_lists: History::new(ports.list_history),
                prices: History::new(ports.price_history),
                media: History::new(ports.media_history),
            },
            media,
            uploads,
            imports,
            verifier,
            cursors,
            default_locale,
            store_max_age,
            search,
            search_settings,
            health,
            metrics,
            workspaces,
        }
    }
}

/// Opens a transaction with the whole interface over it. Nothing in it is cached, and the cache learns of it as it
/// commits.
pub(super) fn opener(
    database: &Database,
    tools: &Tools,
    shared: &Shared,
    cache: Option<Arc<Cache>>,
) -> OpenWorkspace {
    let (engine, tools, shared, routes) = (database.engine.clone(), tools.clone(), shared.clone(), routes());
    Arc::new(move || {
        let (engine, tools, shared, cache) = (engine.clone(), tools.clone(), shared.clone(), cache.clone());
        let routes = routes.clone();
        Box::pin(async move {
            let Unit { ports, commit } = engine.open_unit().await?;
            let store = Arc::new(TouchingStore::new(ports.store.clone()));
            let catalog = Catalog::over(ports, store.clone(), None, &tools);
            let router = routes.with_state(AppState::new(shared.app(catalog, None)));
            let touching = store.clone();
            let commit = async move { touching.commit_fenced(cache.as_ref(), commit).await };
            Ok(Workspace {
                router: crate::server::answering(router),
                store,
                commit: Box::pin(commit),
            })
        })
    })
}
