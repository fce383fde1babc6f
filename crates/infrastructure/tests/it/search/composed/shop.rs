//! The catalog that both databases are to have: what was written into them.

use std::collections::BTreeMap;

use application::search::{CategoryTree, Document, Plane, SearchSettingsState};
use application::store::Changes;
use domain::category::CategoryState;
use domain::channel::ChannelState;
use domain::pricing::{PriceListState, PriceState};
use domain::product::{ProductContent, ProductState, ProductStatus, VariantState};
use domain::product_type::ProductTypeState;
use domain::resource::{Content, State};
use domain::{Change, Event, ProductId, Timestamp};

use super::super::generate::{Dice, World, instant};

#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) product: ProductState,
    pub(super) variants: Vec<VariantState>,
    /// The published copy, hidden while the product is deleted.
    pub(super) live: Option<(ProductState, Vec<VariantState>)>,
}

impl Item {
    /// Whether publishing would change what shoppers see.
    pub(super) fn is_pending(&self) -> bool {
        self.live.as_ref().is_none_or(|(product, variants)| {
            let differs = |variant: &VariantState| {
                let live = variants.iter().find(|live| live.id == variant.id);
                live.is_none_or(|live| live.content != variant.content)
            };
            product.content != self.product.content || self.variants.iter().any(differs)
        })
    }

    pub(super) const fn is_deleted(&self) -> bool {
        self.product.record.deleted_at.is_some()
    }
}

pub(super) struct Shop {
    pub(super) world: World,
    pub(super) dice: Dice,
    pub(super) items: BTreeMap<ProductId, Item>,
    pub(super) prices: Vec<PriceState>,
    pub(super) categories: Vec<CategoryState>,
    pub(super) lists: Vec<PriceListState>,
    pub(super) types: Vec<ProductTypeState>,
    pub(super) channels: Vec<ChannelState>,
    pub(super) settings: SearchSettingsState,
    /// The present of everyone who asks.
    pub(super) now: Timestamp,
    made: usize,
}

impl Shop {
    /// With what is in a catalog from the beginning.
    pub(super) fn new(
        mut dice: Dice,
        world: World,
        base: PriceListState,
        settings: SearchSettingsState,
    ) -> Self {
        Self {
            now: instant(&mut dice).min(instant(&mut dice)),
            world,
            dice,
            items: BTreeMap::new(),
            prices: Vec::new(),
            categories: Vec::new(),
            lists: vec![base],
            types: Vec::new(),
            channels: Vec::new(),
            settings,
            made: 0,
        }
    }

    pub(super) fn number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    pub(super) fn time(&mut self) -> Timestamp {
        let micros = 1_800_000_000_000_000 + i64::try_from(self.number()).unwrap();
        Timestamp::from_timestamp_micros(micros).unwrap()
    }

    /// Schedules begin and end.
    pub(super) fn pass(&mut self) {
        self.now = self.now.max(instant(&mut self.dice));
    }

    /// What was stored.
    pub(super) fn absorb(&mut self, changes: &Changes) {
        let Changes {
            categories,
            products,
            variants,
            channels,
            price_lists,
            prices,
            product_types,
            search_settings,
            media: _,
            basis: _,
        } = changes.clone();
        for Change { after, .. } in categories {
            self.categories.retain(|state| state.id != after.id);
            if after.record.deleted_at.is_none() {
                self.categories.push(after);
            }
        }
        for Change { after, .. } in prices {
            self.prices.retain(|state| state.id != after.id);
            if after.record.deleted_at.is_none() {
                self.prices.push(after);
            }
        }
        take(&mut self.channels, channels);
        take(&mut self.lists, price_lists);
        take(&mut self.types, product_types);
        if let Some(change) = search_settings.into_iter().next() {
            self.settings = change.after;
        }
        for Change { after, .. } in &products {
            let new = || Item {
                product: after.clone(),
                variants: vec![],
                live: None,
            };
            self.items.entry(after.id).or_insert_with(new).product = after.clone();
        }
        for Change { after, .. } in variants {
            let item = self.items.get_mut(&after.product).unwrap();
            item.variants.retain(|state| state.id != after.id);
            if after.record.deleted_at.is_none() {
                item.variants.push(after);
            } else if let Some((_, live)) = &mut item.live {
                live.retain(|state| state.id != after.id);
            }
        }
        for Change { after, events, .. } in &products {
            let item = self.items.get_mut(&after.id).unwrap();
            if after.status != ProductStatus::Published {
                item.live = None;
            } else if events.contains(&Event::Published) {
                item.live = Some((after.clone(), item.variants.clone()));
            }
            if events.contains(&Event::Erased) {
                let gone = self.items.remove(&after.id).unwrap();
                self.prices.retain(|price| price.product != gone.product.id);
            }
        }
    }

    pub(super) fn type_of(&self, product: &ProductContent) -> &ProductTypeState {
        let mut types = self.types.iter();
        types.find(|state| state.id == product.product_type).unwrap()
    }

    pub(super) fn tree(&self) -> CategoryTree {
        let category = |state: &CategoryState| {
            let parent = state.content.parent;
            (state.id, application::search::Category { parent })
        };
        self.categories.iter().map(category).collect()
    }

    pub(super) fn documents(&self, plane: Plane) -> Vec<Document> {
        let there = self.items.values().filter(|item| !item.is_deleted());
        there.filter_map(|item| self.document(plane, item)).collect()
    }
}

fn take<C: Content>(all: &mut Vec<State<C>>, changes: Vec<Change<State<C>>>) {
    for Change { after, .. } in changes {
        match all.iter_mut().find(|state| state.id == after.id) {
            Some(state) => *state = after,
            None => all.push(after),
        }
    }
}
