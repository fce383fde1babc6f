//! The demo catalog: any number of believable products for trying Vitrine at size.
//!
//! Line `i` depends on the seed and `i` alone, never on how many lines are asked for, so a bigger
//! catalog contains the smaller one and the same command always writes the same bytes.

mod category;
mod line;
mod product;
mod random;
mod variant;
mod words;

use std::sync::Arc;

use words::Words;

/// NDJSON lines, without their line ends, in the import format: the category tree first, parents
/// before children, then `products` products with three variants each on average.
///
/// Keys, slugs, SKUs and GTINs are made from the product's index, so they are unique within a
/// catalog and two seeds loaded after one another replace each other. The tree has 40 categories
/// up to 1,000 products and grows to 400 just past a million. Memory stays flat whatever `products` is.
pub fn catalog(products: u64, seed: u64) -> impl Iterator<Item = String> + Send {
    let words = Arc::new(Words::load());
    let categories = {
        let words = Arc::clone(&words);
        (0..category::count(&words, products)).filter_map(move |n| {
            let line = category::line(&words, n)?;
            serde_json::to_string(&line).ok()
        })
    };
    let products = (0..products).filter_map(move |index| {
        let line = product::line(&words, seed, index)?;
        serde_json::to_string(&line).ok()
    });
    categories.chain(products)
}

#[cfg(test)]
mod tests;
