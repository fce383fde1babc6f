//! Creating and changing product types. That their definitions are sound is checked here; that stored products still
//! fit, by the store, under the lock on the type.

use std::sync::Arc;

use async_trait::async_trait;
use domain::product_type::{JsonSchemas, ProductTypeContent, ProductTypeState};

use super::typing::faults_at;
use crate::error::CatalogError;
use crate::resource::{ResourceReader, Resources, Settle};
use crate::write::Writer;

pub type ProductTypeReader = dyn ResourceReader<ProductTypeContent>;
pub type ProductTypes = Resources<ProductTypeContent>;

pub fn product_types(
    writer: Writer,
    reader: Arc<ProductTypeReader>,
    schemas: Arc<dyn JsonSchemas>,
) -> ProductTypes {
    Resources::new(writer, reader, Arc::new(Sound(schemas)))
}

/// Lets only definitions pass that do not contradict themselves.
struct Sound(Arc<dyn JsonSchemas>);

#[async_trait]
impl Settle<ProductTypeContent, ProductTypeContent> for Sound {
    async fn settle(
        &self,
        draft: ProductTypeContent,
        _: Option<&ProductTypeState>,
    ) -> Result<ProductTypeContent, CatalogError> {
        faults_at("", draft.faults(&*self.0)).or(Some(()))?;
        Ok(draft)
    }
}
