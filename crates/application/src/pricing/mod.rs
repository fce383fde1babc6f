//! Price lists, prices, and which of them counts.

mod bulk;
mod lists;
mod ports;
mod prices;
mod resolve;

pub use bulk::{PriceLine, UpsertCounts};
pub use lists::{PriceListDraft, PriceListReader, PriceLists, price_lists};
pub use ports::{PriceFilter, PriceReader, PriceSheet};
pub use prices::{PriceDraft, PriceRevision, Prices};
pub use resolve::{Candidate, Pricing, PricingContext, Resolved};
