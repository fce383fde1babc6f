//! Search against a reference that cannot be wrong for being clever.

mod generate;
mod reference;

use generate::{Dice, World};
use reference::Reference;

#[test]
fn try_it() {
    let begun = std::time::Instant::now();
    let (mut total, mut found, mut facets, mut texts) = (0, 0, 0, [0; 3]);
    for seed in 0..30 {
        let mut dice = Dice::new(seed);
        let world = World::new(&mut dice);
        let mut reference = Reference::new(world.layout.clone());
        for number in 0..60 {
            reference.put(world.document(&mut dice, number));
        }
        let passages: Vec<_> = reference.documents().flat_map(|d| d.passages.clone()).collect();
        for _ in 0..100 {
            let query = world.query(&mut dice, &passages);
            let result = reference.search(&query);
            total += 1;
            found += result.total;
            facets += result.facets.len();
            texts[if query.text.is_none() { 0 } else if result.total == 0 { 1 } else { 2 }] += 1;
            reference.suggest(&world.suggest_request(&mut dice, &passages));
        }
    }
    panic!("{total} {found} {facets} {texts:?} {:?}", begun.elapsed());
}
