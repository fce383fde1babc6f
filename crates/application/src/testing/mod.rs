//! The contract suites that every adapter of the catalog's ports must pass, whatever stands behind it.
//!
//! Each scenario is a function over a [`Harness`] with an empty catalog; [`catalog_contract!`](crate::catalog_contract)
//! makes a test of each.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a panic is how a scenario fails"
)]

pub mod categories;
pub mod erasure;
pub mod fixtures;
pub mod history;
pub mod imports;
pub mod jobs;
pub mod lists;
pub mod log;
pub mod media;
pub mod prices;
pub mod product_types;
pub mod publishing;
pub mod reads;
pub mod receipts;
pub mod resources;
pub mod search;
pub mod variants;
pub mod writes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::Timestamp;
use domain::category::CategoryState;
use domain::channel::{ChannelContent, ChannelState};
use domain::media::MediaState;
use domain::pricing::{PriceListContent, PriceListState, PriceState};
use domain::product::{ProductState, VariantState};
use domain::product_type::{JsonSchemas, ProductTypeContent, ProductTypeState};
use domain::value::Json;
use uuid::Uuid;

use crate::category::CategoryReader;
use crate::changelog::ChangeLog;
use crate::channel::ChannelReader;
use crate::history::{HistoryReader, HistoryUpkeep};
use crate::import::JobStore;
use crate::media::MediaReader;
use crate::pricing::{PriceListReader, PriceReader};
use crate::product::{ProductReader, VariantReader};
use crate::product_type::{ProductTypeReader, Typing};
use crate::resource::ResourceReader;
use crate::search::{CopyReader, SearchSettings, SearchSettingsReader};
use crate::store::{CatalogStore, Changes, Conflict, ConflictRule, StoreError, WriteContext};
use crate::storefront::StorefrontReader;

/// An empty catalog behind its ports.
pub struct Harness {
    pub store: Arc<dyn CatalogStore>,
    pub products: Arc<dyn ProductReader>,
    pub variants: Arc<dyn VariantReader>,
    pub categories: Arc<dyn CategoryReader>,
    pub channels: Arc<ChannelReader>,
    pub storefront: Arc<dyn StorefrontReader>,
    pub media: Arc<dyn MediaReader>,
    pub history: Pasts,
    pub upkeep: Arc<dyn HistoryUpkeep>,
    pub log: Arc<dyn ChangeLog>,
    pub jobs: Arc<dyn JobStore>,
    pub types: Arc<ProductTypeReader>,
    pub price_lists: Arc<PriceListReader>,
    pub prices: Arc<dyn PriceReader>,
    pub copies: Arc<dyn CopyReader>,
    pub search_settings: Arc<SearchSettingsReader>,
    made: AtomicU64,
}

/// The past of each kind.
pub struct Pasts {
    pub products: Arc<dyn HistoryReader<ProductState>>,
    pub variants: Arc<dyn HistoryReader<VariantState>>,
    pub categories: Arc<dyn HistoryReader<CategoryState>>,
    pub channels: Arc<dyn HistoryReader<ChannelState>>,
    pub product_types: Arc<dyn HistoryReader<ProductTypeState>>,
    pub price_lists: Arc<dyn HistoryReader<PriceListState>>,
    pub prices: Arc<dyn HistoryReader<PriceState>>,
    pub media: Arc<dyn HistoryReader<MediaState>>,
}

