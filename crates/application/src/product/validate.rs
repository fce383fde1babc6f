//! Checking a product without writing it.

use domain::ProductId;
use domain::product::VariantContent;
use domain::product_type::ProductTypeState;

use super::draft::ProductDraft;
use super::service::Products;
use super::typed::{moment, no_such_type};
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::resource::ResourceRef;

impl Products {
    /// Everything that would keep a new product of this type from being stored, or published, save for what only the
    /// moment of writing can tell: whether names and unique values are taken.
    pub async fn validate(
        &self,
        product_type: &ProductTypeState,
        draft: &ProductDraft,
        variants: &[VariantContent],
        publish: bool,
    ) -> Result<Faults, CatalogError> {
        let (mut draft, mut variants) = (draft.clone(), variants.to_vec());
        let mut faults = Faults::default();
        if let Some(named) = draft.product_type.take() {
            match self.typing.choose(Some(&named), None).await? {
                None => faults.push(no_such_type()),
                Some(named) if named.id != product_type.id => {
                    let detail = "must be the product type that the address names";
                    faults.push(Fault::new("/productType", "not_in_enum", detail));
                }
                Some(_) => {}
            }
        }
        draft.product_type = Some(ResourceRef::Id(product_type.id));
        // An id that no product has: nothing refers to it.
        let id = ProductId::new(self.writer.id());
        match self
            .settle(&mut draft, &mut variants, (id, None), moment(publish))
            .await
        {
            Ok(_) => {}
            Err(CatalogError::Invalid(more)) => faults.extend(more.into_vec()),
            Err(other) => return Err(other),
        }
        Ok(faults)
    }
}
