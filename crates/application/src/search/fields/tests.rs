#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use domain::product_type::{Choice, Kind, ProductTypeContent, Required, Target, UnitFamily};
use domain::resource::State;
use domain::value::{Localized, Metadata, Text};
use domain::{Record, Timestamp};
use uuid::Uuid;

use super::*;

pub(in crate::search) fn locale(tag: &str) -> Locale {
    Locale::parse(tag).unwrap()
}

pub(in crate::search) fn localized<const MAX: usize>(texts: &[(&str, &str)]) -> Localized<MAX> {
    let pair = |(tag, text): &(&str, &str)| (locale(tag), Text::parse(*text).unwrap());
    Localized::new(texts.iter().map(pair).collect()).unwrap()
}

pub(in crate::search) const TEXT: Kind = Kind::Text {
    min: None,
    max: None,
    pattern: None,
};
pub(in crate::search) const INTEGER: Kind = Kind::Integer { min: None, max: None };

pub(in crate::search) fn choices(values: &[(&str, &str)]) -> Kind {
    let choice = |(value, name): &(&str, &str)| Choice {
        value: Text::parse(*value).unwrap(),
        name: Some(localized(&[("en", name), ("de", &format!("{name} (de)"))])),
    };
    Kind::Enum {
        options: values.iter().map(choice).collect(),
    }
}

/// An attribute of products that is filterable and nothing else.
pub(in crate::search) fn attribute(key: &str, kind: Kind) -> Attribute {
    Attribute {
        key: Key::parse(key).unwrap(),
        name: localized(&[("en", key)]),
        kind,
        set: false,
        level: product_type::Level::Product,
        required: Required::Never,
        unique: false,
        localizable: false,
        searchable: false,
        filterable: true,
        sortable: false,
    }
}

pub(in crate::search) fn of_variants(attribute: Attribute) -> Attribute {
    Attribute {
        level: product_type::Level::Variant,
        ..attribute
    }
}

pub(in crate::search) fn product_type(
    n: u128,
    attributes: Vec<Attribute>,
    axes: &[&str],
) -> ProductTypeState {
    State {
        id: ProductTypeId::new(Uuid::from_u128(n)),
        record: Record::new(Timestamp::default()),
        content: ProductTypeContent {
            key: Key::parse(format!("type-{n}")).unwrap(),
            name: localized(&[("en", "A type")]),
            attributes,
            option_attributes: axes.iter().map(|axis| Key::parse(*axis).unwrap()).collect(),
            metadata: Metadata::default(),
        },
    }
}

fn view(name: &str) -> TextView {
    TextView {
        name: name.to_owned(),
        language: "en".to_owned(),
    }
}

fn stored(name: &str, level: Level, is_number: bool) -> Column {
    Column::Stored {
        name: name.to_owned(),
        level,
        is_number,
    }
}

#[test]
fn own_fields_are_those_of_the_plane() {
    let types = [product_type(1, vec![], &[])];
    let store = Fields::new(Plane::Store, &types);
    let management = Fields::new(Plane::Management, &types);
    for (name, level) in [
        ("brand", Level::Product),
        ("price", Level::Variant),
        ("sku", Level::Variant),
    ] {
        assert_eq!(store.get(name).unwrap().level, level);
    }
    assert_eq!(store.get("status"), Err(FieldFault::Unknown));
    assert!(management.get("status").is_ok() && management.get("hasUnpublishedChanges").is_ok());
    for unknown in [
        "",
        "nope",
        "attributes.",
        "attributes.nope",
        "options.",
        "Brand",
        &format!("options.{}", "x".repeat(65)),
    ] {
        assert_eq!(store.get(unknown), Err(FieldFault::Unknown), "{unknown}");
    }
    let price = store.get("price").unwrap();
    assert_eq!(price.column(&view("en")), Column::Price);
    let name = store.get("name").unwrap();
    assert!(!name.is_filterable);
    assert_eq!(
        name.sort_key(&view("de,en")),
        SortKey::Text("name@de,en".to_owned())
    );
    let of_type = store.get("productType").unwrap();
    assert!(matches!(&of_type.kind, FieldKind::Enum(choices) if choices[0].value == "type-1"));
}

#[test]
fn axes_are_fields_whoever_defines_them() {
    let colour = of_variants(attribute("colour", choices(&[("b", "Blue")])));
    let fields = Fields::new(Plane::Store, &[product_type(1, vec![colour], &["colour"])]);
    for name in ["options.colour", "options.Größe, außen"] {
        let field = fields.get(name).unwrap();
        assert_eq!(field.column(&view("en")), stored(name, Level::Variant, false));
        assert!(field.is_filterable && field.is_sortable);
    }
    assert_eq!(
        fields
            .axis_choice("colour", "b")
            .and_then(|choice| choice.name(&[locale("de")])),
        Some("Blue (de)")
    );
    assert_eq!(
        fields.get("attributes.colour"),
        Err(FieldFault::Unknown),
        "its values are options"
    );
}