impl Harness {
    pub fn new<C>(catalog: &Arc<C>) -> Self
    where
        C: CatalogStore
            + ProductReader
            + VariantReader
            + CategoryReader
            + ResourceReader<ChannelContent>
            + StorefrontReader
            + ChangeLog
            + JobStore
            + MediaReader
            + HistoryReader<ProductState>
            + HistoryReader<VariantState>
            + HistoryReader<CategoryState>
            + HistoryReader<ChannelState>
            + HistoryReader<ProductTypeState>
            + HistoryReader<PriceListState>
            + HistoryReader<PriceState>
            + HistoryReader<MediaState>
            + HistoryUpkeep
            + ResourceReader<PriceListContent>
            + PriceReader
            + CopyReader
            + ResourceReader<SearchSettings>
            + ResourceReader<ProductTypeContent>,
    {
        Self {
            store: Arc::<C>::clone(catalog),
            products: Arc::<C>::clone(catalog),
            variants: Arc::<C>::clone(catalog),
            categories: Arc::<C>::clone(catalog),
            channels: Arc::<C>::clone(catalog),
            storefront: Arc::<C>::clone(catalog),
            media: Arc::<C>::clone(catalog),
            history: Pasts {
                products: Arc::<C>::clone(catalog),
                variants: Arc::<C>::clone(catalog),
                categories: Arc::<C>::clone(catalog),
                channels: Arc::<C>::clone(catalog),
                product_types: Arc::<C>::clone(catalog),
                price_lists: Arc::<C>::clone(catalog),
                prices: Arc::<C>::clone(catalog),
                media: Arc::<C>::clone(catalog),
            },
            upkeep: Arc::<C>::clone(catalog),
            log: Arc::<C>::clone(catalog),
            jobs: Arc::<C>::clone(catalog),
            types: Arc::<C>::clone(catalog),
            price_lists: Arc::<C>::clone(catalog),
            prices: Arc::<C>::clone(catalog),
            copies: Arc::<C>::clone(catalog),
            search_settings: Arc::<C>::clone(catalog),
            made: AtomicU64::new(1),
        }
    }

    /// What holds products against their types. JSON Schemas let everything pass: adapters judge by them.
    pub fn typing(&self) -> Typing {
        Typing::new(
            self.types.clone(),
            self.products.clone(),
            self.categories.clone(),
            Arc::new(AnySchema),
            fixtures::locale("en"),
        )
    }

    /// A number that this harness has not given before.
    pub fn number(&self) -> u64 {
        self.made.fetch_add(1, Ordering::Relaxed)
    }

    /// An id after all that were made before.
    pub fn id(&self) -> Uuid {
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(self.number()))
    }

    /// An instant after all that were given before.
    pub fn now(&self) -> Timestamp {
        let micros = 1_800_000_000_000_000 + i64::try_from(self.number()).unwrap();
        Timestamp::from_timestamp_micros(micros).unwrap()
    }

    pub async fn commit(&self, changes: impl Into<Changes>) -> Result<(), StoreError> {
        self.store
            .commit(&changes.into(), &context(), None)
            .await
            .map(drop)
    }
}

struct AnySchema;

impl JsonSchemas for AnySchema {
    fn schema_fault(&self, _: &Json) -> Option<String> {
        None
    }

    fn faults(&self, _: &Json, _: &Json) -> Vec<(Vec<String>, String)> {
        Vec::new()
    }
}

pub fn context() -> WriteContext {
    WriteContext {
        actor: "tester".to_owned(),
        request_id: "request-1".to_owned(),
        dry_run: false,
        idempotency: None,
    }
}

/// The conflict that a write met.
#[track_caller]
pub fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panicked(&format!("a conflict was expected, not {other:?}")),
    }
}

#[track_caller]
pub fn rule<T: std::fmt::Debug>(result: Result<T, StoreError>) -> ConflictRule {
    conflict(result).rule
}

/// The kind and id that a version conflict names.
#[track_caller]
pub fn stale(result: Result<(), StoreError>) -> (&'static str, Uuid) {
    match result {
        Err(StoreError::VersionConflict { kind, id }) => (kind, id),
        other => panicked(&format!("a version conflict was expected, not {other:?}")),
    }
}

#[track_caller]
fn panicked<T>(message: &str) -> T {
    assert!(message.is_empty(), "{message}");
    unreachable!()
}

