//! Making a new product from one that is there.

use domain::product::{Product, ProductContent, Variant, VariantContent};
use domain::product_type::{Level, Moment};
use domain::value::{Key, Localized, Sku};
use domain::{ProductId, VariantId};

use super::draft::{avoid, short, slug_of};
use super::service::Products;
use super::typed::basis;
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::product::{ProductRef, ProductView};
use crate::product_type::new_referrals;
use crate::store::{Changes, ConflictRule, Receipt, WriteContext};
use crate::write::{Decision, Render};

/// How the new product is to differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duplication {
    pub key: Option<Key>,
    pub name: Option<Localized<250>>,
    /// What is appended to the SKUs; made when absent.
    pub sku_suffix: Option<String>,
}

impl Products {
    /// Creates a draft that says what the product's working copy says, with copies of its variants. Names that only one
    /// may have are new: slugs are made from the name, SKUs get a suffix, keys, GTINs and values of
    /// unique attributes are left out.
    pub async fn duplicate(
        &self,
        product: &ProductRef,
        how: &Duplication,
        context: &WriteContext,
        render: Render<'_, ProductView>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || self.decide_duplication(product, how, render);
        let written = self.writer.write(context, || Box::pin(decide())).await;
        written.map_err(|error| match error {
            CatalogError::Conflict {
                rule: rule @ ConflictRule::Sku,
                existing,
                ..
            } => CatalogError::Conflict {
                rule,
                pointer: "/skuSuffix".to_owned(),
                existing,
                affected: None,
            },
            other => other,
        })
    }

    async fn decide_duplication(
        &self,
        reference: &ProductRef,
        how: &Duplication,
        render: Render<'_, ProductView>,
    ) -> Result<Decision, CatalogError> {
        let original = self.load(reference, false).await?;
        let original = original.state();
        let now = self.writer.now();
        let id = ProductId::new(self.writer.id());
        let product_type = self.typing.of(original.content.product_type).await?;
        let mut content = self.copy(&original.content, how, id).await?;
        content.attributes = product_type
            .content
            .without_unique(&content.attributes, Level::Product);
        let suffix = how
            .sku_suffix
            .clone()
            .unwrap_or_else(|| format!("-{}", short(id.uuid())));
        // What must be there always may be what only one may have, and what is referred to may be gone since.
        let mut faults = self
            .typing
            .product_faults(&content, &product_type.content, Moment::Write);
        let mut referrals = new_referrals("", &content.attributes, None);
        let mut variants = Vec::new();
        let originals = self.reader.variants_of(&[original.id]).await?;
        for (index, variant) in originals.into_iter().enumerate() {
            let sku = format!("{}{suffix}", variant.content.sku);
            let sku = Sku::parse(sku).map_err(|e| {
                let detail = format!("with it a SKU {e}");
                Faults::from(Fault::new("/skuSuffix", e.code(), detail))
            })?;
            let mut content = VariantContent {
                key: None,
                gtin: None,
                sku,
                attributes: product_type
                    .content
                    .without_unique(&variant.content.attributes, Level::Variant),
                ..variant.content
            };
            let at = format!("/variants/{index}");
            let found = self
                .typing
                .settle_variant(&mut content, &product_type.content, Moment::Write, &at);
            faults.extend(found.into_vec());
            referrals.extend(new_referrals(&at, &content.attributes, None));
            variants.push(Variant::create(
                VariantId::new(self.writer.id()),
                id,
                content,
                now,
            ));
        }
        faults.extend(self.typing.lost(&referrals).await?);
        faults.or(Some(()))?;
        let product = Product::create(id, content, now);
        let view = ProductView {
            product: product.state().clone(),
            variants: variants.iter().map(|v| v.state().clone()).collect(),
            revision: 0,
        };
        let changes = Changes {
            products: product.into_change().into_iter().collect(),
            variants: variants.into_iter().filter_map(Variant::into_change).collect(),
            basis: basis(product_type, id, false),
            ..Changes::default()
        };
        Ok(Decision {
            changes,
            receipt: render(&view, true),
        })
    }

    async fn copy(
        &self,
        original: &ProductContent,
        how: &Duplication,
        id: ProductId,
    ) -> Result<ProductContent, CatalogError> {
        let name = how.name.as_ref().unwrap_or(&original.name);
        let slug = slug_of(name, id)?;
        let wanted: Vec<_> = slug.iter().map(|(l, s)| (l.clone(), s.clone())).collect();
        let taken = self.writer.store().taken_product_slugs(&wanted).await?;
        let related: Vec<_> = original
            .relations
            .iter()
            .map(|relation| ProductRef::Id(relation.product))
            .collect();
        let there = self.reader.among(&related).await?;
        let relations = original.relations.iter().zip(there);
        Ok(ProductContent {
            key: how.key.clone(),
            name: name.clone(),
            slug: avoid(slug, &taken, id),
            relations: relations
                .filter_map(|(relation, there)| there.map(|_| *relation))
                .collect(),
            ..original.clone()
        })
    }
}
