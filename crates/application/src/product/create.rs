//! Creating a product, with variants or without.

use domain::product::{Product, Variant, VariantContent};
use domain::{ProductId, VariantId};

use super::draft::ProductDraft;
use super::publish::go_live;
use super::service::Products;
use super::typed::{Settled, basis, moment};
use crate::error::CatalogError;
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
        let (mut draft, mut contents) = (new.draft.clone(), new.variants.clone());
        let id = ProductId::new(self.writer.id());
        let Settled {
            references,
            product_type,
        } = self
            .settle(&mut draft, &mut contents, (id, None), moment(new.publish))
            .await?;

        let now = self.writer.now();
        let slug = draft.settle_slug(None, id, self.writer.store()).await?;
        let mut product = Product::create(id, draft.into_content(references, slug, product_type.id), now);
        if new.publish {
            go_live(&mut product, now)?;
        }
        let variants: Vec<_> = contents
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
            basis: basis(product_type, id, false),
            ..Changes::default()
        };
        Ok(Decision {
            changes,
            receipt: render(&view, true),
        })
    }
}
