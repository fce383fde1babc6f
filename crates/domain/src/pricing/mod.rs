//! What variants cost: price lists with the conditions under which they hold, prices in them, and the rule that finds
//! the one price among many.

mod list;
mod price;
mod resolve;
mod validity;

pub use list::{Conditions, PriceList, PriceListContent, PriceListState, PriceListStatus, base_list};
pub use price::{Price, PriceContent, PriceState, Quantity};
pub use resolve::{Answer, Circumstances, ListRank, Offer, Reason, Resolution, resolve};
pub use validity::Validity;
