use application::category::CategoryRef;
use application::import::{ImportRecord, MoreVariants, Record, SourceError};
use domain::product::ProductStatus;
use domain::value::{Media, MediaRole, MediaSource};

use super::super::shopify::parse;
use super::{Collected, Format, category, faults, product, reading};

fn try_read(file: &[u8]) -> Result<Vec<ImportRecord>, SourceError> {
    let mut records = Collected::default();
    parse(file, &reading(Format::ShopifyCsv, "GBP"), &mut records)?;
    Ok(records.0)
}

fn read(file: &[u8]) -> Vec<ImportRecord> {
    try_read(file).unwrap()
}

fn more(record: &ImportRecord) -> &MoreVariants {
    match &record.content {
        Ok(Record::Variants(more)) => more,
        other => panic!("no variants: {other:?}"),
    }
}

/// A file with `Handle` and `Title` and one more column.
fn with(column: &str, value: &str) -> Vec<ImportRecord> {
    read(format!("Handle,Title,{column}\nkettle,Kettle,{value}\n").as_bytes())
}

#[test]
fn rows_of_a_handle_are_one_product() {
    let file = "\u{feff}Title,Handle,Colour,Vendor,Type,Tags,Published,Status,Body (HTML),Option1 Name,Option1 Value,\
        Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Price,Variant Compare At Price,Variant Barcode,\
        Image Src,Image Position,Image Alt Text,Variant Image,SEO Title,SEO Description,Google Shopping / MPN,\
        Variant Inventory Policy\r\n\
        Kettle,kettle,red,Hearthmoor,Pots & Pans,\"stove, steel,,stove\",TRUE,active,\"<p>Boils\r\n\"\"two\"\" litres</p>\",\
        Colour,Blue,Size,1 l,K-B1,950,19.99,24.99,4006381333931,https://x.example/2.jpg,2,Two,https://x.example/b.jpg,\
        Best,Buy,M-1,deny\r\n\
        ,kettle,,,,,,,,,Red,,2 l,,0,,9,'12345,https://x.example/1.jpg,1,,,,,,deny\r\n\
        ,kettle,,,,,,,,,,,,,,,,,https://x.example/3.jpg,,,,,,,\r\n\
        Pan,pan,,,,,,,,Title,Default Title,,,,,7,7,,,,,,,,,\r\n";
    let records = read(file.as_bytes());
    let lines: Vec<_> = records.iter().map(|r| r.line).collect();
    assert_eq!(lines, [2, 2, 6]);
    let pots = category(&records[0]);
    assert!(pots.only_if_missing);
    assert_eq!(pots.draft.key.as_ref().unwrap().as_str(), "pots-pans");

    let kettle = product(&records[1]);
    let draft = &kettle.draft;
    assert_eq!(draft.key.as_ref().unwrap().as_str(), "kettle");
    assert_eq!(
        draft.slug.as_ref().unwrap().iter().next().unwrap().1.as_str(),
        "kettle"
    );
    assert_eq!(draft.brand.as_ref().unwrap().as_str(), "Hearthmoor");
    assert_eq!(
        draft.categories,
        [CategoryRef::Key(pots.draft.key.clone().unwrap())]
    );
    assert_eq!(
        draft
            .tags
            .iter()
            .map(domain::value::Text::as_str)
            .collect::<Vec<_>>(),
        ["stove", "steel"]
    );
    let body = draft.description.as_ref().unwrap().iter().next().unwrap().1;
    assert_eq!(body.as_str(), "<p>Boils\r\n\"two\" litres</p>");
    assert_eq!(
        draft
            .option_axes
            .iter()
            .map(domain::value::Text::as_str)
            .collect::<Vec<_>>(),
        ["Colour", "Size"]
    );
    let media: Vec<_> = draft.media.iter().map(|m| (url(m), m.role)).collect();
    let expected = [
        ("https://x.example/1.jpg", MediaRole::Main),
        ("https://x.example/2.jpg", MediaRole::Gallery),
        ("https://x.example/3.jpg", MediaRole::Gallery),
    ];
    assert_eq!(media, expected);
    assert!(draft.media[1].alt.is_some());
    assert!(draft.seo.as_ref().unwrap().title.is_some());
    assert_eq!(kettle.status, Some(ProductStatus::Published));

    let [blue, red] = kettle.variants.as_slice() else {
        panic!("{:?}", kettle.variants);
    };
    assert_eq!((blue.line, red.line), (2, 4));
    let blue = &blue.content;
    assert_eq!(blue.sku.as_str(), "K-B1");
    assert_eq!(blue.gtin.as_ref().unwrap().as_str(), "4006381333931");
    assert_eq!(blue.mpn.as_ref().unwrap().as_str(), "M-1");
    assert_eq!(blue.weight.as_ref().unwrap().value.as_str(), "950");
    assert_eq!(url(&blue.media[0]), "https://x.example/b.jpg");
    let price = blue.prices.iter().next().unwrap();
    assert_eq!(price.amount().amount(), "19.99");
    assert_eq!(price.compare_at().unwrap().amount(), "24.99");
    let red = &red.content;
    assert_eq!(red.sku.as_str(), "kettle/red-2-l");
    assert_eq!(
        (red.weight.as_ref(), red.prices.iter().count(), red.position),
        (None, 0, 1)
    );
    assert_eq!(red.metadata.iter().collect::<Vec<_>>(), [("barcode", "12345")]);

    let pan = product(&records[2]);
    assert_eq!(pan.status, None);
    assert!(pan.draft.option_axes.is_empty() && pan.draft.categories.is_empty());
    let pan = &pan.variants[0].content;
    assert_eq!(pan.sku.as_str(), "pan");
    assert_eq!(pan.prices.iter().next().unwrap().compare_at(), None);
}

