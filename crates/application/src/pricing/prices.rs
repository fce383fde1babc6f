//! Creating, changing and deleting single prices.

use std::sync::Arc;

use domain::pricing::{Price, PriceContent, PriceState};
use domain::{PriceId, PriceListId, ProductId, VariantId};

use super::{PriceListReader, PriceReader};
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::product::VariantRef;
use crate::resource::ResourceRef;
use crate::store::{Changes, Precondition, Receipt, WriteContext};
use crate::write::{Decision, Render, Writer, check};

/// A price as a client wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceDraft {
    pub list: ResourceRef<PriceListId>,
    pub variant: VariantRef,
    pub content: PriceContent,
}

/// Makes the draft from what is stored: a replacement ignores it, a patch is applied to it.
pub type PriceRevision<'a> = &'a (dyn Fn(&PriceState) -> Result<PriceDraft, Faults> + Send + Sync);

/// Writes prices, one or many.
#[derive(Clone)]
pub struct Prices {
    pub(super) writer: Writer,
    pub(super) lists: Arc<PriceListReader>,
    pub(super) reader: Arc<dyn PriceReader>,
}

impl Prices {
    pub fn new(writer: Writer, lists: Arc<PriceListReader>, reader: Arc<dyn PriceReader>) -> Self {
        Self {
            writer,
            lists,
            reader,
        }
    }

    /// Creates a price. That no other holds at the same time is checked when it is stored.
    pub async fn create(
        &self,
        draft: &PriceDraft,
        context: &WriteContext,
        render: Render<'_, PriceState>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let (list, variant) = self.settle(draft, None).await?;
            let id = PriceId::new(self.writer.id());
            let price = Price::create(id, list, variant, draft.content, self.writer.now());
            Ok(decision(price, render, true))
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    /// Applies `revision` to the version that is stored when it takes effect.
    pub async fn revise(
        &self,
        id: PriceId,
        revision: PriceRevision<'_>,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, PriceState>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let stored = self.load(id).await?;
            let draft = revision(&stored)?;
            self.settle(&draft, Some(&stored)).await?;
            check(precondition, Some(&stored.record))?;
            let mut price = Price::load(stored);
            price.revise(draft.content, self.writer.now())?;
            Ok(decision(price, render, false))
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    pub async fn delete(
        &self,
        id: PriceId,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, PriceState>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let mut price = Price::load(self.load(id).await?);
            check(precondition, Some(&price.state().record))?;
            price.delete(self.writer.now())?;
            Ok(decision(price, render, false))
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    async fn load(&self, id: PriceId) -> Result<PriceState, CatalogError> {
        self.reader.find(id).await?.ok_or(CatalogError::NotFound("price"))
    }

    /// The list and the variant that a draft names; those of a stored price can only stay.
    async fn settle(
        &self,
        draft: &PriceDraft,
        stored: Option<&PriceState>,
    ) -> Result<(PriceListId, (VariantId, ProductId)), CatalogError> {
        let list = self.lists.find(&draft.list, false).await?.map(|list| list.id);
        let variants = self.reader.variants(std::slice::from_ref(&draft.variant)).await?;
        let variant = variants.into_iter().flatten().next();
        let mut faults = Faults::default();
        if list.is_none() {
            faults.push(missing("/priceList", "price list"));
        } else if stored.is_some_and(|stored| list != Some(stored.list)) {
            faults.push(Fault::new("/priceList", "pattern", "a price stays in its list"));
        }
        if variant.is_none() {
            faults.push(missing("/variant", "variant"));
        } else if stored.is_some_and(|stored| variant.map(|(id, _)| id) != Some(stored.variant)) {
            faults.push(Fault::new(
                "/variant",
                "pattern",
                "a price stays with its variant",
            ));
        }
        Ok(faults.or(list.zip(variant))?)
    }
}

pub(super) fn missing(pointer: impl Into<String>, what: &str) -> Fault {
    Fault::new(pointer, "reference_not_found", format!("there is no such {what}"))
}

fn decision(price: Price, render: Render<'_, PriceState>, created: bool) -> Decision {
    let receipt = render(price.state(), created);
    Decision {
        changes: price.into_change().map(Changes::from).unwrap_or_default(),
        receipt,
    }
}