/// Makes a test of every scenario; `$harness` is an async function that gives something with a `harness` field.
#[macro_export]
macro_rules! catalog_contract {
    ($harness:path) => {
        $crate::catalog_contract! { $harness =>
            writes: every_field_survives_storage, versions_are_checked, of_two_writers_one_wins,
                names_are_unique, names_are_unique_under_concurrency, conflicts_name_both_parties,
                a_batch_is_all_or_nothing, dry_runs_check_and_keep_nothing, deletion_frees_names,
                names_pass_from_the_deleted_to_the_new, restoring_takes_names_back,
                many_changes_are_one_commit, cancelled_commits_leave_all_or_nothing, crossing_writers_do_not_deadlock;
            variants: go_and_come_back_with_their_product, need_a_living_product, fit_the_axes_of_their_product,
                options_are_unique_within_a_product, are_limited_in_number, change_with_their_products_axes,
                are_looked_up_by_any_name, exchange_their_names, are_listed_in_order_and_filtered;
            categories: must_exist_when_referred_to, with_contents_are_not_deleted, form_no_cycle,
                form_no_cycle_under_concurrency, are_limited_in_depth, are_read_with_their_path,
                are_read_in_parts_of_their_tree, count_their_products,
                deletion_and_reference_exclude_each_other;
            publishing: only_published_copies_are_seen, what_is_staged_is_known, what_goes_goes_at_once,
                listings_hold_to_the_instant, former_slugs_lead_on, names_are_unique_among_copies,
                channels_stay_while_products_are_listed, related_products_are_there_when_they_are_named,
                related_products_keep_their_places, lists_visit_every_copy_once, publication_and_edits_take_turns,
                many_go_live_in_one_commit;
            receipts: are_kept_with_the_effect, are_taken_once, are_taken_once_under_concurrency,
                are_not_kept_by_dry_runs_or_failures;
            resources: come_back_as_they_were, are_named_once, are_found_among_many,
                change_version_by_version, leave_and_return;
            reads: find_by_every_name, views_are_whole_and_grow, slugs_in_use_are_told;
            lists: visit_everything_once, filter, count, show_the_first_variants_of_each;
            log: keeps_before_and_after, tells_what_changed, ends_at_the_last_entry;
            product_types: a_catalog_begins_with_the_default, unique_values_have_one_owner,
                unique_values_of_variants_go_and_come_with_their_product, becoming_unique_takes_different_values,
                what_rests_on_an_old_type_is_refused, stored_products_keep_their_type_from_narrowing,
                no_product_slips_past_a_change_of_its_type, a_type_in_use_stays, references_lead_to_what_is_there;
            media: files_are_found_listed_and_deleted, bytes_are_unique, files_that_are_shown_stay, what_is_said_of_a_file_changes,
                deleting_and_showing_a_file_exclude_each_other;
            history: every_version_is_told, states_are_told_as_of_an_instant, all_kinds_have_one, what_was_always_there_has_one,
                old_versions_are_removed_and_the_last_never;
            erasure: leaves_a_word_alone, is_refused_while_others_name_it;
            prices: are_kept, never_overlap, never_overlap_under_concurrency, need_a_list_and_a_variant,
                hold_their_list, lists_and_channels_hold_each_other, are_of_variants_by_every_name, are_upserted, are_upserted_all_or_nothing,
                are_upserted_by_the_thousands, are_resolved, are_shown_of_what_is_on_sale;
            search: copies_say_what_states_say, copies_are_of_their_plane, copies_come_in_pages,
                prices_of_copies_are_those_that_may_count, settings_are_there_and_change_version_by_version;
            jobs: are_kept, faults_keep_their_order, faults_may_quote_anything, are_cancelled;
            imports: change_nothing_the_second_time, keep_out_only_what_is_bad, later_records_meet_earlier_ones,
                made_slugs_are_told_apart, products_go_where_the_file_says,
                published_records_go_live_and_others_wait, modes_limit_what_is_done,
                dry_runs_keep_nothing, variants_are_matched_within_their_product,
                ids_stand_for_keys_that_are_not_there, the_same_file_from_two_sides, stop_when_told_to;
        }
    };
    ($harness:path => $($suite:ident: $($scenario:ident),+;)+) => {
        $(mod $suite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                let catalog = $harness().await;
                $crate::testing::$suite::$scenario(&catalog.harness).await;
                catalog.close().await;
            })+
        })+
    };
}
