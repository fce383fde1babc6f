//! The demo catalog: any number of believable products for trying Vitrine at size.
//!
//! Line `i` depends on the seed and `i` alone, never on how many lines are asked for, so a bigger
//! catalog contains the smaller one and the same command always writes the same bytes.

mod category;
mod ground;
mod line;
mod price;
mod product;
mod random;
mod variant;
mod words;

use std::sync::Arc;

use price::List;
use words::Words;

/// NDJSON lines, without their line ends, in the import format: product types, channels and price lists first, then the
/// category tree, parents before children, `products` products with three variants each on average, and what some of them
/// cost in the lists.
///
/// Keys, slugs, SKUs and GTINs are made from the product's index, so they are unique within a
/// catalog and two seeds loaded after one another replace each other. The tree has 40 categories
/// up to 1,000 products and grows to 400 just past a million. Memory stays flat whatever `products` is.
pub fn catalog(products: u64, seed: u64) -> impl Iterator<Item = String> + Send {
    let words = Arc::new(Words::load());
    let ground = ground::lines(&words).into_iter().map(|line| line.to_string());
    let categories = {
        let words = Arc::clone(&words);
        (0..category::count(&words, products)).filter_map(move |n| {
            let line = category::line(&words, n)?;
            serde_json::to_string(&line).ok()
        })
    };
    let sold = Arc::clone(&words);
    let prices = List::ALL.into_iter().flat_map(move |list| {
        let words = Arc::clone(&sold);
        // List by list, so that many are written at once.
        (0..products).flat_map(move |index| {
            let product = product::line(&words, seed, index);
            let lines = product.map(|product| list.lines(&product, seed, index));
            lines.unwrap_or_default().into_iter().map(|line| line.to_string())
        })
    });
    let products = (0..products).filter_map(move |index| {
        let line = product::line(&words, seed, index)?;
        serde_json::to_string(&line).ok()
    });
    ground.chain(categories).chain(products).chain(prices)
}

#[cfg(test)]
mod tests;
