#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use proptest::prelude::*;

use super::*;

fn text(text: &str) -> Json {
    Json::Text(text.to_owned())
}

fn whole(number: i64) -> Json {
    Json::Number(JsonNumber::from_signed(number))
}

fn measured(value: &str, unit: &str) -> Json {
    Json::Object(BTreeMap::from([
        ("value".to_owned(), text(value)),
        ("unit".to_owned(), text(unit)),
    ]))
}

fn eur() -> Option<Currency> {
    Currency::parse("EUR").ok()
}

fn sizes() -> FieldKind {
    FieldKind::Enum(vec![FieldChoice {
        value: "XL".to_owned(),
        names: BTreeMap::new(),
    }])
}

#[test]
fn what_is_written_comes_back() {
    let id = "01900000-0000-7000-8000-000000000001";
    for (kind, value) in [
        (FieldKind::Text, text("Blue")),
        (FieldKind::Integer, whole(-7)),
        (FieldKind::Integer, whole((1 << 53) - 1)),
        (FieldKind::Decimal, text("-0.000001")),
        (FieldKind::Decimal, text("999999999999.999999")),
        (FieldKind::Boolean, Json::Boolean(true)),
        (FieldKind::Boolean, Json::Boolean(false)),
        (FieldKind::Date, text("1000-01-01")),
        (FieldKind::Date, text("2999-12-31")),
        (FieldKind::DateTime, text("2026-01-31T12:00:00.000001Z")),
        (sizes(), text("XL")),
        (FieldKind::Measure(UnitFamily::Mass), measured("1.5", "g")),
        (
            FieldKind::Measure(UnitFamily::Temperature),
            measured("-40.5", "C"),
        ),
        (FieldKind::Weight, measured("0.001", "g")),
        (FieldKind::Reference(Target::Product), text(id)),
        (FieldKind::Category, text(id)),
        (FieldKind::Money, text("19.90")),
    ] {
        let parsed = kind.parse(&value, eur()).unwrap();
        assert_eq!(matches!(parsed, Value::Number(_)), kind.is_number(), "{kind:?}");
        assert_eq!(kind.render(&parsed, eur()), value, "{kind:?}");
    }
}

#[test]
fn one_measure_in_two_units_is_one_value() {
    let mass = FieldKind::Measure(UnitFamily::Mass);
    let parse = |kind: &FieldKind, value, unit| kind.parse(&measured(value, unit), None).unwrap();
    assert_eq!(parse(&mass, "1", "kg"), parse(&mass, "1000", "g"));
    assert_eq!(mass.render(&parse(&mass, "1", "kg"), None), measured("1000", "g"));
    // Too fine for milligrams: cut, for those who ask as for those who have.
    assert_eq!(parse(&FieldKind::Weight, "1", "oz"), Value::Number(28_349));
}

#[test]
fn values_of_other_kinds_are_refused() {
    for (kind, value, code) in [
        (FieldKind::Text, whole(1), "wrong_type"),
        (FieldKind::Text, text(""), "required"),
        (FieldKind::Integer, text("1"), "wrong_type"),
        (FieldKind::Integer, whole(i64::MAX), "out_of_range"),
        (FieldKind::Decimal, whole(1), "wrong_type"),
        (FieldKind::Decimal, text("1e3"), "pattern"),
        (FieldKind::Boolean, text("true"), "wrong_type"),
        (FieldKind::Date, text("2026-02-30"), "pattern"),
        (FieldKind::DateTime, text("2026-02-01"), "pattern"),
        (sizes(), text("xl"), "not_in_enum"),
        (
            FieldKind::Measure(UnitFamily::Mass),
            measured("1", "m"),
            "unit_family",
        ),
        (FieldKind::Weight, text("1 kg"), "wrong_type"),
        (FieldKind::Reference(Target::Product), text("mug"), "pattern"),
        (FieldKind::Money, whole(1), "wrong_type"),
        (FieldKind::Money, text("1.999"), "currency_digits"),
        (FieldKind::Money, Json::Null, "wrong_type"),
    ] {
        assert_eq!(
            kind.parse(&value, eur()).unwrap_err().code,
            code,
            "{kind:?} {value:?}"
        );
    }
    let without = FieldKind::Money.parse(&text("1"), None).unwrap_err();
    assert_eq!(without.code, "required");
}

