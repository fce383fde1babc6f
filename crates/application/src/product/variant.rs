//! Creating, changing and deleting single variants, without touching their siblings.

use std::sync::Arc;

use domain::product::{Product, ProductState, Variant, VariantContent, VariantState};
use domain::product_type::{Attributes, Moment, ProductTypeState};
use domain::value::Key;
use domain::{RuleError, Timestamp, VariantId};

use super::draft::option_faults;
use super::publish::go_live;
use super::typed::{asks_variants, basis, moment};
use super::{ProductReader, ProductRef, VariantReader, VariantRef};
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::media::settle;
use crate::product_type::{Typing, new_referrals};
use crate::store::{
    Basis, Changes, Conflict, ConflictRule, Footing, Precondition, Receipt, StoreError, WriteContext,
};
use crate::write::{Decision, Render, Writer, check};

/// Makes the content from what is stored: a replacement ignores it, a patch is applied to it.
pub type VariantRevision<'a> =
    &'a (dyn Fn(Option<&VariantState>) -> Result<VariantContent, Faults> + Send + Sync);

/// How a variant is to be revised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariantOptions {
    pub precondition: Precondition,
    /// Replace all that the variant says; named by a key it keeps that key.
    pub replace: bool,
    /// The product under which the variant is created when it is named by a key that none has.
    pub upsert_into: Option<ProductRef>,
    /// Publish the product with what results.
    pub publish: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariantStep {
    Delete,
    Restore,
}

#[derive(Clone)]
pub struct Variants {
    pub(super) writer: Writer,
    pub(super) products: Arc<dyn ProductReader>,
    pub(super) reader: Arc<dyn VariantReader>,
    pub(super) typing: Typing,
}

impl Variants {
    pub fn new(
        writer: Writer,
        products: Arc<dyn ProductReader>,
        reader: Arc<dyn VariantReader>,
        typing: Typing,
    ) -> Self {
        Self {
            writer,
            products,
            reader,
            typing,
        }
    }