#[test]
fn a_row_is_found_on_its_line() {
    for end in ["\n", "\r\n"] {
        let lines = ["Handle,Title", "a,A", "", "b,\"B", "", "b\"", "", "", "c,C"];
        for last in ["", end] {
            let records = read(format!("{}{last}", lines.join(end)).as_bytes());
            let found: Vec<_> = records.iter().map(|record| record.line).collect();
            assert_eq!(found, [2, 4, 9], "{end:?} {last:?}");
        }
    }
}

#[test]
fn published_and_status_say_where_a_product_stands() {
    use ProductStatus::{Archived, Draft, Published};
    for (status, published, expected) in [
        ("", "", None),
        ("", "true", Some(Published)),
        ("", "FALSE", Some(Draft)),
        ("active", "", Some(Published)),
        ("Active", "TRUE", Some(Published)),
        ("active", "false", Some(Draft)),
        ("draft", "true", Some(Draft)),
        ("archived", "true", Some(Archived)),
    ] {
        let records = with("Status,Published", &format!("{status},{published}"));
        assert_eq!(product(&records[0]).status, expected, "{status} {published}");
    }
    assert_eq!(faults(&with("Status", "sold")[0]), ["2 /Status not_in_enum"]);
    assert_eq!(faults(&with("Published", "yes")[0]), ["2 /Published not_in_enum"]);
}

#[test]
fn missing_columns_are_named_once() {
    for (file, missing) in [
        ("", "Handle, Title"),
        ("Title,Vendor\nA,B\n", "Handle"),
        ("handle,title\n", "Handle, Title"),
    ] {
        let error = try_read(file.as_bytes()).unwrap_err().to_string();
        assert!(error.ends_with(&format!("missing: {missing}")), "{error}");
    }
}

#[test]
fn a_bad_row_fails_alone_and_tells_all_that_is_wrong() {
    let records = read(
        b"Handle,Title,Vendor,Variant Price,Variant Grams,Image Src,Google Shopping / MPN\n\
        a,A,Ren\xe9,1,,,\n\
        b,,,\"1,200.00\",heavy,not a url,\n\
        c,C,,1.999,,,\n\
        not/a/handle,D,,-5,,,\n\
        e,E,,1e3,,,\n\
        f,F,,NaN,,,\n\
        g,G,,1\n\
        h,H,,1,,,,,\n\
        i,I,,99999999999999999999,,,\n\
        ,J,,,,,\n\
        k,K,,1,,,\n",
    );
    let found: Vec<_> = records.iter().take(10).map(faults).collect();
    assert_eq!(found[0], ["2 /Vendor invalid_encoding"]);
    let all = [
        "3 /Title required",
        "3 /Image Src pattern",
        "3 /Variant Grams pattern",
        "3 /Variant Price pattern",
    ];
    assert_eq!(found[1], all);
    assert_eq!(found[2], ["4 /Variant Price currency_digits"]);
    assert_eq!(found[3], ["5 /Handle pattern", "5 /Variant Price out_of_range"]);
    assert_eq!(found[4], ["6 /Variant Price pattern"]);
    assert_eq!(found[5], ["7 /Variant Price pattern"]);
    assert_eq!(found[6], ["8  malformed_csv"]);
    assert_eq!(found[7], ["9  malformed_csv"]);
    assert_eq!(found[8], ["10 /Variant Price out_of_range"]);
    assert_eq!(found[9], ["11 /Handle required"]);
    product(&records[10]);
    let mpn = read(format!("Handle,Title,Google Shopping / MPN\na,A,{}\n", "m".repeat(71)).as_bytes());
    assert_eq!(faults(&mpn[0]), ["2 /Google Shopping ~1 MPN too_long"]);
}