#[test]
fn attributes_are_fields_as_they_are_defined() {
    let sortable = Attribute {
        sortable: true,
        ..attribute("count", INTEGER)
    };
    let hidden = Attribute {
        filterable: false,
        ..attribute("hidden", TEXT)
    };
    let titled = Attribute {
        localizable: true,
        sortable: true,
        ..attribute("title", TEXT)
    };
    let mass = Kind::Measure {
        family: UnitFamily::Mass,
        min: None,
        max: None,
    };
    let tagged = Attribute {
        set: true,
        ..of_variants(attribute("load", mass))
    };
    let document = attribute("document", Kind::Json { schema: None });
    let types = [product_type(
        1,
        vec![sortable, hidden, titled, tagged, document],
        &[],
    )];
    let fields = Fields::new(Plane::Store, &types);
    let count = fields.get("attributes.count").unwrap();
    assert_eq!(
        count.column(&view("en")),
        stored("attributes.count", Level::Product, true)
    );
    assert_eq!(
        count.sort_key(&view("en")),
        SortKey::Column(count.column(&view("en")))
    );
    assert!(!fields.get("attributes.hidden").unwrap().is_filterable);
    let title = fields.get("attributes.title").unwrap();
    assert_eq!(
        title.column(&view("de,en")),
        stored("attributes.title@de,en", Level::Product, false)
    );
    assert_eq!(
        title.sort_key(&view("de,en")),
        SortKey::Text("attributes.title@de,en".to_owned())
    );
    let load = fields.get("attributes.load").unwrap();
    assert_eq!(
        (load.is_set, load.is_sortable, load.kind.is_number()),
        (true, false, false)
    );
    assert_eq!(fields.get("attributes.document"), Err(FieldFault::Unknown));
    let management = Fields::new(Plane::Management, &types);
    let title = management.get("attributes.title").unwrap();
    assert_eq!(
        title.column(&view("de")),
        stored("attributes.title", Level::Product, false)
    );
}

fn merged(one: Attribute, other: Attribute) -> Result<Arc<Field>, FieldFault> {
    let types = [product_type(1, vec![one], &[]), product_type(2, vec![other], &[])];
    let fields = Fields::new(Plane::Store, &types);
    let field = fields.get("attributes.a");
    let has_columns = |id| {
        let plan = fields.types[&ProductTypeId::new(Uuid::from_u128(id))]
            .attributes
            .get("a");
        plan.is_some_and(|plan| plan.column.is_some())
    };
    assert!(
        field.is_ok() || !has_columns(1) && !has_columns(2),
        "no column without a field"
    );
    field
}

#[test]
fn types_that_agree_share_a_field() {
    let a = |kind| attribute("a", kind);
    let sizes = merged(
        a(choices(&[("s", "Small")])),
        a(choices(&[("s", "Other"), ("l", "Large")])),
    )
    .unwrap();
    let FieldKind::Enum(choices_of_both) = &sizes.kind else {
        unreachable!()
    };
    let known: Vec<_> = choices_of_both
        .iter()
        .map(|c| (c.value.as_str(), c.name(&[]).unwrap()))
        .collect();
    assert_eq!(known, [("s", "Small (de)"), ("l", "Large (de)")]);
    assert_eq!(
        merged(a(TEXT), a(choices(&[("s", "Small")]))).unwrap().kind,
        FieldKind::Text
    );
    assert_eq!(merged(a(TEXT), a(Kind::Url)).unwrap().kind, FieldKind::Text);
    let set = Attribute { set: true, ..a(TEXT) };
    let sortable = Attribute {
        sortable: true,
        ..a(TEXT)
    };
    let both = merged(set, sortable).unwrap();
    assert_eq!(
        (both.is_set, both.is_sortable),
        (true, false),
        "there is no order of sets"
    );
}

#[test]
fn types_that_disagree_leave_no_field() {
    let a = |kind| attribute("a", kind);
    let measure = |family| Kind::Measure {
        family,
        min: None,
        max: None,
    };
    let reference = |target| Kind::Reference { target };
    for (one, other) in [
        (a(TEXT), a(INTEGER)),
        (a(TEXT), of_variants(a(TEXT))),
        (a(TEXT), a(Kind::Boolean)),
        (a(measure(UnitFamily::Mass)), a(measure(UnitFamily::Length))),
        (a(reference(Target::Product)), a(reference(Target::Category))),
    ] {
        assert_eq!(
            merged(one.clone(), other.clone()),
            Err(FieldFault::Ambiguous),
            "{one:?} {other:?}"
        );
        // What has no column has no say.
        let silent = Attribute {
            filterable: false,
            ..other
        };
        assert!(merged(one, silent).is_ok());
    }
}
