//! Moving a product between draft, published, archived and deleted.

use super::publish::go_live;
use super::service::{Products, changes, view};
use crate::error::CatalogError;
use crate::product::{ProductRef, ProductView};
use crate::store::{Precondition, Receipt, WriteContext};
use crate::write::{Decision, Render, check};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecycleStep {
    Publish,
    Unpublish,
    Archive,
    Delete,
    Restore,
}

impl Products {
    /// Takes one step of the lifecycle. A product that is there already stays as it is; deleted products are found
    /// by [`LifecycleStep::Restore`] only.
    pub async fn advance(
        &self,
        product: &ProductRef,
        step: LifecycleStep,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, ProductView>,
    ) -> Result<Receipt, CatalogError> {
        self.writer
            .write(context, || {
                Box::pin(self.decide_step(product, step, precondition, render))
            })
            .await
    }

    async fn decide_step(
        &self,
        reference: &ProductRef,
        step: LifecycleStep,
        precondition: &Precondition,
        render: Render<'_, ProductView>,
    ) -> Result<Decision, CatalogError> {
        let mut product = self.load(reference, step == LifecycleStep::Restore).await?;
        check(precondition, Some(&product.state().record))?;
        let now = self.writer.now();
        match step {
            LifecycleStep::Publish => go_live(&mut product, now),
            LifecycleStep::Unpublish => product.unpublish(now).map_err(CatalogError::from),
            LifecycleStep::Archive => product.archive(now).map_err(CatalogError::from),
            LifecycleStep::Delete => product.delete(now).map_err(CatalogError::from),
            LifecycleStep::Restore => product.restore(now).map_err(CatalogError::from),
        }?;
        let receipt = render(&view(product.state()), false);
        Ok(Decision {
            changes: changes(product),
            receipt,
        })
    }
}
