//! Prices in files: those of one list that stand together are written together, and those that are bad left out.

use domain::PriceListId;

use super::importer::Importer;
use super::run::{Outcome, Run};
use super::whole::faults_of;
use crate::error::CatalogError;
use crate::fault::Fault;
use crate::pricing::{PriceDraft, PriceLine, UpsertCounts};
use crate::product::VariantRef;
use crate::resource::ResourceRef;
use crate::store::{Receipt, StoreError};

/// A price with its line.
pub(super) type PriceItem = (u64, PriceDraft);

impl Importer {
    /// Prices as they follow one another in the file. The mode does not limit them: they have no key.
    pub(super) async fn take_prices(
        &self,
        items: Vec<PriceItem>,
        run: &mut Run<'_>,
    ) -> Result<(), StoreError> {
        let mut rest = items.into_iter().peekable();
        while let Some((line, first)) = rest.next() {
            let list = first.list.clone();
            let mut together = vec![(line, first)];
            while let Some(next) = rest.next_if(|(_, price)| price.list == list) {
                together.push(next);
            }
            self.take_list(&list, together, run).await?;
        }
        Ok(())
    }

    async fn take_list(
        &self,
        list: &ResourceRef<PriceListId>,
        mut items: Vec<PriceItem>,
        run: &mut Run<'_>,
    ) -> Result<(), StoreError> {
        // What a dry run would have stored earlier cannot be looked at.
        items.retain(|(_, price)| {
            let rehearsed = rehearses(price, run);
            if rehearsed {
                run.count(Outcome::Created);
            }
            !rehearsed
        });
        while !items.is_empty() {
            let line = |(_, price): &PriceItem| PriceLine {
                variant: price.variant.clone(),
                content: price.content,
            };
            let lines: Vec<_> = items.iter().map(line).collect();
            let counts = std::sync::Mutex::new(UpsertCounts::default());
            let render = |told: &UpsertCounts, _| {
                *counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = *told;
                Receipt::none()
            };
            let written = self
                .wholes
                .prices
                .upsert(list, &lines, &run.options.context, &render)
                .await;
            let Err(error) = written else {
                run.count_prices(counts.into_inner().unwrap_or_default());
                return Ok(());
            };
            let faults = match error {
                CatalogError::NotFound(_) => {
                    let detail = "there is no such price list";
                    vec![Fault::new("/priceList", "reference_not_found", detail)]
                }
                other => faults_of(other)?,
            };
            items = refuse(items, faults, run);
        }
        Ok(())
    }
}

/// Notes what is wrong with prices, and leaves those with which nothing is; a fault that is of none is of all.
fn refuse(items: Vec<PriceItem>, faults: Vec<Fault>, run: &mut Run<'_>) -> Vec<PriceItem> {
    let mut of_lines: Vec<Vec<Fault>> = vec![Vec::new(); items.len()];
    let mut of_all = Vec::new();
    for fault in faults {
        let place = fault.pointer.strip_prefix("/lines/").map(|rest| {
            let end = rest.find('/').unwrap_or(rest.len());
            rest.split_at(end)
        });
        let located = place.and_then(|(index, field)| Some((index.parse::<usize>().ok()?, field)));
        match located.and_then(|(index, field)| Some((of_lines.get_mut(index)?, field))) {
            Some((of_line, field)) => of_line.push(Fault {
                pointer: field.to_owned(),
                ..fault
            }),
            None => of_all.push(fault),
        }
    }
    let none_is_blamed = of_lines.iter().all(Vec::is_empty);
    let mut left = Vec::new();
    for (item, faults) in items.into_iter().zip(of_lines) {
        let faults = if none_is_blamed { of_all.clone() } else { faults };
        if faults.is_empty() {
            left.push(item);
        } else {
            run.note(item.0, Err(faults));
        }
    }
    left
}

/// Whether the price is of a list or a variant that only this dry run knows.
fn rehearses(price: &PriceDraft, run: &Run<'_>) -> bool {
    let of_variant = match &price.variant {
        VariantRef::Sku(sku) => run.rehearsed.skus.contains(sku),
        VariantRef::Id(_) | VariantRef::Key(_) | VariantRef::Gtin(_) => false,
    };
    of_variant || run.rehearses([&price.list], |rehearsed| &rehearsed.lists)
}
