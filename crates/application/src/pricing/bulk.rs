//! Many prices of one list at once, all or nothing, for as many statements as one price takes.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::pricing::{Price, PriceContent, PriceState, Quantity};
use domain::value::Currency;
use domain::{PriceId, PriceListId, ProductId, Timestamp, VariantId};

use super::Prices;
use super::prices::missing;
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::product::VariantRef;
use crate::resource::ResourceRef;
use crate::store::{Changes, ConflictRule, Receipt, WriteContext};
use crate::write::{Decision, Render};

/// One price of a list as a client wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceLine {
    pub variant: VariantRef,
    pub content: PriceContent,
}

/// What became of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpsertCounts {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
}

/// By what a line is known again: the variant, the currency, the quantity and the start.
type Identity = (VariantId, Currency, Quantity, Option<Timestamp>);

fn identity(variant: VariantId, content: &PriceContent) -> Identity {
    let PriceContent {
        price,
        min_quantity,
        validity,
    } = content;
    (variant, price.amount().currency(), *min_quantity, validity.from())
}

impl Prices {
    /// The most lines of one request.
    pub const MAX_LINES: usize = 5000;

    /// Writes the lines over those that the list has with the same variant, currency, quantity and start, and adds
    /// those that it hasn't.
    pub async fn upsert(
        &self,
        list: &ResourceRef<PriceListId>,
        lines: &[PriceLine],
        context: &WriteContext,
        render: Render<'_, UpsertCounts>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let list = self.lists.find(list, false).await?;
            let list = list.ok_or(CatalogError::NotFound("price list"))?.id;
            let variants = self.variants_of(lines).await?;
            let ids: HashSet<_> = variants.iter().map(|(id, _)| *id).collect();
            let stored = self.reader.in_list(list, &Vec::from_iter(ids)).await?;
            let mut counts = UpsertCounts::default();
            let changes = self.changes(list, lines, &variants, stored, &mut counts)?;
            Ok(Decision {
                receipt: render(&counts, false),
                changes,
            })
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    /// The variant of each line.
    async fn variants_of(&self, lines: &[PriceLine]) -> Result<Vec<(VariantId, ProductId)>, CatalogError> {
        let references: Vec<_> = lines.iter().map(|line| line.variant.clone()).collect();
        let found = self.reader.variants(&references).await?;
        let mut faults = Faults::default();
        let mut seen: HashMap<Identity, usize> = HashMap::new();
        for (index, (line, variant)) in lines.iter().zip(&found).enumerate() {
            let Some((variant, _)) = variant else {
                faults.push(missing(format!("/lines/{index}/variant"), "variant"));
                continue;
            };
            if let Some(first) = seen.insert(identity(*variant, &line.content), index) {
                faults.push(Fault::new(
                    format!("/lines/{index}"),
                    "duplicate",
                    format!("has the variant, currency, quantity and start of line {first}"),
                ));
            }
        }
        Ok(faults.or(found.into_iter().collect())?)
    }

    fn changes(
        &self,
        list: PriceListId,
        lines: &[PriceLine],
        variants: &[(VariantId, ProductId)],
        stored: Vec<PriceState>,
        counts: &mut UpsertCounts,
    ) -> Result<Changes, CatalogError> {
        let now = self.writer.now();
        let mut stored: HashMap<Identity, PriceState> = stored
            .into_iter()
            .map(|price| (identity(price.variant, &price.content), price))
            .collect();
        // Every price as it will be, with the line that says so, if one does.
        let mut after: Vec<(PriceState, Option<usize>)> = Vec::new();
        let mut changes = Changes::default();
        for (index, (line, variant)) in lines.iter().zip(variants).enumerate() {
            let price = match stored.remove(&identity(variant.0, &line.content)) {
                Some(state) => {
                    let mut price = Price::load(state);
                    price.revise(line.content, now)?;
                    price
                }
                None => Price::create(PriceId::new(self.writer.id()), list, *variant, line.content, now),
            };
            after.push((price.state().clone(), Some(index)));
            match price.into_change() {
                Some(change) => {
                    let count = if change.before.is_some() {
                        &mut counts.updated
                    } else {
                        &mut counts.created
                    };
                    *count += 1;
                    changes.prices.push(change);
                }
                None => counts.unchanged += 1,
            }
        }
        after.extend(stored.into_values().map(|price| (price, None)));
        refuse_overlaps(&after)?;
        Ok(changes)
    }
}

/// The database holds this too; looking first tells which line it is. In the order of their starts, of prices that
/// exclude each other two stand side by side.
fn refuse_overlaps(prices: &[(PriceState, Option<usize>)]) -> Result<(), CatalogError> {
    let mut timelines: BTreeMap<_, Vec<&(PriceState, Option<usize>)>> = BTreeMap::new();
    for entry in prices {
        let content = &entry.0.content;
        let timeline = (
            entry.0.variant,
            content.price.amount().currency(),
            content.min_quantity,
        );
        timelines.entry(timeline).or_default().push(entry);
    }
    let mut conflicts: Vec<(usize, Option<PriceId>)> = Vec::new();
    for timeline in timelines.values_mut() {
        timeline.sort_by_key(|(price, _)| price.content.validity.from());
        for pair in timeline.windows(2) {
            if let [(one, line_of_one), (other, line_of_other)] = pair
                && one.excludes(other)
            {
                let (line, existing) = match (line_of_one, line_of_other) {
                    (Some(a), Some(b)) => ((*a).max(*b), None),
                    (Some(line), None) => (*line, Some(other.id)),
                    (None, Some(line)) => (*line, Some(one.id)),
                    (None, None) => continue,
                };
                conflicts.push((line, existing));
            }
        }
    }
    match conflicts.into_iter().min_by_key(|(line, _)| *line) {
        None => Ok(()),
        Some((line, existing)) => Err(CatalogError::Conflict {
            rule: ConflictRule::PriceOverlap,
            pointer: format!("/lines/{line}/validFrom"),
            existing: existing.map(PriceId::uuid),
            affected: None,
        }),
    }
}