    /// Adds a variant to a product.
    pub async fn create(
        &self,
        product: &ProductRef,
        content: &VariantContent,
        publish: bool,
        context: &WriteContext,
        render: Render<'_, VariantState>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let parent = self.product(product).await?;
            let mut content = content.clone();
            let mut faults = Faults::default();
            settle(self.writer.store(), &mut content.media, &mut faults).await?;
            self.decide_creation(parent, content, (publish, faults), render)
                .await
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    /// Applies `revision` to the version that is stored when it takes effect.
    pub async fn revise(
        &self,
        variant: &VariantRef,
        revision: VariantRevision<'_>,
        options: &VariantOptions,
        context: &WriteContext,
        render: Render<'_, VariantState>,
    ) -> Result<Receipt, CatalogError> {
        self.writer
            .write(context, || {
                Box::pin(self.decide_revision(variant, revision, options, render))
            })
            .await
    }

    /// Deletes a variant, of which shoppers see nothing from then on, or restores one.
    pub async fn advance(
        &self,
        variant: &VariantRef,
        step: VariantStep,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, VariantState>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let stored = self.reader.find(variant, step == VariantStep::Restore).await?;
            let mut variant = stored
                .map(Variant::load)
                .ok_or(CatalogError::NotFound("variant"))?;
            check(precondition, Some(&variant.state().record))?;
            let basis = match step {
                VariantStep::Restore => self.ground(variant.state()).await?,
                VariantStep::Delete => Basis::default(),
            };
            let now = self.writer.now();
            match step {
                VariantStep::Delete => variant.delete(now),
                VariantStep::Restore => variant.restore(now),
            }?;
            Ok(decision(variant, basis, render, false))
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    async fn decide_creation(
        &self,
        product: ProductState,
        mut content: VariantContent,
        (publish, faults): (bool, Faults),
        render: Render<'_, VariantState>,
    ) -> Result<Decision, CatalogError> {
        let basis = self
            .fit(&mut content, &product, None, (moment(publish), faults))
            .await?;
        let now = self.writer.now();
        let variant = Variant::create(VariantId::new(self.writer.id()), product.id, content, now);
        let decision = decision(variant, basis, render, true);
        if publish {
            return self.published(decision, product, now).await;
        }
        Ok(decision)
    }

    async fn decide_revision(
        &self,
        reference: &VariantRef,
        revision: VariantRevision<'_>,
        options: &VariantOptions,
        render: Render<'_, VariantState>,
    ) -> Result<Decision, CatalogError> {
        let stored = self.reader.find(reference, false).await?;
        let key = match reference {
            VariantRef::Key(key) => Some(key),
            VariantRef::Id(_) | VariantRef::Sku(_) | VariantRef::Gtin(_) => None,
        };
        let Some(state) = stored else {
            let (Some(key), Some(product)) = (key, &options.upsert_into) else {
                return Err(CatalogError::NotFound("variant"));
            };
            let mut content = keyed(revision(None)?, key);
            let mut faults = Faults::default();
            settle(self.writer.store(), &mut content.media, &mut faults).await?;
            let product = self.product(product).await.map_err(|error| match error {
                CatalogError::NotFound(_) => CatalogError::Invalid(
                    Fault::new("/product", "reference_not_found", "there is no such product").into(),
                ),
                other => other,
            })?;
            check(&options.precondition, None)?;
            return self
                .decide_creation(product, content, (options.publish, faults), render)
                .await;
        };
        let mut content = revision(Some(&state))?;
        if let (Some(key), true) = (key, options.replace) {
            content = keyed(content, key);
        }
        let mut faults = Faults::default();
        settle(self.writer.store(), &mut content.media, &mut faults).await?;
        let stored = &state.content;
        // What says the same as before fits as it did before.
        let same =
            content.options == stored.options && content.attributes.to_json() == stored.attributes.to_json();
        let basis = if same {
            content.attributes.clone_from(&stored.attributes);
            faults.or(Some(()))?;
            Basis::default()
        } else {
            let product = self.product(&ProductRef::Id(state.product)).await?;
            self.fit(
                &mut content,
                &product,
                Some(&stored.attributes),
                (moment(options.publish), faults),
            )
            .await?
        };
        check(&options.precondition, Some(&state.record))?;
        let now = self.writer.now();
        let product = ProductRef::Id(state.product);
        let mut variant = Variant::load(state);
        variant.revise(content, now)?;
        let decision = decision(variant, basis, render, false);
        if options.publish {
            return self.published(decision, self.product(&product).await?, now).await;
        }
        Ok(decision)
    }

    /// Holds a variant against its product and that one's type, and types its attributes. `faults` are those found already.
    async fn fit(
        &self,
        content: &mut VariantContent,
        product: &ProductState,
        before: Option<&Attributes>,
        (moment, mut faults): (Moment, Faults),
    ) -> Result<Basis, CatalogError> {
        let product_type = self.typing.of(product.content.product_type).await?;
        faults.extend(option_faults("", &product.content.option_axes, content));
        let of_type = self
            .typing
            .settle_variant(content, &product_type.content, moment, "");
        faults.extend(of_type.into_vec());
        let referrals = new_referrals("", &content.attributes, before);
        faults.extend(self.typing.lost(&referrals).await?);
        faults.or(Some(()))?;
        Ok(Basis {
            types: vec![product_type],
            products: vec![Footing::from(product)],
            whole: Vec::new(),
        })
    }

    /// What a variant that comes back rests on: a product that is there, with a type that it still fits.
    async fn ground(&self, variant: &VariantState) -> Result<Basis, CatalogError> {
        let product = self
            .products
            .find(&ProductRef::Id(variant.product), false)
            .await?;
        let product = product.ok_or(RuleError::Deleted("product"))?;
        let product_type = self.typing.of(product.content.product_type).await?;
        let mut content = variant.content.clone();
        // It waits for the next publication, as one that is written anew does.
        let faults = self
            .typing
            .settle_variant(&mut content, &product_type.content, Moment::Write, "");
        if !faults.is_empty() {
            return Err(StoreError::from(Conflict::of(ConflictRule::TypeMisfit)).into());
        }
        Ok(Basis {
            types: vec![product_type],
            products: vec![Footing::from(&product)],
            whole: Vec::new(),
        })
    }

    /// The decision with the publication of the product that the variant belongs to.
    async fn published(
        &self,
        mut decision: Decision,
        product: ProductState,
        now: Timestamp,
    ) -> Result<Decision, CatalogError> {
        let product_type = self.typing.of(product.content.product_type).await?;
        self.check_company(&decision, &product, &product_type).await?;
        let mut product = Product::load(product);
        if !decision.changes.variants.is_empty() {
            product.stage_variants();
        }
        go_live(&mut product, now)?;
        // All of its variants go live, those too that nobody has looked at here.
        decision.changes.basis = basis(product_type, product.state().id, true);
        decision.changes.products.extend(product.into_change());
        Ok(decision)
    }

    /// The product and the variants that would go live with the one that is written must be complete. They stand in no
    /// body: faults of the product are below `/product`, those of its variants, which are told with their SKUs, below
    /// `/product/variants` in their order.
    async fn check_company(
        &self,
        decision: &Decision,
        product: &ProductState,
        product_type: &ProductTypeState,
    ) -> Result<(), CatalogError> {
        let content = &product_type.content;
        let own = self
            .typing
            .product_faults(&product.content, content, Moment::Publish);
        let mut faults = Faults::default();
        for fault in own.into_vec() {
            faults.push(Fault::new(
                format!("/product{}", fault.pointer),
                fault.code,
                fault.detail,
            ));
        }
        if asks_variants(product_type) {
            let written = decision.changes.variants.first().map(|change| change.after.id);
            let variants = self.products.variants_of(&[product.id]).await?;
            for (index, variant) in variants.into_iter().enumerate() {
                if Some(variant.id) == written {
                    continue;
                }
                let mut said = variant.content;
                let at = format!("/product/variants/{index}");
                let found = self
                    .typing
                    .settle_variant(&mut said, content, Moment::Publish, &at);
                for fault in found.into_vec() {
                    let detail = format!("{}, in the variant with the SKU {}", fault.detail, said.sku);
                    faults.push(Fault::new(fault.pointer, fault.code, detail));
                }
            }
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(CatalogError::Unfit(faults))
        }
    }

    pub(super) async fn product(&self, product: &ProductRef) -> Result<ProductState, CatalogError> {
        self.products
            .find(product, false)
            .await?
            .ok_or(CatalogError::NotFound("product"))
    }
}

fn keyed(mut content: VariantContent, key: &Key) -> VariantContent {
    content.key.get_or_insert_with(|| key.clone());
    content
}

fn decision(variant: Variant, basis: Basis, render: Render<'_, VariantState>, created: bool) -> Decision {
    let receipt = render(variant.state(), created);
    Decision {
        changes: Changes {
            variants: variant.into_change().into_iter().collect(),
            basis,
            ..Changes::default()
        },
        receipt,
    }
}