#[test]
fn a_fault_in_a_later_row_keeps_the_whole_product_out() {
    let records = read(
        b"Handle,Title,Option1 Name,Option1 Value,Variant Price\n\
        a,A,Size,S,1\n\
        a,,,M,1.001\n\
        a,,,,2\n\
        b,B,,,\n",
    );
    let expected = [
        "3 /Variant Price currency_digits",
        "4 /Option1 Value option_missing",
    ];
    assert_eq!(faults(&records[0]), expected);
    product(&records[1]);
}

#[test]
fn a_file_cut_off_in_a_row_fails_in_that_row() {
    let records = read(b"Handle,Title,Variant Price,Status\na,A,1,active\nb,B,2,acti");
    product(&records[0]);
    assert_eq!(faults(&records[1]), ["3 /Status not_in_enum"]);
    let records = read(b"Handle,Title,Variant Price,Status\na,A,1,active\nb,\"B");
    assert_eq!(faults(&records[1]), ["3  malformed_csv"]);
}

#[test]
fn a_handle_that_comes_back_adds_variants() {
    let records = read(
        b"Handle,Title,Option1 Name,Option1 Value,Variant SKU,Image Src\n\
        a,A,Size,S,A-S,\n\
        b,B,,,,\n\
        a,Other,,M,A-M,\n\
        a,,,,,https://x.example/a.jpg\n\
        c,C,,,,\n\
        a,,,L,A-L,\n",
    );
    assert_eq!(faults(&records[2]), ["5 /Image Src state_conflict"]);
    let more = more(&records[4]);
    assert_eq!(more.product.as_str(), "a");
    let large = &more.variants[0].content;
    assert_eq!((large.sku.as_str(), large.position), ("A-L", 1));
    let options: Vec<_> = large
        .options
        .iter()
        .map(|(a, v)| (a.as_str(), v.as_str()))
        .collect();
    assert_eq!(options, [("Size", "L")]);
}

#[test]
fn options_need_names() {
    for (row, fault) in [
        ("a,A,,Blue,,", "2 /Option1 Name required"),
        ("a,A,,,Size,S", "2 /Option1 Name required"),
        ("a,A,Size,S,Size,L", "2 /Option1 Name duplicate"),
    ] {
        let header = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value";
        assert_eq!(faults(&read(format!("{header}\n{row}\n").as_bytes())[0]), [fault]);
    }
}

#[test]
fn long_and_foreign_handles_become_keys() {
    let key = |handle: &str| {
        let records = read(format!("Handle,Title\n{handle},A\n").as_bytes());
        let product = product(&records[0]);
        let slug = product
            .draft
            .slug
            .clone()
            .map(|s| s.iter().next().unwrap().1.as_str().to_owned());
        (
            product.draft.key.as_ref().unwrap().to_string(),
            slug,
            product.variants[0].content.sku.to_string(),
        )
    };
    let long = "x".repeat(187);
    let (long_key, slug, sku) = key(&long);
    assert_eq!((long_key.len(), sku.len()), (128, 128));
    assert_eq!(slug.as_deref(), Some(long.as_str()));
    assert_ne!(key(&format!("{long}y")).0, long_key);
    let (foreign, slug, sku) = key("茶壺");
    assert!(foreign.is_ascii(), "{foreign}");
    assert_eq!((slug.as_deref(), sku.as_str()), (Some("茶壺"), "茶壺"));
    assert_eq!(key("Kettle.2").1, None);
}

#[test]
fn made_skus_tell_options_apart() {
    let skus = |values: [&str; 2]| {
        let [one, two] = values;
        let rows = format!("Handle,Title,Option1 Name,Option1 Value\na,A,Size,{one}\na,,,{two}\n");
        let records = read(rows.as_bytes());
        product(&records[0])
            .variants
            .iter()
            .map(|v| v.content.sku.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(skus(["Extra Large", "S"]), ["a/extra-large", "a/s"]);
    let [plus, minus] = skus(["5+", "5*"]).try_into().unwrap();
    assert_ne!(plus, minus);
}

#[test]
fn a_quote_left_open_does_not_swallow_the_memory() {
    let mut file = b"Handle,Title\na,\"A\n".to_vec();
    file.extend(std::iter::repeat_n(*b"b,B\n", 4 << 20).flatten());
    let error = try_read(&file).unwrap_err().to_string();
    assert!(error.contains("8 MiB"), "{error}");
}

#[test]
fn the_rows_of_a_product_have_a_limit() {
    let mut file = String::from("Handle,Title,Body (HTML)\n");
    for _ in 0..200 {
        file.push_str("a,A,");
        file.push_str(&"x".repeat(50_000));
        file.push('\n');
    }
    file.push_str("b,B,\n");
    let records = read(file.as_bytes());
    assert_eq!(faults(&records[0]), ["2 /Handle too_long"]);
    product(&records[1]);
}

fn url(media: &Media) -> &str {
    match media.source() {
        MediaSource::Web(url) => url,
        other => panic!("{other:?}"),
    }
}
