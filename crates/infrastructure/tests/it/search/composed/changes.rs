//! What happens to the catalog. All of it may be refused.

use std::collections::BTreeSet;

use application::search::SearchSettings;
use application::store::Changes;
use domain::category::Category;
use domain::pricing::{Price, PriceContent};
use domain::product::{Product, Variant};
use domain::resource::{Content, Resource, State};
use domain::value::{self, Money};
use domain::{Change, Timestamp};

use super::shop::{Item, Shop};

impl Shop {
    /// Something that happens to the catalog; it may be refused.
    pub(super) fn change(&mut self) -> Changes {
        match self.dice.below(100) {
            0..30 => self.edit(),
            30..58 => self.advance(),
            58..73 => self.price(),
            73..80 => self.relist(),
            80..87 => self.refile(),
            87..92 => self.retype(),
            92..96 => self.resettle(),
            _ => {
                let mut changes = Changes::default();
                for _ in 0..4 {
                    let Changes {
                        products,
                        variants,
                        prices,
                        ..
                    } = self.edit();
                    let is_there = |id| changes.products.iter().any(|change| change.after.id == id);
                    let is_other = products.first().is_some_and(|change| !is_there(change.after.id));
                    if is_other {
                        changes.products.extend(products);
                        changes.variants.extend(variants);
                        changes.prices.extend(prices);
                    }
                }
                changes
            }
        }
    }

    /// One of the products, deleted ones too.
    fn any(&mut self) -> Option<Item> {
        let all: Vec<&Item> = self.items.values().collect();
        (!all.is_empty()).then(|| (*self.dice.pick(&all)).clone())
    }

    /// A product that is new, or says something else.
    pub(super) fn edit(&mut self) -> Changes {
        let is_new = self.items.len() < 16 || self.items.len() < 40 && self.dice.percent(15);
        let known = if is_new { None } else { self.any() };
        if known.as_ref().is_some_and(Item::is_deleted) {
            return Changes::default();
        }
        let number = self.number();
        let document = self.world.document(&mut self.dice, number);
        let at = self.time();
        let mut of = self.dice.pick(&self.types).id;
        let mut product = match &known {
            None => Product::create(document.id, self.content(&document, number, of), at),
            Some(known) => {
                let mut product = Product::load(known.product.clone());
                if self.dice.percent(65) {
                    product.revise(self.content(&document, number, of), at).unwrap();
                } else {
                    // Only its variants change.
                    of = known.product.content.product_type;
                }
                product
            }
        };
        let id = product.state().id;
        let mut left = known.map(|known| known.variants).unwrap_or_default().into_iter();
        let mut changes = Changes::default();
        let mut colours = BTreeSet::new();
        // Mostly one thing at a time: a change hides that another one was missed.
        let is_priced = is_new || self.dice.percent(30);
        for (index, generated) in document.variants.iter().enumerate() {
            let kept = left.next();
            let content = self.variant(&document, index, kept.as_ref(), of, &mut colours);
            let variant = match kept {
                None => Variant::create(generated.id, id, content, at),
                Some(kept) => {
                    let mut variant = Variant::load(kept);
                    variant.revise(content, at).unwrap();
                    variant
                }
            };
            let owner = (variant.state().id, id);
            if is_priced {
                changes.prices.extend(self.prices_of(owner, generated, at));
            }
            changes.variants.extend(variant.into_change());
        }
        for gone in left {
            let mut variant = Variant::load(gone);
            variant.delete(at).unwrap();
            changes.variants.extend(variant.into_change());
        }
        if self.dice.percent(if is_new { 60 } else { 25 }) {
            product.stage_variants();
            let _: Result<_, _> = product.publish(at);
        }
        changes.products.extend(product.into_change());
        changes
    }

