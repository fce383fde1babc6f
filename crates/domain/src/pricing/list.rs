//! A price list: prices that hold together, for whom and when.

use uuid::Uuid;

use crate::resource::{Content, Resource, State};
use crate::value::{Country, Key, Localized, Metadata, ValueError};
use crate::{ChannelId, PriceListId};

use super::Validity;

/// The list that is there from the beginning. The prices that variants carry themselves are lines of it, too.
pub const fn base_list() -> PriceListId {
    PriceListId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_ba5e_0000))
}

/// For whom a list holds: a condition that names nothing holds for everyone, one that names something for those only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conditions {
    pub channels: Vec<ChannelId>,
    pub countries: Vec<Country>,
    /// Groups that customers are in, by the names that the shop's system gives them.
    pub customer_groups: Vec<Key>,
}

impl Conditions {
    pub const MAX: usize = 250;

    /// How many things are demanded.
    pub fn specificity(&self) -> usize {
        let demanded = [
            !self.channels.is_empty(),
            !self.countries.is_empty(),
            !self.customer_groups.is_empty(),
        ];
        demanded.into_iter().filter(|demanded| *demanded).count()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceListStatus {
    Active,
    /// Its prices count for nothing.
    Inactive,
}

impl PriceListStatus {
    pub fn parse(word: &str) -> Result<Self, ValueError> {
        match word {
            "active" => Ok(Self::Active),
            "inactive" => Ok(Self::Inactive),
            _ => Err(ValueError::NotInEnum {
                expected: "active or inactive",
            }),
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

/// Everything about a price list that its editors decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceListContent {
    pub key: Key,
    pub name: Localized<100>,
    /// The list with the highest one wins.
    pub priority: u32,
    pub validity: Validity,
    pub conditions: Conditions,
    pub status: PriceListStatus,
    pub metadata: Metadata,
}

impl PriceListContent {
    pub const MAX_PRIORITY: u32 = 1_000_000;

    pub fn priority(priority: u32) -> Result<u32, ValueError> {
        if priority > Self::MAX_PRIORITY {
            return Err(ValueError::OutOfRange {
                expected: "from 0 to 1,000,000",
            });
        }
        Ok(priority)
    }
}

impl Content for PriceListContent {
    type Id = PriceListId;

    const KIND: &'static str = "price list";

    fn key(&self) -> Option<&Key> {
        Some(&self.key)
    }
}

pub type PriceListState = State<PriceListContent>;
pub type PriceList = Resource<PriceListContent>;
