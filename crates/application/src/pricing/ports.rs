//! How prices are found and read.

use async_trait::async_trait;
use domain::pricing::{PriceListState, PriceState};
use domain::value::{Currency, Price};
use domain::{PriceId, PriceListId, ProductId, Timestamp, VariantId};

use crate::page::{Page, PageRequest};
use crate::product::VariantRef;
use crate::store::StoreError;

/// Which prices a list has. Conditions are joined by *and*.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceFilter {
    pub list: Option<PriceListId>,
    pub variant: Option<VariantId>,
    pub currency: Option<Currency>,
}

/// All that may count for some variants in one currency, as it is stored at one instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriceSheet {
    /// The base list, and every other list that one of the prices stands in.
    pub lists: Vec<PriceListState>,
    pub prices: Vec<PriceState>,
    /// What the variants carry themselves, in the currency.
    pub carried: Vec<(VariantId, Price)>,
}

/// Reads prices. Absence is `Ok(None)` or a missing element. Answers MUST reflect every commit that was acknowledged
/// before the call, and leave out what is deleted. Each call MUST cost a fixed number of statements.
#[async_trait]
pub trait PriceReader: Send + Sync + 'static {
    async fn find(&self, id: PriceId) -> Result<Option<PriceState>, StoreError>;

    async fn list(&self, filter: &PriceFilter, page: &PageRequest) -> Result<Page<PriceState>, StoreError>;

    /// The prices of these variants in one list, in any order.
    async fn in_list(&self, list: PriceListId, variants: &[VariantId])
    -> Result<Vec<PriceState>, StoreError>;

    /// The variant and its product for each reference, `None` where it leads nowhere.
    async fn variants(
        &self,
        references: &[VariantRef],
    ) -> Result<Vec<Option<(VariantId, ProductId)>>, StoreError>;

    /// What may count for these variants; with `since` without the prices that ended by then. What variants carry is
    /// that of their published copies; only where `staged`, of those too that have none.
    async fn sheet(
        &self,
        variants: &[VariantId],
        currency: Currency,
        since: Option<Timestamp>,
        staged: bool,
    ) -> Result<PriceSheet, StoreError>;
}