    /// Between draft, shelf and archive, or away and back.
    fn advance(&mut self) -> Changes {
        let Some(item) = self.any() else {
            return Changes::default();
        };
        let at = self.time();
        let mut product = Product::load(item.product.clone());
        if item.is_pending() {
            product.stage_variants();
        }
        let _: Result<_, _> = match self.dice.below(20) {
            _ if item.is_deleted() && self.dice.percent(80) => product.restore(at),
            0..9 => product.publish(at),
            9 | 10 => product.discard_draft(at),
            11..14 => product.unpublish(at),
            14 => product.archive(at),
            15 => product.restore(at),
            16..19 => product.delete(at),
            _ => {
                product.erase(at);
                Ok(())
            }
        };
        product.into_change().map(Changes::from).unwrap_or_default()
    }

    /// A price of a variant, or all of them, are others.
    fn price(&mut self) -> Changes {
        let at = self.time();
        let prices = self.prices.clone();
        if prices.is_empty() || self.dice.percent(40) {
            let number = self.number();
            let generated = self.world.document(&mut self.dice, number).variants;
            let variants = self
                .any()
                .filter(|item| !item.is_deleted())
                .map(|item| item.variants);
            let both = generated.iter().zip(variants.unwrap_or_default());
            let changes = both.flat_map(|(generated, v)| self.prices_of((v.id, v.product), generated, at));
            return changes.collect::<Vec<_>>().into();
        }
        let mut price = Price::load(self.dice.pick(&prices).clone());
        if self.dice.percent(30) {
            price.delete(at).unwrap();
        } else {
            let content = price.state().content;
            let minor = *self.dice.pick(&[0, 1, 100, 101, 999, 1000, 5000]);
            let amount = Money::from_minor(minor, content.price.amount().currency()).unwrap();
            let price_of = value::Price::new(amount, None).unwrap();
            let content = PriceContent {
                price: price_of,
                ..content
            };
            price.revise(content, at).unwrap();
        }
        price.into_change().map(Changes::from).unwrap_or_default()
    }

    fn relist(&mut self) -> Changes {
        let at = self.time();
        let known = self.dice.pick(&self.lists).clone();
        let other = self
            .dice
            .pick(&self.world.lists)
            .iter()
            .find(|list| list.id == known.id)
            .cloned();
        let mut content = other.map_or_else(|| known.content.clone(), |list| list.content);
        content.key = known.content.key.clone();
        if self.dice.percent(40) {
            content.priority = self.dice.pick(&self.lists).content.priority;
        }
        revised(known, content, at).map(Changes::from).unwrap_or_default()
    }

    fn refile(&mut self) -> Changes {
        let at = self.time();
        if self.categories.is_empty() {
            return Changes::default();
        }
        let mut category = Category::load(self.dice.pick(&self.categories).clone());
        if self.dice.percent(15) {
            category.delete(at).unwrap();
        } else {
            let mut content = category.state().content.clone();
            content.parent = self.dice.maybe(80, |dice| dice.pick(&self.categories).id);
            category.revise(content, at).unwrap();
        }
        category.into_change().map(Changes::from).unwrap_or_default()
    }

    fn retype(&mut self) -> Changes {
        let at = self.time();
        let known = self.dice.pick(&self.types).clone();
        let mut content = known.content.clone();
        let index = self.dice.below(content.attributes.len());
        let attribute = &mut content.attributes[index];
        attribute.searchable = !attribute.searchable;
        if content.key.as_str() == "other" {
            // The other type has the same, so that there always is one.
            attribute.filterable = !attribute.filterable;
        }
        revised(known, content, at).map(Changes::from).unwrap_or_default()
    }

    fn resettle(&mut self) -> Changes {
        let at = self.time();
        let settings: SearchSettings = (**self.dice.pick(&self.world.settings)).clone();
        revised(self.settings.clone(), settings, at)
            .map(Changes::from)
            .unwrap_or_default()
    }
}

fn revised<C: Content>(state: State<C>, content: C, at: Timestamp) -> Option<Change<State<C>>> {
    let mut resource = Resource::load(state);
    resource.revise(content, at).unwrap();
    resource.into_change()
}
