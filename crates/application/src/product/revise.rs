//! Changing what a product says: full replacement and patches, by any reference, and creation by key.

use domain::ProductId;
use domain::product::{Product, ProductState};

use super::draft::ProductDraft;
use super::publish::go_live;
use super::service::{Products, changes, view};
use super::typed::{Settled, asks_variants, basis, moment};
use crate::error::CatalogError;
use crate::fault::Faults;
use crate::product::{ProductRef, ProductView};
use crate::store::{Changes, Precondition, Receipt, WriteContext};
use crate::write::{Decision, Render, check};

/// Makes the draft from what is stored: a replacement ignores it, a patch is applied to it.
pub type Revision<'a> = &'a (dyn Fn(Option<&ProductState>) -> Result<ProductDraft, Faults> + Send + Sync);

/// How a product is to be revised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviseOptions {
    pub precondition: Precondition,
    /// Publish what results.
    pub publish: bool,
    /// Create the product when it is named by a key that none has.
    pub upsert: bool,
}

impl Products {
    /// Applies `revision` to the version that is stored when it takes effect.
    pub async fn revise(
        &self,
        product: &ProductRef,
        revision: Revision<'_>,
        options: &ReviseOptions,
        context: &WriteContext,
        render: Render<'_, ProductView>,
    ) -> Result<Receipt, CatalogError> {
        self.writer
            .write(context, || {
                Box::pin(self.decide_revision(product, revision, options, render))
            })
            .await
    }

    async fn decide_revision(
        &self,
        reference: &ProductRef,
        revision: Revision<'_>,
        options: &ReviseOptions,
        render: Render<'_, ProductView>,
    ) -> Result<Decision, CatalogError> {
        let stored = self.reader.find(reference, false).await?;
        let may_create = options.upsert && matches!(reference, ProductRef::Key(_));
        if stored.is_none() && !may_create {
            return Err(CatalogError::NotFound("product"));
        }
        let mut draft = revision(stored.as_ref())?;
        if let (ProductRef::Key(key), true) = (reference, options.upsert) {
            draft.key.get_or_insert_with(|| key.clone());
        }
        let id = stored
            .as_ref()
            .map_or_else(|| ProductId::new(self.writer.id()), |s| s.id);
        let Settled {
            references,
            product_type,
        } = self
            .settle(
                &mut draft,
                &mut [],
                (id, stored.as_ref()),
                moment(options.publish),
            )
            .await?;
        // The variants of a product that changes its type, or is published, must fit too.
        let switches = stored
            .as_ref()
            .is_some_and(|stored| stored.content.product_type != product_type.id);
        let whole = stored.is_some() && (switches || (options.publish && asks_variants(&product_type)));
        check(&options.precondition, stored.as_ref().map(|s| &s.record))?;

        let now = self.writer.now();
        let slug = draft
            .settle_slug(stored.as_ref().map(|s| &s.content.slug), id, self.writer.store())
            .await?;
        let content = draft.into_content(references, slug, product_type.id);
        let created = stored.is_none();
        let mut product = match stored {
            None => Product::create(id, content, now),
            Some(state) => {
                let mut product = Product::load(state);
                product.revise(content, now)?;
                product
            }
        };
        if options.publish {
            go_live(&mut product, now)?;
        }
        let receipt = render(&view(product.state()), created);
        Ok(Decision {
            changes: Changes {
                basis: basis(product_type, id, whole),
                ..changes(product)
            },
            receipt,
        })
    }
}
