//! Products held against their type, with the variants that come or are stored with them.

use std::sync::Arc;

use domain::ProductId;
use domain::product::{ProductState, VariantContent};
use domain::product_type::{Level, Moment, ProductTypeState};

use super::draft::{ProductDraft, variant_faults};
use super::references::References;
use super::service::Products;
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::media::{Settled as Files, named};
use crate::product_type::new_referrals;
use crate::store::Basis;

/// What a draft comes to once its references and attributes are settled.
pub(super) struct Settled {
    pub(super) references: References,
    pub(super) product_type: Arc<ProductTypeState>,
}

impl Products {
    /// Settles a draft and the variants that come with it, or tells every fault of both; and of the variants that are
    /// stored already, where they are to be published with it.
    pub(super) async fn settle(
        &self,
        draft: &mut ProductDraft,
        variants: &mut [VariantContent],
        (id, stored): (ProductId, Option<&ProductState>),
        moment: Moment,
    ) -> Result<Settled, CatalogError> {
        let before = stored;
        let product = stored.map(|stored| stored.id);
        let stored = stored.map(|stored| &stored.content);
        let wanted = draft.product_type.as_ref();
        let product_type = self.typing.choose(wanted, stored.map(|s| s.product_type)).await?;
        let mut faults = Faults::default();
        let shown = draft.media.iter().chain(variants.iter().flat_map(|v| &v.media));
        let files = Files::find(self.writer.store(), named(shown)).await?;
        faults.extend(files.apply("/media", &mut draft.media));
        for (index, variant) in variants.iter_mut().enumerate() {
            faults.extend(files.apply(&format!("/variants/{index}/media"), &mut variant.media));
        }
        let mut referrals = Vec::new();
        if let Some(product_type) = &product_type {
            let found = self.typing.settle(draft, &product_type.content, stored, moment);
            faults.extend(found.into_vec());
            let before = stored.map(|stored| &stored.attributes);
            referrals.extend(
                draft
                    .attributes
                    .iter()
                    .flat_map(|now| new_referrals("", now, before)),
            );
            for (index, variant) in variants.iter_mut().enumerate() {
                let at = format!("/variants/{index}");
                let found = self
                    .typing
                    .settle_variant(variant, &product_type.content, moment, &at);
                faults.extend(found.into_vec());
                referrals.extend(new_referrals(&at, &variant.attributes, None));
            }
            if let (Some(product), Moment::Publish) = (product, moment) {
                let found = self.variants_to_publish(product, product_type).await?;
                faults.extend(found.into_vec());
            }
        } else {
            faults.push(no_such_type());
        }
        faults.extend(variant_faults(&draft.option_axes, variants).into_vec());
        faults.extend(self.typing.lost(&referrals).await?);
        let references = match self.references(draft, before, id).await {
            Ok(references) => Some(references),
            Err(CatalogError::Invalid(more)) => {
                faults.extend(more.into_vec());
                None
            }
            Err(other) => return Err(other),
        };
        let (references, product_type) = faults.or(references.zip(product_type))?;
        Ok(Settled {
            references,
            product_type,
        })
    }

    /// What is missing, or wrong, with the stored variants of a product that is to be published.
    pub(super) async fn variants_to_publish(
        &self,
        product: ProductId,
        product_type: &ProductTypeState,
    ) -> Result<Faults, CatalogError> {
        let mut faults = Faults::default();
        if !asks_variants(product_type) {
            return Ok(faults);
        }
        let variants = self.reader.variants_of(&[product]).await?;
        for (index, variant) in variants.into_iter().enumerate() {
            let mut content = variant.content;
            let at = format!("/variants/{index}");
            let found = self
                .typing
                .settle_variant(&mut content, &product_type.content, Moment::Publish, &at);
            faults.extend(found.into_vec());
        }
        Ok(faults)
    }
}

/// Whether publishing asks more of variants than storing them did.
pub(super) fn asks_variants(product_type: &ProductTypeState) -> bool {
    product_type.content.asks_more_when_publishing(Level::Variant)
}

pub(crate) fn no_such_type() -> Fault {
    Fault::new(
        "/productType",
        "reference_not_found",
        "there is no such product type",
    )
}

pub(super) const fn moment(publish: bool) -> Moment {
    if publish { Moment::Publish } else { Moment::Write }
}

/// The basis of a product's change; `whole` when its stored variants count too.
pub(super) fn basis(product_type: Arc<ProductTypeState>, product: ProductId, whole: bool) -> Basis {
    Basis {
        types: vec![product_type],
        products: Vec::new(),
        whole: whole.then_some(product).into_iter().collect(),
    }
}
