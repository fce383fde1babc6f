//! Which of many prices counts.
//!
//! Of the offers that hold, the winner is the one whose list has the highest priority; then the one whose list comes
//! first in the channel; then the one whose list demands more; then the one for the largest quantity that is reached;
//! then one that stands in a list before one that the variant carries itself; then the one that began last; then the
//! one with the lower id of list and price, so that what is added later takes nothing away by chance.
//!
//! Invariant: this order is total and does not depend on time, so that the answer is the same in whatever order the
//! offers come, and the next instant at which it changes can be told.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::{PriceListState, PriceListStatus, Quantity, Validity};
use crate::value::{self, Country, Key};
use crate::{ChannelId, PriceId, Timestamp};

/// For whom and when a price is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    pub channel: Option<ChannelId>,
    /// The lists that the channel limits itself to, in its order; empty for all.
    pub channel_lists: Vec<crate::PriceListId>,
    pub country: Option<Country>,
    pub customer_groups: BTreeSet<Key>,
    pub at: Timestamp,
}

/// One price that may count.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    pub list: &'a PriceListState,
    /// `None` for a price that the variant carries itself.
    pub id: Option<PriceId>,
    pub price: value::Price,
    pub min_quantity: Quantity,
    pub validity: Validity,
}

/// Why an offer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    ListInactive,
    ListNotYetValid,
    ListNoLongerValid,
    /// The channel limits itself to other lists.
    ListNotInChannel,
    OtherChannel,
    OtherCountry,
    OtherCustomerGroup,
    NotYetValid,
    NoLongerValid,
    /// The quantity is too small for it.
    QuantityNotReached,
    /// It holds, and another one has a list of higher priority.
    LowerPriority,
    LaterInChannel,
    LessSpecific,
    /// Another one is for a larger quantity that is reached, too.
    SmallerQuantity,
    /// The variant carries it itself, and a list says otherwise.
    Overridden,
    OlderStart,
    HigherId,
}

impl Reason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ListInactive => "listInactive",
            Self::ListNotYetValid => "listNotYetValid",
            Self::ListNoLongerValid => "listNoLongerValid",
            Self::ListNotInChannel => "listNotInChannel",
            Self::OtherChannel => "otherChannel",
            Self::OtherCountry => "otherCountry",
            Self::OtherCustomerGroup => "otherCustomerGroup",
            Self::NotYetValid => "notYetValid",
            Self::NoLongerValid => "noLongerValid",
            Self::QuantityNotReached => "quantityNotReached",
            Self::LowerPriority => "lowerPriority",
            Self::LaterInChannel => "laterInChannel",
            Self::LessSpecific => "lessSpecific",
            Self::SmallerQuantity => "smallerQuantity",
            Self::Overridden => "overridden",
            Self::OlderStart => "olderStart",
            Self::HigherId => "higherId",
        }
    }
}

/// The offer that counts.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub offer: Offer<'a>,
    rank: Rank,
}

#[derive(Debug, Clone)]
pub struct Resolution<'a> {
    pub answer: Option<Answer<'a>>,
    /// The next instant at which another offer counts, or none does any more, or one does for the first time. `None`
    /// when that never happens by time alone.
    pub valid_until: Option<Timestamp>,
}

/// How a list stands to others under the circumstances: by its priority, then its place in the channel, then how much it
/// demands. The greater one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListRank {
    priority: u32,
    place: Reverse<usize>,
    specificity: usize,
}

/// Greater wins; in the order of the rule.
type Rank = (
    ListRank,
    Quantity,
    bool,
    Option<Timestamp>,
    Reverse<(crate::PriceListId, Option<PriceId>)>,
);

impl Circumstances {
    /// How the list stands, `None` when nothing in it counts at any time.
    pub fn list_rank(&self, list: &PriceListState) -> Option<ListRank> {
        self.list_barrier(list).is_none().then(|| self.standing(list))
    }

    fn standing(&self, list: &PriceListState) -> ListRank {
        let place = self.channel_lists.iter().position(|id| *id == list.id);
        ListRank {
            priority: list.content.priority,
            place: Reverse(place.unwrap_or_default()),
            specificity: list.content.conditions.specificity(),
        }
    }

    fn rank(&self, offer: &Offer<'_>) -> Rank {
        (
            self.standing(offer.list),
            offer.min_quantity,
            offer.id.is_some(),
            offer.validity.from(),
            Reverse((offer.list.id, offer.id)),
        )
    }

