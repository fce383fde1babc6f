#![expect(clippy::indexing_slicing, reason = "tests may panic")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use uuid::Uuid;

use super::*;
use crate::pricing::{Conditions, PriceListContent, base_list};
use crate::resource::State;
use crate::value::{Currency, Locale, Localized, Metadata, Money, Text};
use crate::{PriceListId, Record};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(seconds, 0).unwrap_or_else(|| unreachable!())
}

fn valid<T, E: std::fmt::Debug>(value: Result<T, E>) -> T {
    value.unwrap_or_else(|e| unreachable!("{e:?}"))
}

fn quantity(quantity: u64) -> Quantity {
    valid(Quantity::new(quantity))
}

fn validity(from: Option<i64>, until: Option<i64>) -> Validity {
    valid(Validity::new(from.map(at), until.map(at)))
}

fn price(minor: i64, code: &str) -> value::Price {
    valid(value::Price::new(
        valid(Money::from_minor(minor, valid(Currency::parse(code)))),
        None,
    ))
}

fn list_id(number: usize) -> PriceListId {
    match number {
        0 => base_list(),
        n => PriceListId::new(Uuid::from_u128(0x100 + n as u128)),
    }
}

fn channel(number: u128) -> ChannelId {
    ChannelId::new(Uuid::from_u128(0x200 + number))
}

/// An active list without conditions.
fn list(number: usize, priority: u32) -> PriceListState {
    let name = [(valid(Locale::parse("en")), valid(Text::parse("List")))];
    State {
        id: list_id(number),
        record: Record::new(at(0)),
        content: PriceListContent {
            key: valid(Key::parse(format!("list-{number}"))),
            name: valid(Localized::new(BTreeMap::from(name))),
            priority,
            validity: Validity::ALWAYS,
            conditions: Conditions::default(),
            status: PriceListStatus::Active,
            metadata: Metadata::default(),
        },
    }
}

fn offer(list: &PriceListState, id: u128, least: u64, validity: Validity) -> Offer<'_> {
    Offer {
        list,
        id: Some(PriceId::new(Uuid::from_u128(0x300 + id))),
        price: price(1000 + i64::try_from(id).unwrap_or_default(), "EUR"),
        min_quantity: quantity(least),
        validity,
    }
}

fn now(seconds: i64) -> Circumstances {
    Circumstances {
        channel: Some(channel(0)),
        channel_lists: Vec::new(),
        country: Some(valid(Country::parse("DE"))),
        customer_groups: BTreeSet::from([valid(Key::parse("vip"))]),
        at: at(seconds),
    }
}

