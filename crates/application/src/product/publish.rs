//! The one way in which a product goes live, whichever use case asks for it.

use domain::Timestamp;
use domain::product::Product;

use crate::error::CatalogError;

/// Makes the working copies of a product and its variants what shoppers see, if they may be seen. That is decided here
/// and nowhere else.
pub(crate) fn go_live(product: &mut Product, now: Timestamp) -> Result<(), CatalogError> {
    product.publish(now)?;
    Ok(())
}
