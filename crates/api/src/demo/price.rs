//! The prices of the demo's lists, made from what the products cost.

use serde_json::{Value, json};

use super::line::{Money, Product, Variant, decimal_of};
use super::random::Random;

/// A list of the demo: what each product is drawn by, and the prices of one.
#[derive(Clone, Copy)]
pub(super) enum List {
    Sale,
    Trade,
}

impl List {
    pub(super) const ALL: [Self; 2] = [Self::Sale, Self::Trade];

    /// The prices of the product at `index` in the list: none of most.
    pub(super) fn lines(self, product: &Product, seed: u64, index: u64) -> Vec<Value> {
        let random = &mut Random::new(seed.rotate_left(17) ^ self.salt(), index);
        match self {
            Self::Sale if random.chance(20) => {
                let percent = random.pick(&[70, 80, 85, 90]).copied().unwrap_or(90);
                let line = |variant| sale(variant, percent);
                product.variants.iter().filter_map(line).collect()
            }
            Self::Trade if random.chance(30) => {
                let line = |variant| trade(variant, "EUR").into_iter().chain(trade(variant, "GBP"));
                product.variants.iter().flat_map(line).collect()
            }
            Self::Sale | Self::Trade => Vec::new(),
        }
    }

    const fn salt(self) -> u64 {
        match self {
            Self::Sale => 0x5a1e,
            Self::Trade => 0x7bad_e000,
        }
    }
}

fn sale(variant: &Variant, percent: u64) -> Option<Value> {
    let (money, cents) = costs(variant, "EUR")?;
    let now = (cents * percent / 100).max(1);
    // What is crossed out is more than what is asked.
    (now < cents).then(|| {
        json!({
            "resource": "price", "priceList": "key:demo-sale", "variant": format!("sku:{}", variant.sku),
            "currency": money.currency, "amount": decimal_of(now, 100), "compareAt": money.amount,
        })
    })
}

/// For those who take ten.
fn trade(variant: &Variant, currency: &str) -> Option<Value> {
    let (money, cents) = costs(variant, currency)?;
    Some(json!({
        "resource": "price", "priceList": "key:demo-trade", "variant": format!("sku:{}", variant.sku),
        "currency": money.currency, "amount": decimal_of((cents * 78 / 100).max(1), 100), "minQuantity": 10,
    }))
}

/// What a variant costs in a currency of hundredths, and how many these are.
fn costs<'v>(variant: &'v Variant, currency: &str) -> Option<(&'v Money, u64)> {
    let money = variant.prices.iter().find(|money| money.currency == currency)?;
    Some((money, money.amount.replace('.', "").parse().ok()?))
}