fn winner(
    offers: &[Offer<'_>],
    quantity: Quantity,
    circumstances: &Circumstances,
) -> Option<(PriceListId, Option<PriceId>)> {
    resolve(offers, quantity, circumstances)
        .answer
        .map(|answer| (answer.offer.list.id, answer.offer.id))
}

#[test]
fn every_step_of_the_rule_decides_where_those_before_are_equal() {
    let base = list(0, 0);
    let (first, second) = (list(1, 5), list(2, 5));
    let mut specific = list(3, 5);
    specific.content.conditions.countries = vec![valid(Country::parse("DE"))];
    let carried = Offer {
        id: None,
        ..offer(&base, 0, 1, Validity::ALWAYS)
    };
    let in_base = offer(&base, 1, 1, Validity::ALWAYS);
    let old = offer(&second, 2, 1, Validity::ALWAYS);
    let tier = offer(&second, 3, 10, Validity::ALWAYS);
    let newer = offer(&second, 4, 10, validity(Some(5), None));
    let rival = offer(&first, 5, 10, validity(Some(5), None));
    let for_country = offer(&specific, 6, 1, Validity::ALWAYS);
    let all = [carried, in_base, old, tier, newer, rival, for_country];
    let circumstances = now(10);
    let reasons: Vec<_> = {
        let answer = resolve(&all, quantity(10), &circumstances).answer;
        let reason = |offer| circumstances.reason(offer, quantity(10), answer.as_ref());
        all.iter().map(reason).collect()
    };
    let lower = Some(Reason::LowerPriority);
    let less = Some(Reason::LessSpecific);
    assert_eq!(reasons, [lower, lower, less, less, less, less, None]);

    // Taken away one after the other, the next one wins.
    for (remaining, loser, reason) in [
        (&all[..6], 4, Reason::HigherId),
        (&all[..5], 3, Reason::OlderStart),
        (&all[..4], 2, Reason::SmallerQuantity),
        (&all[..3], 1, Reason::LowerPriority),
        (&all[..2], 0, Reason::Overridden),
    ] {
        let answer = resolve(remaining, quantity(10), &circumstances).answer;
        assert_eq!(answer.map(|a| a.offer.id), remaining.last().map(|o| o.id));
        let against = circumstances.reason(&remaining[loser], quantity(10), answer.as_ref());
        assert_eq!(against, Some(reason));
    }

    let ordered = Circumstances {
        channel_lists: vec![second.id, specific.id],
        ..circumstances
    };
    assert_eq!(winner(&all, quantity(10), &ordered), Some((second.id, newer.id)));
    let answer = resolve(&all, quantity(10), &ordered).answer;
    let reason = |offer| ordered.reason(offer, quantity(10), answer.as_ref());
    assert_eq!(reason(&for_country), Some(Reason::LaterInChannel));
    assert_eq!(reason(&rival), Some(Reason::ListNotInChannel));
}

#[test]
fn a_sale_holds_from_its_start_to_its_end_and_the_end_is_told() {
    let (base, sale) = (list(0, 0), list(1, 1));
    let offers = [
        offer(&base, 1, 1, Validity::ALWAYS),
        offer(&sale, 2, 1, validity(Some(10), Some(20))),
    ];
    let seen = |seconds| {
        let resolution = resolve(&offers, Quantity::ONE, &now(seconds));
        (
            resolution.answer.map(|a| a.offer.list.id == sale.id),
            resolution.valid_until,
        )
    };
    assert_eq!(seen(9), (Some(false), Some(at(10))));
    assert_eq!(seen(10), (Some(true), Some(at(20))));
    assert_eq!(seen(19), (Some(true), Some(at(20))));
    assert_eq!(seen(20), (Some(false), None));
    // A quantity that is not reached is never reached by waiting.
    let bulk = [offer(&sale, 2, 5, validity(Some(10), Some(20)))];
    assert_eq!(resolve(&bulk, Quantity::ONE, &now(9)).valid_until, None);
    assert_eq!(resolve(&bulk, quantity(5), &now(9)).valid_until, Some(at(10)));
}

#[test]
fn amounts_come_out_as_they_went_in() {
    let base = list(0, 0);
    for (code, amount) in [
        ("JPY", "1200"),
        ("EUR", "0.10"),
        ("KWD", "1.005"),
        ("CLF", "0.0001"),
        ("EUR", "9999999999999.99"),
    ] {
        let currency = valid(Currency::parse(code));
        let price = valid(value::Price::new(valid(Money::parse(amount, currency)), None));
        let offers = [Offer {
            price,
            ..offer(&base, 1, 1, Validity::ALWAYS)
        }];
        let answer = resolve(&offers, Quantity::ONE, &now(0)).answer;
        assert_eq!(
            answer.map(|a| a.offer.price.amount().amount()),
            Some(amount.to_owned())
        );
    }
}

fn any_validity() -> impl Strategy<Value = Validity> {
    let instant = prop::option::weighted(0.4, 0..8i64);
    (instant.clone(), instant).prop_filter_map("empty", |(from, until)| {
        Validity::new(from.map(at), until.map(at)).ok()
    })
}

fn any_list(number: usize) -> impl Strategy<Value = PriceListState> {
    let countries = subsequence(vec!["DE", "FR"], 0..=1);
    let channels = subsequence(vec![0, 1], 0..=1);
    let groups = subsequence(vec!["vip", "staff"], 0..=2);
    (
        0..2u32,
        any_validity(),
        channels,
        countries,
        groups,
        prop::bool::weighted(0.9),
    )
        .prop_map(move |(priority, validity, channels, countries, groups, active)| {
            let mut list = list(number, priority);
            list.content.validity = validity;
            list.content.conditions = Conditions {
                channels: channels.into_iter().map(channel).collect(),
                countries: countries.into_iter().map(|c| valid(Country::parse(c))).collect(),
                customer_groups: groups.into_iter().map(|g| valid(Key::parse(g))).collect(),
            };
            if !active {
                list.content.status = PriceListStatus::Inactive;
            }
            list
        })
}

type Line = (Index, u64, Validity);

fn world() -> impl Strategy<Value = (Vec<PriceListState>, Vec<Line>)> {
    let lists = (any_list(0), any_list(1), any_list(2), any_list(3));
    let lists = lists.prop_map(|(a, b, c, d)| vec![a, b, c, d]);
    let lines = prop::collection::vec((any::<Index>(), 1..5u64, any_validity()), 0..12);
    (lists, lines)
}

fn any_circumstances() -> impl Strategy<Value = Circumstances> {
    let channel_lists = prop_oneof![Just(vec![]), subsequence(vec![0, 1, 2, 3], 1..4).prop_shuffle()];
    let country = select(vec![None, Some("DE"), Some("FR")]);
    let groups = subsequence(vec!["vip", "staff"], 0..=2);
    (
        prop::option::of(0..2u128),
        channel_lists,
        country,
        groups,
        0..8i64,
    )
        .prop_map(|(in_channel, lists, country, groups, seconds)| Circumstances {
            channel: in_channel.map(channel),
            channel_lists: lists.into_iter().map(list_id).collect(),
            country: country.map(|c| valid(Country::parse(c))),
            customer_groups: groups.into_iter().map(|g| valid(Key::parse(g))).collect(),
            at: at(seconds),
        })
}

fn offers<'a>(lists: &'a [PriceListState], lines: &[Line]) -> Vec<Offer<'a>> {
    let line = |(number, (list, least, validity)): (usize, &Line)| {
        let offer = offer(list.get(lists), number as u128, *least, *validity);
        // The first stands for what the variant carries.
        if number > 0 {
            return offer;
        }
        Offer {
            list: &lists[0],
            id: None,
            min_quantity: Quantity::ONE,
            validity: Validity::ALWAYS,
            ..offer
        }
    };
    lines.iter().enumerate().map(line).collect()
}

