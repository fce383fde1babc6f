//! What the variants and the product of a record are held against.

use std::sync::Arc;

use domain::ProductId;
use domain::product::{ProductState, ProductStatus};
use domain::product_type::{Level, Moment, ProductTypeState};

use crate::import::record::Record;
use crate::product_type::moment_of;
use crate::store::{Basis, Footing};

/// What a product and its variants are held against.
pub(super) struct Ground {
    pub(super) product_type: Arc<ProductTypeState>,
    pub(super) moment: Moment,
    /// The stored product when all of its variants must be looked at.
    whole: Option<ProductId>,
    /// The file has no attributes: those that are stored stay.
    pub(super) keeps_attributes: bool,
}

impl Ground {
    pub(super) fn new(
        record: &Record,
        stored: Option<&ProductState>,
        product_type: Arc<ProductTypeState>,
    ) -> Self {
        let keeps_attributes = match record {
            Record::Product(product) => product.draft.attributes.is_none(),
            Record::Variants(_) | Record::Category(_) | Record::Whole(_) | Record::Price(_) => true,
        };
        // What is not published now waits for whoever publishes it, and is held to be complete then.
        let moment = moment_of(record.status().unwrap_or(ProductStatus::Draft));
        let publishes = moment == Moment::Publish;
        let asks = product_type.content.asks_more_when_publishing(Level::Variant);
        let whole = stored.filter(|p| p.content.product_type != product_type.id || (publishes && asks));
        Self {
            moment,
            whole: whole.map(|p| p.id),
            keeps_attributes,
            product_type,
        }
    }

    pub(super) fn basis(self, footing: Option<Footing>) -> Basis {
        Basis {
            types: vec![self.product_type],
            products: footing.into_iter().collect(),
            whole: self.whole.into_iter().collect(),
        }
    }
}
