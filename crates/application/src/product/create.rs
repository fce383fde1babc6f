//! Creating a product, with variants or without.

use domain::product::{Product, Variant, VariantContent};
use domain::{ProductId, VariantId};

use super::draft::{ProductDraft, variant_faults};
use super::service::Products;
use crate::error::CatalogError;
use crate::fault::Faults;
use crate::media::{Settled, named};
use crate::product::ProductView;
use crate::store::{Changes, Receipt, WriteContext};
use crate::write::{Decision, Render};

/// A product that is to be created in one piece.
#[derive(Debug, Clone)]
pub struct NewProduct {
    pub draft: ProductDraft,
    pub variants: Vec<VariantContent>,
    pub publish: bool,
}

impl Products {
    /// Creates the product and its variants, or nothing. Every fault of the input is told at once.
    pub async fn create(
        &self,
        new: &NewProduct,
        context: &WriteContext,
        render: Render<'_, ProductView>,
    ) -> Result<Receipt, CatalogError> {
        self.writer
            .write(context, || Box::pin(self.decide_creation(new, render)))
            .await
    }

    async fn decide_creation(
        &self,
        new: &NewProduct,
        render: Render<'_, ProductView>,
    ) -> Result<Decision, CatalogError> {
        let (mut draft, mut variants) = (new.draft.clone(), new.variants.clone());
        let mut faults = variant_faults(&draft.option_axes, &variants);
        let shown = draft.media.iter().chain(variants.iter().flat_map(|v| &v.media));
        let files = Settled::find(self.writer.store(), named(shown)).await?;
        faults.extend(files.apply("/media", &mut draft.media));
        for (index, variant) in variants.iter_mut().enumerate() {
            faults.extend(files.apply(&format!("/variants/{index}/media"), &mut variant.media));
        }
        let categories = match draft.category_ids(&*self.categories).await {
            Ok(ids) => Some(ids),
            Err(CatalogError::Invalid(more)) => {
                faults.extend(more.into_vec());
                None
            }
            Err(other) => return Err(other),
        };
        let categories = Faults::or(faults, categories)?;

        let now = self.writer.now();
        let id = ProductId::new(self.writer.id());
        let slug = draft.settle_slug(None, id, self.writer.store()).await?;
        let mut product = Product::create(id, draft.into_content(categories, slug), now);
        if new.publish {
            product.publish(now)?;
        }
        let variants: Vec<_> = variants
            .into_iter()
            .map(|content| Variant::create(VariantId::new(self.writer.id()), id, content, now))
            .collect();

        let view = ProductView {
            product: product.state().clone(),
            variants: variants.iter().map(|v| v.state().clone()).collect(),
            revision: 0,
        };
        let changes = Changes {
            products: product.into_change().into_iter().collect(),
            variants: variants.into_iter().filter_map(Variant::into_change).collect(),
            ..Changes::default()
        };
        Ok(Decision {
            changes,
            receipt: render(&view, true),
        })
    }
}