fn keep<'a, K: Ord>(left: &mut Vec<Offer<'a>>, key: impl Fn(&Offer<'a>) -> K) {
    let best = left.iter().map(&key).max();
    left.retain(|o| Some(key(o)) == best);
}

/// The rule as it is told to people, one step after the other.
fn by_the_book<'a>(offers: &[Offer<'a>], quantity: Quantity, c: &Circumstances) -> Option<Offer<'a>> {
    let mut left: Vec<Offer<'a>> = offers
        .iter()
        .filter(|o| {
            let content = &o.list.content;
            let conditions = &content.conditions;
            content.status == PriceListStatus::Active
                && content.validity.contains(c.at)
                && o.validity.contains(c.at)
                && o.min_quantity <= quantity
                && (c.channel_lists.is_empty() || c.channel_lists.contains(&o.list.id))
                && (conditions.channels.is_empty()
                    || c.channel.is_some_and(|x| conditions.channels.contains(&x)))
                && (conditions.countries.is_empty()
                    || c.country.is_some_and(|x| conditions.countries.contains(&x)))
                && (conditions.customer_groups.is_empty()
                    || conditions
                        .customer_groups
                        .iter()
                        .any(|g| c.customer_groups.contains(g)))
        })
        .copied()
        .collect();
    keep(&mut left, |o| o.list.content.priority);
    keep(&mut left, |o| {
        Reverse(c.channel_lists.iter().position(|id| *id == o.list.id))
    });
    keep(&mut left, |o| o.list.content.conditions.specificity());
    keep(&mut left, |o| o.min_quantity);
    keep(&mut left, |o| o.id.is_some());
    keep(&mut left, |o| {
        o.validity.from().map_or(i64::MIN, |from| from.timestamp_micros())
    });
    keep(&mut left, |o| Reverse(o.list.id));
    keep(&mut left, |o| Reverse(o.id));
    assert!(left.len() <= 1, "the rule leaves a tie");
    left.pop()
}

proptest! {
    #[test]
    fn a_naive_reference_agrees((lists, lines) in world(), c in any_circumstances(), pieces in 1..6u64) {
        let offers = offers(&lists, &lines);
        let expected = by_the_book(&offers, quantity(pieces), &c);
        prop_assert_eq!(
            winner(&offers, quantity(pieces), &c),
            expected.map(|o| (o.list.id, o.id))
        );
    }

    #[test]
    fn the_order_of_the_offers_does_not_matter(
        ((lists, lines), order) in world().prop_flat_map(|(lists, lines)| {
            let order = Just((0..lines.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just((lists, lines)), order)
        }),
        c in any_circumstances(),
    ) {
        let offers = offers(&lists, &lines);
        let shuffled: Vec<_> = order.iter().map(|index| offers[*index]).collect();
        let (one, other) = (resolve(&offers, quantity(3), &c), resolve(&shuffled, quantity(3), &c));
        let told = |r: &Resolution<'_>| (r.answer.map(|a| (a.offer.list.id, a.offer.id)), r.valid_until);
        prop_assert_eq!(told(&one), told(&other));
    }

    #[test]
    fn until_the_instant_that_is_told_the_answer_stays_and_then_it_changes(
        (lists, lines) in world(),
        c in any_circumstances(),
    ) {
        let offers = offers(&lists, &lines);
        let told = resolve(&offers, quantity(3), &c);
        let later = |seconds: i64| {
            let later = Circumstances { at: at(seconds), ..c.clone() };
            by_the_book(&offers, quantity(3), &later).map(|o| (o.list.id, o.id))
        };
        let first_change = (c.at.timestamp()..10).find(|s| later(*s) != later(c.at.timestamp()));
        prop_assert_eq!(told.valid_until, first_change.map(at));
    }

    #[test]
    fn every_offer_but_the_winner_is_told_why(
        (lists, lines) in world(),
        c in any_circumstances(),
    ) {
        let offers = offers(&lists, &lines);
        let answer = resolve(&offers, quantity(3), &c).answer;
        let unexplained: Vec<_> = offers
            .iter()
            .filter(|offer| c.reason(offer, quantity(3), answer.as_ref()).is_none())
            .map(|offer| (offer.list.id, offer.id))
            .collect();
        let expected: Vec<_> = answer.iter().map(|a| (a.offer.list.id, a.offer.id)).collect();
        prop_assert_eq!(unexplained, expected);
    }
}
