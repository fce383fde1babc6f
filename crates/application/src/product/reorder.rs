//! Putting a product's variants in order.

use std::collections::{HashMap, HashSet};

use domain::VariantId;
use domain::product::{Variant, VariantContent, VariantState};

use super::variant::Variants;
use super::{ProductRef, VariantRef};
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::store::{Changes, Receipt, WriteContext};
use crate::write::{Decision, Render};

impl Variants {
    /// Puts the named variants first, in the order in which they are named, and leaves the others behind them in the
    /// order that they have. Only variants whose position changes are written.
    pub async fn reorder(
        &self,
        product: &ProductRef,
        order: &[VariantRef],
        context: &WriteContext,
        render: Render<'_, Vec<VariantState>>,
    ) -> Result<Receipt, CatalogError> {
        self.writer
            .write(context, || Box::pin(self.decide_order(product, order, render)))
            .await
    }

    async fn decide_order(
        &self,
        product: &ProductRef,
        order: &[VariantRef],
        render: Render<'_, Vec<VariantState>>,
    ) -> Result<Decision, CatalogError> {
        let product = self.products.locate(product).await?;
        let product = product.ok_or(CatalogError::NotFound("product"))?;
        let siblings = self.products.variants_of(&[product]).await?;
        let first = places(order, &siblings)?;
        let named: HashSet<VariantId> = first.iter().copied().collect();
        let rest = siblings.iter().map(|v| v.id).filter(|id| !named.contains(id));
        let order: Vec<VariantId> = first.iter().copied().chain(rest).collect();

        let now = self.writer.now();
        let mut by_id: HashMap<VariantId, VariantState> = siblings.into_iter().map(|v| (v.id, v)).collect();
        let mut ordered = Vec::with_capacity(order.len());
        let mut changes = Changes::default();
        for (position, state) in (0..=u32::MAX).zip(order.iter().filter_map(|id| by_id.remove(id))) {
            let mut variant = Variant::load(state);
            let content = VariantContent {
                position,
                ..variant.state().content.clone()
            };
            variant.revise(content, now)?;
            ordered.push(variant.state().clone());
            changes.variants.extend(variant.into_change());
        }
        Ok(Decision {
            receipt: render(&ordered, false),
            changes,
        })
    }
}

/// The variants that are named, each once and all of this product.
fn places(order: &[VariantRef], siblings: &[VariantState]) -> Result<Vec<VariantId>, Faults> {
    let mut by_name: HashMap<VariantRef, VariantId> = HashMap::new();
    for VariantState { id, content, .. } in siblings {
        by_name.insert(VariantRef::Id(*id), *id);
        by_name.insert(VariantRef::Sku(content.sku.clone()), *id);
        by_name.extend(content.key.iter().map(|key| (VariantRef::Key(key.clone()), *id)));
        by_name.extend(
            content
                .gtin
                .iter()
                .map(|gtin| (VariantRef::Gtin(gtin.clone()), *id)),
        );
    }
    let mut faults = Faults::default();
    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(order.len());
    for (index, name) in order.iter().enumerate() {
        let fault = |code, detail| Fault::new(format!("/variants/{index}"), code, detail);
        match by_name.get(name) {
            None => faults.push(fault("reference_not_found", "the product has no such variant")),
            Some(id) if seen.insert(*id) => ids.push(*id),
            Some(_) => faults.push(fault("duplicate", "is named twice")),
        }
    }
    faults.or(Some(ids))
}
