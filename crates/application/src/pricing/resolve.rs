//! What variants cost, for whom and when.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::pricing::{Circumstances, Offer, PriceListState, Quantity, Reason, Validity, base_list, resolve};
use domain::value::{Country, Currency, Key, Price};
use domain::{ChannelId, PriceId, PriceListId, Timestamp, VariantId};

use super::{PriceReader, PriceSheet};
use crate::clock::Clock;
use crate::product::VariantRef;
use crate::store::StoreError;

/// For whom and when prices are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingContext {
    pub channel: Option<ChannelId>,
    /// The lists that the channel limits itself to, in its order; empty for all.
    pub channel_lists: Vec<PriceListId>,
    pub currency: Currency,
    pub country: Option<Country>,
    pub customer_groups: BTreeSet<Key>,
    /// Now when absent.
    pub at: Option<Timestamp>,
    /// Whether prices count that variants carry which are not published.
    pub staged: bool,
}

impl PricingContext {
    pub(crate) fn circumstances(&self, now: Timestamp) -> Circumstances {
        Circumstances {
            channel: self.channel,
            channel_lists: self.channel_lists.clone(),
            country: self.country,
            customer_groups: self.customer_groups.clone(),
            at: self.at.unwrap_or(now),
        }
    }
}

/// One price that may have counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub price: Price,
    pub list: PriceListId,
    pub list_key: Key,
    /// `None` for one that the variant carries itself.
    pub id: Option<PriceId>,
    pub min_quantity: Quantity,
    pub validity: Validity,
    /// Why it does not count; `None` for the one that does.
    pub reason: Option<Reason>,
}

/// What a variant costs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// `None` where nothing that holds has a price.
    pub price: Option<Candidate>,
    /// The next instant at which the answer may be another one by time alone.
    pub valid_until: Option<Timestamp>,
    /// All that were looked at, where that was asked for.
    pub candidates: Vec<Candidate>,
}

/// Answers what variants cost.
#[derive(Clone)]
pub struct Pricing {
    reader: Arc<dyn PriceReader>,
    clock: Arc<dyn Clock>,
}

impl Pricing {
    pub fn new(reader: Arc<dyn PriceReader>, clock: Arc<dyn Clock>) -> Self {
        Self { reader, clock }
    }

    /// The ids of variants, `None` where a reference leads nowhere.
    pub async fn variants(&self, references: &[VariantRef]) -> Result<Vec<Option<VariantId>>, StoreError> {
        let found = self.reader.variants(references).await?;
        Ok(found.into_iter().map(|v| v.map(|(id, _)| id)).collect())
    }

    /// What one piece of each variant costs, by one statement however many they are.
    pub async fn resolve_many(
        &self,
        variants: &[VariantId],
        context: &PricingContext,
    ) -> Result<HashMap<VariantId, Resolved>, StoreError> {
        let lines: Vec<_> = variants.iter().map(|id| (*id, Quantity::ONE)).collect();
        let resolved = self.resolve_lines(&lines, context, false).await?;
        Ok(variants.iter().copied().zip(resolved).collect())
    }

    /// What a quantity of each variant costs, in the order of the lines; with `explain` all that was looked at.
    pub async fn resolve_lines(
        &self,
        lines: &[(VariantId, Quantity)],
        context: &PricingContext,
        explain: bool,
    ) -> Result<Vec<Resolved>, StoreError> {
        if lines.is_empty() {
            return Ok(Vec::new());
        }
        let circumstances = context.circumstances(self.clock.now());
        let variants: BTreeSet<_> = lines.iter().map(|(variant, _)| *variant).collect();
        // What has ended neither counts nor will, and is only of interest to those who ask why.
        let since = (!explain).then_some(circumstances.at);
        let sheet = self
            .reader
            .sheet(&Vec::from_iter(variants), context.currency, since, context.staged)
            .await?;
        let offers = offers(&sheet);
        let none = Vec::new();
        let resolved = lines.iter().map(|(variant, quantity)| {
            let offers = offers.get(variant).unwrap_or(&none);
            let resolution = resolve(offers, *quantity, &circumstances);
            let answer = resolution.answer.as_ref();
            let explained = offers.iter().filter(|_| explain).map(|offer| {
                let reason = circumstances.reason(offer, *quantity, answer);
                candidate(offer, reason)
            });
            Resolved {
                price: answer.map(|answer| candidate(&answer.offer, None)),
                valid_until: resolution.valid_until,
                candidates: explained.collect(),
            }
        });
        Ok(resolved.collect())
    }
}

/// The offers for each variant.
fn offers(sheet: &PriceSheet) -> HashMap<VariantId, Vec<Offer<'_>>> {
    let lists: HashMap<PriceListId, &PriceListState> =
        sheet.lists.iter().map(|list| (list.id, list)).collect();
    let mut offers: HashMap<VariantId, Vec<Offer<'_>>> = HashMap::new();
    for price in &sheet.prices {
        if let Some(list) = lists.get(&price.list) {
            offers.entry(price.variant).or_default().push(Offer {
                list,
                id: Some(price.id),
                price: price.content.price,
                min_quantity: price.content.min_quantity,
                validity: price.content.validity,
            });
        }
    }
    for (variant, price) in &sheet.carried {
        if let Some(list) = lists.get(&base_list()) {
            offers.entry(*variant).or_default().push(Offer {
                list,
                id: None,
                price: *price,
                min_quantity: Quantity::ONE,
                validity: Validity::ALWAYS,
            });
        }
    }
    offers
}

fn candidate(offer: &Offer<'_>, reason: Option<Reason>) -> Candidate {
    Candidate {
        price: offer.price,
        list: offer.list.id,
        list_key: offer.list.content.key.clone(),
        id: offer.id,
        min_quantity: offer.min_quantity,
        validity: offer.validity,
        reason,
    }
}