#[test]
fn what_is_in_a_column_by_damage_is_shown_as_nothing() {
    for (kind, value) in [
        (FieldKind::Integer, Value::Text("1".to_owned())),
        (
            FieldKind::Measure(UnitFamily::Mass),
            Value::Text("no number".to_owned()),
        ),
        (FieldKind::Date, Value::Number(i64::MAX)),
        (FieldKind::DateTime, Value::Number(i64::MAX)),
        (FieldKind::Decimal, Value::Number(i64::MIN)),
        (FieldKind::Weight, Value::Number(i64::MAX)),
        (FieldKind::Money, Value::Number(-1)),
    ] {
        assert_eq!(kind.render(&value, eur()), Json::Null, "{kind:?}");
    }
}

/// Two numbers, near one another or not, with what the kind makes of them.
fn decimals() -> impl Strategy<Value = (i64, i64)> {
    let any = -999_999_999_999_999_999_i64..=999_999_999_999_999_999;
    prop_oneof![
        (any.clone(), any.clone()),
        (any, -2_i64..=2).prop_map(|(one, by)| (
            one,
            (one + by).clamp(-999_999_999_999_999_999, 999_999_999_999_999_999)
        )),
    ]
}

fn number(millionths: i64) -> Number {
    Number::from_millionths(millionths.into()).unwrap()
}

proptest! {
    #[test]
    fn decimals_keep_their_order((one, other) in decimals()) {
        let value = |n| FieldKind::Decimal.parse(&text(&number(n).to_string()), None).unwrap();
        prop_assert_eq!(value(one).cmp(&value(other)), one.cmp(&other));
    }

    #[test]
    fn measures_keep_their_order_in_any_unit(
        (one, other) in decimals(), family in 0..UnitFamily::ALL.len(), units in (0_usize..20, 0_usize..20),
    ) {
        let family = UnitFamily::ALL[family];
        let unit = |n: usize| family.units()[n % family.units().len()].symbol;
        let kind = FieldKind::Measure(family);
        let measures = [(one, unit(units.0)), (other, unit(units.1))]
            .map(|(n, unit)| Measure::new(number(n), unit).unwrap());
        let values = measures.map(|m| {
            kind.parse(&measured(&m.value().to_string(), m.unit().symbol), None).unwrap()
        });
        prop_assert_eq!(values[0].cmp(&values[1]), measures[0].base().cmp(&measures[1].base()));
        for value in &values {
            let shown = kind.render(value, None);
            prop_assert_eq!(&kind.parse(&shown, None).unwrap(), value);
        }
    }

    #[test]
    fn times_and_days_keep_their_order(one in -30_000_000_000_i64..32_000_000_000, other in -30_000_000_000_i64..32_000_000_000) {
        let time = |s: i64| Timestamp::from_timestamp_micros(s * 1_000_000 + s.rem_euclid(1_000_000)).unwrap();
        let instant = |s| {
            let shown = AttributeValue::DateTime(time(s)).to_json();
            FieldKind::DateTime.parse(&shown, None).unwrap()
        };
        prop_assert_eq!(instant(one).cmp(&instant(other)), time(one).cmp(&time(other)));
        let day = |s| {
            let date = time(s).date_naive();
            let value = FieldKind::Date.parse(&text(&date.to_string()), None).unwrap();
            assert_eq!(FieldKind::Date.render(&value, None), text(&date.to_string()));
            (date, value)
        };
        let (one, other) = (day(one), day(other));
        prop_assert_eq!(one.1.cmp(&other.1), one.0.cmp(&other.0));
    }

    #[test]
    fn amounts_are_shown_as_they_are_written(minor in 0_i64..1_000_000_000_000_000) {
        let shown = FieldKind::Money.render(&Value::Number(minor), eur());
        prop_assert_eq!(FieldKind::Money.parse(&shown, eur()), Ok(Value::Number(minor)));
    }
}
