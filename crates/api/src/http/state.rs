//! What handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use application::Clock;
use application::access::TokenVerifier;
use application::cache::Answers;
use application::category::{Categories, CategoryReader};
use application::channel::Channels;
use application::media::MediaFiles;
use application::pricing::{PriceLists, PriceReader, Prices, Pricing};
use application::product::{ProductReader, Products, VariantReader, Variants};
use application::product_type::ProductTypes;
use application::search::{Search, SearchSettingsService};
use application::storefront::StorefrontReader;
use application::views::Views;
use axum::extract::FromRef;
use domain::value::Locale;

use super::cursor::CursorKey;
use super::operations::Health;
use super::upload::Uploads;
use super::v1::{Histories, Imports, OpenWorkspace};

/// Use cases and readers behind the routes.
pub(crate) struct App {
    pub(crate) products: Products,
    pub(crate) variants: Variants,
    pub(crate) categories: Categories,
    pub(crate) channels: Channels,
    pub(crate) product_types: ProductTypes,
    pub(crate) price_lists: PriceLists,
    pub(crate) prices: Prices,
    pub(crate) pricing: Pricing,
    pub(crate) product_reader: Arc<dyn ProductReader>,
    pub(crate) variant_reader: Arc<dyn VariantReader>,
    pub(crate) category_reader: Arc<dyn CategoryReader>,
    pub(crate) price_reader: Arc<dyn PriceReader>,
    pub(crate) storefront: Arc<dyn StorefrontReader>,
    pub(crate) views: Arc<Views>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) answers: Answers,
    pub(crate) histories: Histories,
    pub(crate) media: MediaFiles,
    pub(crate) uploads: Arc<Uploads>,
    pub(crate) imports: Imports,
    pub(crate) verifier: Arc<dyn TokenVerifier>,
    pub(crate) cursors: CursorKey,
    pub(crate) default_locale: Locale,
    /// How long a shared cache may keep an answer of the store plane.
    pub(crate) store_max_age: Duration,
    /// `None` where it is switched off.
    pub(crate) search: Option<Search>,
    pub(crate) search_settings: SearchSettingsService,
    pub(crate) health: Health,
    pub(crate) metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// For batches; a batch inside a batch has none.
    pub(crate) workspaces: Option<OpenWorkspace>,
}

#[derive(Clone)]
pub(crate) struct AppState(Arc<App>);

impl AppState {
    pub(crate) fn new(app: App) -> Self {
        Self(Arc::new(app))
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl FromRef<AppState> for Arc<dyn TokenVerifier> {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.verifier)
    }
}
