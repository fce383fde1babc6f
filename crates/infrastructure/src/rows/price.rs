//! The row document of a price.

use domain::pricing::{PriceContent, PriceState, Quantity, Validity};
use domain::value::Price;
use domain::{PriceId, PriceListId, ProductId, VariantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Instant, MoneyDoc, RecordDoc, RowError};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceDoc {
    id: Uuid,
    price_list: Uuid,
    variant: Uuid,
    product: Uuid,
    #[serde(flatten)]
    record: RecordDoc,
    #[serde(flatten)]
    price: MoneyDoc,
    min_quantity: u32,
    valid_from: Option<Instant>,
    valid_until: Option<Instant>,
}

impl From<&PriceState> for PriceDoc {
    fn from(state: &PriceState) -> Self {
        let PriceState {
            id,
            list,
            variant,
            product,
            record,
            content,
        } = state;
        let PriceContent {
            price,
            min_quantity,
            validity,
        } = content;
        Self {
            id: id.uuid(),
            price_list: list.uuid(),
            variant: variant.uuid(),
            product: product.uuid(),
            record: record.into(),
            price: (*price).into(),
            min_quantity: min_quantity.get(),
            valid_from: validity.from().map(Instant),
            valid_until: validity.until().map(Instant),
        }
    }
}

impl TryFrom<PriceDoc> for PriceState {
    type Error = RowError;

    fn try_from(doc: PriceDoc) -> Result<Self, Self::Error> {
        let PriceDoc {
            id,
            price_list,
            variant,
            product,
            record,
            price,
            min_quantity,
            valid_from,
            valid_until,
        } = doc;
        Ok(Self {
            id: PriceId::new(id),
            list: PriceListId::new(price_list),
            variant: VariantId::new(variant),
            product: ProductId::new(product),
            record: record.into(),
            content: PriceContent {
                price: Price::try_from(price)?,
                min_quantity: Quantity::new(min_quantity.into())?,
                validity: Validity::new(valid_from.map(|i| i.0), valid_until.map(|i| i.0))?,
            },
        })
    }
}
