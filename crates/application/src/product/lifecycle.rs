//! Moving a product between draft, published, archived and deleted.

use domain::product::ProductState;
use domain::product_type::Moment;

use super::publish::go_live;
use super::service::{Products, changes, view};
use super::typed::{asks_variants, basis};
use crate::error::CatalogError;
use crate::product::{ProductRef, ProductView};
use crate::store::{Basis, Changes, Precondition, Receipt, WriteContext};
use crate::write::{Decision, Render, check};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecycleStep {
    Publish,
    Unpublish,
    Archive,
    Delete,
    /// Leaves nothing of a product, be it deleted already.
    Erase,
    Restore,
}

impl Products {
    /// Takes one step of the lifecycle. A product that is there already stays as it is; deleted products are found
    /// by [`LifecycleStep::Restore`] and [`LifecycleStep::Erase`] only.
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
        let with_deleted = matches!(step, LifecycleStep::Restore | LifecycleStep::Erase);
        let mut product = self.load(reference, with_deleted).await?;
        check(precondition, Some(&product.state().record))?;
        let basis = self.basis_of(product.state(), step).await?;
        let now = self.writer.now();
        match step {
            LifecycleStep::Publish => go_live(&mut product, now),
            LifecycleStep::Unpublish => product.unpublish(now).map_err(CatalogError::from),
            LifecycleStep::Archive => product.archive(now).map_err(CatalogError::from),
            LifecycleStep::Delete => product.delete(now).map_err(CatalogError::from),
            LifecycleStep::Erase => {
                product.erase(now);
                Ok(())
            }
            LifecycleStep::Restore => product.restore(now).map_err(CatalogError::from),
        }?;
        let receipt = render(&view(product.state()), false);
        Ok(Decision {
            changes: Changes {
                basis,
                ..changes(product)
            },
            receipt,
        })
    }

    /// What the step rests on: what is published must be complete, and what comes back must fit its type as it is now.
    async fn basis_of(&self, product: &ProductState, step: LifecycleStep) -> Result<Basis, CatalogError> {
        let comes_back = product.record.deleted_at.is_some();
        match step {
            LifecycleStep::Publish => {
                let product_type = self.typing.of(product.content.product_type).await?;
                let mut faults =
                    self.typing
                        .product_faults(&product.content, &product_type.content, Moment::Publish);
                let of_variants = self.variants_to_publish(product.id, &product_type).await?;
                faults.extend(of_variants.into_vec());
                faults.or(Some(()))?;
                let whole = asks_variants(&product_type);
                Ok(basis(product_type, product.id, whole))
            }
            LifecycleStep::Restore if comes_back => {
                let product_type = self.typing.of(product.content.product_type).await?;
                Ok(basis(product_type, product.id, true))
            }
            LifecycleStep::Unpublish
            | LifecycleStep::Archive
            | LifecycleStep::Delete
            | LifecycleStep::Erase
            | LifecycleStep::Restore => Ok(Basis::default()),
        }
    }
}
