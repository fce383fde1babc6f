//! Pages, while the index changes beneath them.

use super::*;

fn starred(number: u128, stars: i64) -> Document {
    let variants = vec![variant(number, &[("colour", text("blue"))])];
    let stars = [("stars", Value::Number(stars))];
    product(
        number,
        if stars[0].1 == Value::Number(-1) {
            &[]
        } else {
            &stars
        },
        variants,
    )
}

fn stars(descending: bool) -> Vec<Sort> {
    by(SortKey::Column(column("stars", Level::Product, true)), descending)
}

#[tokio::test]
async fn nothing_is_seen_twice_or_missed_that_stays() {
    for descending in [false, true] {
        let start: Vec<_> = (1..=40)
            .map(|number| starred(number, i64::try_from(number % 7).unwrap() - 1))
            .collect();
        let shop = Shop::of(start.clone()).await;
        let query = Query {
            sort: stars(descending),
            limit: 3,
            ..all()
        };
        let whole = ids(&shop
            .search(Query {
                limit: 200,
                ..query.clone()
            })
            .await);
        let (mut seen, mut after, mut round) = (Vec::new(), None, 1);
        loop {
            let found = shop
                .search(Query {
                    after: after.clone(),
                    ..query.clone()
                })
                .await;
            let of_start = found
                .hits
                .iter()
                .map(|hit| hit.id.uuid().as_u128())
                .filter(|id| *id <= 40);
            seen.extend(of_start);
            let Some(last) = found.hits.last() else {
                assert!(!found.has_more);
                break;
            };
            // Others come with values of their own and go, and those that were the last on their page, too; others are replaced by
            // themselves, which moves them into other segments.
            let last_id = last.id.uuid().as_u128();
            let value = i64::try_from(round % 9).unwrap() - 1;
            let untouched = start[usize::try_from(round).unwrap() % 40].clone();
            let gone = if last_id > 40 {
                vec![last_id]
            } else {
                vec![100 + round - 1]
            };
            shop.apply(
                vec![starred(100 + round, value), untouched],
                &gone,
                i64::try_from(round).unwrap(),
            )
            .await;
            after = Some(last.place.clone());
            round += 1;
            if !found.has_more {
                break;
            }
        }
        assert_eq!(seen, whole, "descending: {descending}");
        assert!(shop.index.status(Plane::Store).segments < 10);
    }
}

#[tokio::test]
async fn a_cursor_may_stand_where_nothing_is_any_more() {
    let shop = Shop::of(
        (1..=9)
            .map(|number| starred(number, i64::try_from(number).unwrap() * 10))
            .collect(),
    )
    .await;
    let query = Query {
        sort: stars(false),
        limit: 2,
        ..all()
    };
    let first = shop.search(query.clone()).await;
    assert_eq!((ids(&first), first.has_more, first.total), (vec![1, 2], true, 9));
    shop.build(
        (3..=9)
            .map(|number| starred(number, i64::try_from(number).unwrap() * 10))
            .collect(),
        1,
    )
    .await;
    let second = shop
        .search(Query {
            after: Some(first.hits[1].place.clone()),
            ..query.clone()
        })
        .await;
    assert_eq!(
        (ids(&second), second.has_more, second.total),
        (vec![3, 4], true, 7)
    );
    let none = shop.search(Query { limit: 0, ..query }).await;
    assert_eq!((ids(&none), none.has_more, none.total), (vec![], true, 7));
}
