use application::import::ImportRecord;
use domain::product::ProductStatus;
use domain::value::Locale;

use super::super::ndjson::parse;
use super::{Collected, category, faults, product};

fn read(file: &[u8]) -> Vec<ImportRecord> {
    let mut records = Collected::default();
    parse(file, &Locale::parse("en").unwrap(), &mut records).unwrap();
    records.0
}

#[test]
fn lines_are_categories_and_products() {
    let file = "\u{feff}{\"resource\":\"category\",\"key\":\"pots\",\"parent\":\"key:kitchen\",\"name\":\"Pots\"}\r\n\
        \n  \n\
        {\"key\":\"pot\",\"name\":{\"de\":\"Topf\"},\"status\":\"published\",\"optionAxes\":[\"size\"],\
        \"variants\":[{\"sku\":\"P-1\",\"options\":{\"size\":\"S\"}},{\"sku\":\"P-2\",\"options\":{\"size\":\"L\"}}]}\n\
        {\"resource\":\"product\",\"key\":\"pan\",\"name\":\"Pan\"}";
    let records = read(file.as_bytes());
    assert_eq!(records.iter().map(|r| r.line).collect::<Vec<_>>(), [1, 4, 5]);
    let pots = category(&records[0]);
    assert_eq!(pots.draft.key.as_ref().unwrap().as_str(), "pots");
    assert!(!pots.only_if_missing);
    let pot = product(&records[1]);
    assert_eq!(pot.status, Some(ProductStatus::Published));
    assert_eq!(pot.variants.len(), 2);
    assert_eq!(pot.variants[1].line, 4);
    assert_eq!(product(&records[2]).status, None);
}

#[test]
fn a_faulty_line_does_not_end_the_file() {
    let mut file = Vec::new();
    for line in [
        b"{\"key\":\"a\",\"name\":\"A\"".as_slice(),
        b"[1]",
        b"{\"key\":\"caf\xe9\",\"name\":\"A\"}",
        b"{\"resource\":\"order\"}",
        b"{\"resource\":7}",
        b"{\"key\":\"a b\",\"name\":\"\",\"colour\":1,\"status\":\"live\"}",
        b"{\"key\":\"ok\",\"name\":\"\\ud800\"}",
        b"{\"key\":\"n\",\"name\":\"a\\u0000b\"}",
        b"{\"key\":\"ok\",\"name\":\"OK\"}",
    ] {
        file.extend_from_slice(line);
        file.push(b'\n');
    }
    let records = read(&file);
    assert_eq!(faults(&records[0]), ["1  malformed_json"]);
    assert_eq!(faults(&records[1]), ["2  wrong_type"]);
    assert_eq!(faults(&records[2]), ["3  invalid_encoding"]);
    assert_eq!(faults(&records[3]), ["4 /resource not_in_enum"]);
    assert_eq!(faults(&records[4]), ["5 /resource wrong_type"]);
    assert_eq!(
        faults(&records[5]),
        ["6 /status not_in_enum", "6 /colour unknown_field"]
    );
    assert_eq!(faults(&records[6]), ["7  malformed_json"]);
    assert_eq!(faults(&records[7]), ["8 /name pattern"]);
    product(&records[8]);
}

#[test]
fn a_file_cut_off_in_a_line_fails_in_that_line() {
    let records = read(b"{\"key\":\"a\",\"name\":\"A\"}\n{\"key\":\"b\",\"na");
    product(&records[0]);
    assert_eq!(faults(&records[1]), ["2  malformed_json"]);
}

#[test]
fn nesting_is_limited() {
    let deep = format!("{{\"key\":\"a\",\"name\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    assert_eq!(faults(&read(deep.as_bytes())[0]), ["1  malformed_json"]);
}

#[test]
fn a_line_has_at_most_8_mib() {
    let longest = 8 << 20;
    let line = |length: usize| {
        let head = "{\"key\":\"a\",\"name\":\"A\"";
        format!("{head}{}}}", " ".repeat(length - head.len() - 1))
    };
    let next = "{\"key\":\"b\",\"name\":\"B\"}";
    for end in ["\n", ""] {
        let records = read(format!("{}{end}", line(longest)).as_bytes());
        assert_eq!(records.len(), 1);
        product(&records[0]);
        let records = read(format!("{}{end}", line(longest + 1)).as_bytes());
        assert_eq!(faults(&records[0]), ["1  too_long"]);
    }
    let records = read(format!("{}\n{next}\n{}\n{next}", line(longest), line(3 * longest)).as_bytes());
    assert_eq!(records.len(), 4);
    product(&records[0]);
    product(&records[1]);
    assert_eq!(faults(&records[2]), ["3  too_long"]);
    assert_eq!(records[3].line, 4);
    product(&records[3]);
}

#[test]
fn a_product_brings_as_many_variants_as_it_may_have() {
    let variants = |count: usize| {
        let variants: Vec<_> = (0..count).map(|n| format!("{{\"sku\":\"S-{n}\"}}")).collect();
        format!(
            "{{\"key\":\"a\",\"name\":\"A\",\"variants\":[{}]}}",
            variants.join(",")
        )
    };
    assert_eq!(product(&read(variants(2000).as_bytes())[0]).variants.len(), 2000);
    assert_eq!(
        faults(&read(variants(2001).as_bytes())[0]),
        ["1 /variants too_long"]
    );
}
