//! The product use cases share what they need here; each has a file of its own.

use std::sync::Arc;

use domain::ProductId;
use domain::product::{Product, ProductState};

use super::draft::ProductDraft;
use super::references::References;
use crate::category::CategoryReader;
use crate::channel::ChannelReader;
use crate::error::CatalogError;
use crate::product::{ProductReader, ProductRef, ProductView};
use crate::product_type::Typing;
use crate::store::Changes;
use crate::write::Writer;

#[derive(Clone)]
pub struct Products {
    pub(super) writer: Writer,
    pub(super) reader: Arc<dyn ProductReader>,
    pub(super) categories: Arc<dyn CategoryReader>,
    pub(super) channels: Arc<ChannelReader>,
    pub(super) typing: Typing,
}

impl Products {
    pub fn new(
        writer: Writer,
        reader: Arc<dyn ProductReader>,
        categories: Arc<dyn CategoryReader>,
        channels: Arc<ChannelReader>,
        typing: Typing,
    ) -> Self {
        Self {
            writer,
            reader,
            categories,
            channels,
            typing,
        }
    }

    /// What the draft of product `id` refers to.
    pub(super) async fn references(
        &self,
        draft: &ProductDraft,
        stored: Option<&ProductState>,
        id: ProductId,
    ) -> Result<References, CatalogError> {
        let found = draft
            .look_up(&*self.categories, &*self.channels, &*self.reader)
            .await?;
        Ok(found.settle(draft, stored.map(|s| &s.content), id)?)
    }

    pub(super) async fn load(
        &self,
        product: &ProductRef,
        with_deleted: bool,
    ) -> Result<Product, CatalogError> {
        let state = self.reader.find(product, with_deleted).await?;
        state.map(Product::load).ok_or(CatalogError::NotFound("product"))
    }
}

/// The product alone, as management shows it.
pub(super) fn view(product: &ProductState) -> ProductView {
    ProductView {
        product: product.clone(),
        variants: Vec::new(),
        revision: 0,
    }
}

pub(super) fn changes(product: Product) -> Changes {
    Changes {
        products: product.into_change().into_iter().collect(),
        ..Changes::default()
    }
}
