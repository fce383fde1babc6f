//! Going back from the working copy to the published one.

use std::collections::HashMap;

use domain::product::{Variant, VariantState};
use domain::{ProductId, Timestamp, VariantId};

use super::service::{Products, view};
use super::typed::basis;
use crate::error::CatalogError;
use crate::product::{ProductRef, ProductView};
use crate::store::{Changes, Precondition, Receipt, WriteContext};
use crate::write::{Decision, Render, check};

impl Products {
    /// Makes the published copies of a product and its variants their working copies again. Variants that were never
    /// published are deleted; those that were deleted went at once, and stay so.
    pub async fn discard_draft(
        &self,
        product: &ProductRef,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, ProductView>,
    ) -> Result<Receipt, CatalogError> {
        self.writer
            .write(context, || {
                Box::pin(self.decide_discarding(product, precondition, render))
            })
            .await
    }

    async fn decide_discarding(
        &self,
        reference: &ProductRef,
        precondition: &Precondition,
        render: Render<'_, ProductView>,
    ) -> Result<Decision, CatalogError> {
        let mut product = self.load(reference, false).await?;
        check(precondition, Some(&product.state().record))?;
        let now = self.writer.now();
        let variants = if product.state().staged.variants {
            self.reset_variants(product.state().id, now).await?
        } else {
            Vec::new()
        };
        product.discard_draft(now)?;
        // What was published once must fit the type as it is now.
        let product_type = self.typing.of(product.state().content.product_type).await?;
        let basis = basis(product_type, product.state().id, true);
        let receipt = render(&view(product.state()), false);
        let changes = Changes {
            products: product.into_change().into_iter().collect(),
            variants: variants.into_iter().filter_map(Variant::into_change).collect(),
            basis,
            ..Changes::default()
        };
        Ok(Decision { changes, receipt })
    }

    async fn reset_variants(&self, product: ProductId, now: Timestamp) -> Result<Vec<Variant>, CatalogError> {
        let live = self.reader.published_variants(product).await?;
        let mut live: HashMap<VariantId, VariantState> = live.into_iter().map(|v| (v.id, v)).collect();
        let reset = |working: VariantState| -> Result<Variant, CatalogError> {
            let live = live.remove(&working.id);
            let mut variant = Variant::load(working);
            match live {
                Some(live) => variant.revise(live.content, now)?,
                None => variant.delete(now)?,
            }
            Ok(variant)
        };
        let working = self.reader.variants_of(&[product]).await?;
        working.into_iter().map(reset).collect()
    }
}
