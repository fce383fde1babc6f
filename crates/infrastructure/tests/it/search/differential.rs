//! The engine against the reference, on made-up catalogs that change while they are asked about.
//!
//! `TEST_SEARCH_REQUESTS` says how many requests each of these tests makes (2,000 when it is not set), `TEST_SEARCH_SEED`
//! with which history it begins (0). A failure says the seed of its history; it is then asked again of a new index and made
//! smaller as long as it fails.

use application::search::{Bound, FacetCounts, Filter, Found, Plane, Query, Test, Value};

use super::generate::{Dice, World};
use super::history::{History, outcome};
use super::reference::click;

const REQUESTS_PER_HISTORY: u64 = 80;

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {value}")),
    )
}

/// The seeds of the histories.
pub(super) fn seeds(share: u64) -> std::ops::Range<u64> {
    let first = from_environment("TEST_SEARCH_SEED").unwrap_or(0);
    let requests = from_environment("TEST_SEARCH_REQUESTS").unwrap_or(2_000) / share;
    first..first + requests.div_ceil(REQUESTS_PER_HISTORY)
}

async fn agrees(plane: Plane, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let mut history = History::begin(plane, seed).await;
        for _ in 0..8 {
            history.go_on().await;
            for _ in 0..REQUESTS_PER_HISTORY / 10 {
                history.ask().await;
            }
            history.suggest().await;
            history.walk().await;
        }
    }
}

#[tokio::test]
async fn the_store_s_index_agrees_with_plain_loops() {
    agrees(Plane::Store, seeds(2)).await;
}

#[tokio::test]
async fn the_management_s_index_agrees_with_plain_loops() {
    let seeds = seeds(2);
    // Other ones than those of the store.
    agrees(Plane::Management, seeds.start + 1_000_000..seeds.end + 1_000_000).await;
}

/// Of the engine alone: what it says beside a value is what it finds after the click.
#[tokio::test]
async fn a_facet_s_count_is_what_its_click_finds() {
    for seed in seeds(5) {
        let mut history = History::begin(Plane::Store, seed).await;
        history.go_on().await;
        for _ in 0..REQUESTS_PER_HISTORY {
            let query = history.query();
            clicks(&query, async |query| outcome(history.search(query).await))
                .await
                .unwrap_or_else(|fault| panic!("seed {seed}: {fault}\n{query:#?}"));
        }
    }
}

pub(super) async fn clicks(
    query: &Query,
    search: impl AsyncFn(Query) -> Result<Found, String>,
) -> Result<(), String> {
    let found = search(query.clone()).await?;
    for (facet, counts) in query.facets.iter().zip(found.facets) {
        let hits = async |test: Test| {
            let clicked = Query {
                filter: click(&query.filter, &facet.column, test, facet.disjunctive),
                facets: Vec::new(),
                after: None,
                limit: 0,
                ..query.clone()
            };
            search(clicked).await.map(|found| found.total)
        };
        let mut counted: Vec<(Test, u64)> = Vec::new();
        let mut beyond = Vec::new();
        match counts {
            FacetCounts::Terms { values, .. } => {
                counted.extend(
                    values
                        .into_iter()
                        .map(|(value, count)| (Test::In(vec![value]), count)),
                );
            }
            FacetCounts::Ranges(counts) => {
                let application::search::FacetKind::Ranges(ranges) = &facet.kind else {
                    return Err("ranges of no ranges".to_owned());
                };
                let tests = ranges
                    .iter()
                    .map(|(from, to)| Test::Range(from.clone(), to.clone()));
                counted.extend(tests.zip(counts));
            }
            FacetCounts::Stats { min, max, count } => {
                counted.push((Test::Exists(true), count));
                // Nobody has less than the least, and someone has it.
                beyond.extend(
                    min.clone()
                        .map(|min| Test::Range(Bound::Unbounded, Bound::Excluded(min))),
                );
                beyond.extend(
                    max.clone()
                        .map(|max| Test::Range(Bound::Excluded(max), Bound::Unbounded)),
                );
                for extreme in min.into_iter().chain(max) {
                    if hits(Test::In(vec![extreme.clone()])).await? == 0 {
                        return Err(format!("{facet:?}: nobody has {extreme:?}"));
                    }
                }
            }
            FacetCounts::Tree(counts) => {
                let application::search::FacetKind::Tree(tree) = &facet.kind else {
                    return Err("a tree of no tree".to_owned());
                };
                let branch = |category| super::reference::branch(tree, category);
                counted.extend(
                    counts
                        .into_iter()
                        .map(|(category, count)| (Test::In(branch(category)), count)),
                );
            }
        }
        counted.extend(beyond.into_iter().map(|test| (test, 0)));
        for (test, count) in counted {
            let clicked = hits(test.clone()).await?;
            if clicked != count {
                return Err(format!(
                    "{:?}: {test:?} counts {count}, its click finds {clicked}",
                    facet.column
                ));
            }
        }
    }
    Ok(())
}

/// The generator makes what it is there for: enough texts find something, filters hold and do not, facets count.
#[test]
fn requests_meet_their_catalogs() {
    let (mut texts, mut found, mut not_found, mut facets, mut counted) = (0, 0, 0, 0, 0);
    for seed in 0..6 {
        let mut dice = Dice::new(seed);
        let world = World::new(&mut dice);
        let mut reference = super::reference::Reference::new(world.layout.clone());
        for number in 0..40 {
            reference.put(world.document(&mut dice, number));
        }
        let passages = reference.passages();
        for _ in 0..60 {
            let query = world.query(&mut dice, &passages);
            let answer = reference.search(&query);
            if query.text.is_some() {
                texts += 1;
                let by_text = Query {
                    filter: Filter::All(Vec::new()),
                    visit: None,
                    facets: Vec::new(),
                    ..query
                };
                found += u32::from(reference.search(&by_text).total > 0);
            } else {
                not_found += u32::from(answer.total == 0);
            }
            facets += answer.facets.len();
            counted += answer.facets.iter().filter(|counts| is_something(counts)).count();
        }
    }
    assert!(found * 2 > texts, "{found} of {texts} texts find something");
    assert!(
        counted * 5 > facets,
        "{counted} of {facets} facets count something"
    );
    assert!(
        not_found > 20 && not_found < 120,
        "{not_found} filters find nothing"
    );
}

fn is_something(counts: &FacetCounts) -> bool {
    match counts {
        FacetCounts::Terms { values, .. } => values.iter().any(|(value, _)| *value != Value::Number(0)),
        FacetCounts::Ranges(counts) => counts.iter().any(|count| *count > 0),
        FacetCounts::Stats { count, .. } => *count > 0,
        FacetCounts::Tree(counts) => !counts.is_empty(),
    }
}