    /// What speaks against an offer at any time.
    fn barrier(&self, offer: &Offer<'_>, quantity: Quantity) -> Option<Reason> {
        let too_few = || (offer.min_quantity > quantity).then_some(Reason::QuantityNotReached);
        self.list_barrier(offer.list).or_else(too_few)
    }

    /// What speaks against all offers of a list at any time.
    fn list_barrier(&self, list: &PriceListState) -> Option<Reason> {
        let (id, list) = (list.id, &list.content);
        let conditions = &list.conditions;
        let demands = |named: bool, met: bool| named && !met;
        let channels = &conditions.channels;
        let countries = &conditions.countries;
        let groups = &conditions.customer_groups;
        if list.status == PriceListStatus::Inactive {
            Some(Reason::ListInactive)
        } else if demands(!self.channel_lists.is_empty(), self.channel_lists.contains(&id)) {
            Some(Reason::ListNotInChannel)
        } else if demands(
            !channels.is_empty(),
            self.channel.is_some_and(|c| channels.contains(&c)),
        ) {
            Some(Reason::OtherChannel)
        } else if demands(
            !countries.is_empty(),
            self.country.is_some_and(|c| countries.contains(&c)),
        ) {
            Some(Reason::OtherCountry)
        } else if demands(
            !groups.is_empty(),
            groups.iter().any(|group| self.customer_groups.contains(group)),
        ) {
            Some(Reason::OtherCustomerGroup)
        } else {
            None
        }
    }

    /// What speaks against an offer now.
    fn mistimed(&self, offer: &Offer<'_>) -> Option<Reason> {
        let list = offer.list.content.validity;
        if list.begins_after(self.at) {
            Some(Reason::ListNotYetValid)
        } else if list.ended_by(self.at) {
            Some(Reason::ListNoLongerValid)
        } else if offer.validity.begins_after(self.at) {
            Some(Reason::NotYetValid)
        } else if offer.validity.ended_by(self.at) {
            Some(Reason::NoLongerValid)
        } else {
            None
        }
    }

    /// Why this offer is not the answer; `None` when it is.
    pub fn reason(
        &self,
        offer: &Offer<'_>,
        quantity: Quantity,
        answer: Option<&Answer<'_>>,
    ) -> Option<Reason> {
        let against = self.barrier(offer, quantity).or_else(|| self.mistimed(offer));
        if against.is_some() {
            return against;
        }
        let (mine, winner) = (self.rank(offer), answer?.rank);
        let (list, best) = (mine.0, winner.0);
        if mine == winner {
            None
        } else if list.priority != best.priority {
            Some(Reason::LowerPriority)
        } else if list.place != best.place {
            Some(Reason::LaterInChannel)
        } else if list.specificity != best.specificity {
            Some(Reason::LessSpecific)
        } else if mine.1 != winner.1 {
            Some(Reason::SmallerQuantity)
        } else if mine.2 != winner.2 {
            Some(Reason::Overridden)
        } else if mine.3 != winner.3 {
            Some(Reason::OlderStart)
        } else {
            Some(Reason::HigherId)
        }
    }
}

/// The offer that counts for a quantity under the circumstances, and until when. All offers are of one variant and
/// currency, and there is at most one that the variant carries itself.
pub fn resolve<'a>(
    offers: &[Offer<'a>],
    quantity: Quantity,
    circumstances: &Circumstances,
) -> Resolution<'a> {
    // An offer counts while its list and itself are valid; one for which that is never counts never.
    let possible = || {
        offers
            .iter()
            .filter(|offer| circumstances.barrier(offer, quantity).is_none())
            .filter_map(|offer| {
                let holds = offer.validity.intersection(offer.list.content.validity)?;
                Some((circumstances.rank(offer), holds, offer))
            })
    };
    let now = circumstances.at;
    let winner = possible()
        .filter(|(_, holds, _)| holds.contains(now))
        .max_by_key(|(rank, ..)| *rank);
    let ends = winner.and_then(|(_, holds, _)| holds.until());
    let overtaken = possible()
        .filter(|(rank, ..)| winner.is_none_or(|(best, ..)| *rank > best))
        .filter_map(|(_, holds, _)| holds.from())
        .filter(|from| *from > now)
        .min();
    Resolution {
        answer: winner.map(|(rank, _, offer)| Answer { offer: *offer, rank }),
        valid_until: ends.into_iter().chain(overtaken).min(),
    }
}

#[cfg(test)]
mod tests;
