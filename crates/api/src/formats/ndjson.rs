//! The project's own format: one JSON object per line, `"resource"` being `product` (when absent), `category`,
//! `productType`, `channel`, `priceList` or `price`, the rest as over HTTP. Products may carry their `status` and up to 2,000
//! `variants`; the relations of one without `relations` stay as they are.

use std::io::{self, BufRead, Read};

use application::import::{
    ImportCategory, ImportFault, ImportProduct, ImportRecord, ImportVariant, ImportWhole, Record, SourceError,
};
use application::{Fault, Faults};
use domain::product::ProductStatus;
use domain::value::Locale;
use serde_json::{Map, Value};

use super::BOM;
use super::source::{Sink, unreadable};
use crate::wire::{
    CategoryInput, ChannelInput, PriceInput, PriceListInput, ProductInput, ProductTypeInput, decode,
    read_json,
};

/// The longest line, in bytes.
const MAX_LINE: u64 = 8 << 20;

enum Line {
    Whole,
    TooLong,
}

pub(super) fn parse(
    mut file: impl BufRead,
    locale: &Locale,
    sink: &mut impl Sink,
) -> Result<(), SourceError> {
    let mut buffer = Vec::new();
    let mut line = 0;
    loop {
        buffer.clear();
        let read = next_line(&mut file, &mut buffer).map_err(|error| unreadable(&error))?;
        line += 1;
        let content = match read {
            None => return Ok(()),
            Some(Line::TooLong) => Err(too_long()),
            Some(Line::Whole) => {
                let bytes = if line == 1 {
                    buffer.strip_prefix(BOM).unwrap_or(&buffer)
                } else {
                    &buffer
                };
                if bytes.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                record(bytes, line, locale)
            }
        };
        let content = content.map_err(|faults| {
            let at_line = |fault| ImportFault { line, fault };
            faults.into_vec().into_iter().map(at_line).collect()
        });
        if sink.put(ImportRecord { line, content }, buffer.len()).is_break() {
            return Ok(());
        }
    }
}

/// Reads a line; of one that is too long only the beginning is kept.
fn next_line(file: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Option<Line>> {
    let read = file.by_ref().take(MAX_LINE).read_until(b'\n', buffer)?;
    if read == 0 {
        return Ok(None);
    }
    if buffer.last() == Some(&b'\n') || (read as u64) < MAX_LINE {
        return Ok(Some(Line::Whole));
    }
    let mut is_longer = false;
    loop {
        let rest = file.fill_buf()?;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(rest.len(), |end| end + 1);
        is_longer |= taken > 1 || (end.is_none() && taken > 0);
        file.consume(taken);
        if end.is_some() || taken == 0 {
            break;
        }
    }
    Ok(Some(if is_longer { Line::TooLong } else { Line::Whole }))
}

fn too_long() -> Faults {
    Fault::new("", "too_long", "a line has at most 8 MiB").into()
}

fn record(bytes: &[u8], line: u64, locale: &Locale) -> Result<Record, Faults> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Fault::new("", "invalid_encoding", "the line is not UTF-8").into());
    }
    let value = read_json(bytes).map_err(|error| Fault::new("", "malformed_json", error.to_string()))?;
    let Value::Object(mut fields) = value else {
        return Err(Fault::new("", "wrong_type", "must be an object").into());
    };
    match word(&mut fields, "resource")?.as_deref() {
        None | Some("product") => product(fields, line, locale),
        Some("category") => category(fields, locale),
        Some("productType") => {
            let input: ProductTypeInput = decode(Value::Object(fields))?;
            Ok(whole(ImportWhole::ProductType(input.parse(locale)?)))
        }
        Some("channel") => {
            let input: ChannelInput = decode(Value::Object(fields))?;
            Ok(whole(ImportWhole::Channel(input.parse(locale)?)))
        }
        Some("priceList") => {
            let input: PriceListInput = decode(Value::Object(fields))?;
            Ok(whole(ImportWhole::PriceList(input.parse(locale)?)))
        }
        Some("price") => {
            let input: PriceInput = decode(Value::Object(fields))?;
            Ok(Record::Price(Box::new(input.parse(locale)?)))
        }
        Some(_) => {
            let detail = "must be one of product, category, productType, channel, priceList, price";
            Err(Fault::new("/resource", "not_in_enum", detail).into())
        }
    }
}

fn whole(whole: ImportWhole) -> Record {
    Record::Whole(Box::new(whole))
}

fn category(fields: Map<String, Value>, locale: &Locale) -> Result<Record, Faults> {
    let input: CategoryInput = decode(Value::Object(fields))?;
    Ok(Record::Category(Box::new(ImportCategory {
        draft: input.parse(locale)?,
        only_if_missing: false,
    })))
}

fn product(mut fields: Map<String, Value>, line: u64, locale: &Locale) -> Result<Record, Faults> {
    let mut faults = Faults::default();
    let status = match word(&mut fields, "status") {
        Ok(None) => Some(None),
        Ok(Some(status)) => faults.take("/status", ProductStatus::parse(&status)).map(Some),
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let keeps_relations = !fields.contains_key("relations");
    let parsed = decode::<ProductInput>(Value::Object(fields)).and_then(|input| input.parse_record(locale));
    let parsed = parsed.map_err(|more| faults.extend(more.into_vec())).ok();
    let ((mut draft, variants), status) = faults.or(parsed.zip(status))?;
    if keeps_relations {
        draft.relations = None;
    }
    let variants = variants
        .into_iter()
        .map(|content| ImportVariant { line, content });
    Ok(Record::Product(Box::new(ImportProduct {
        draft,
        status,
        variants: variants.collect(),
    })))
}

/// Takes a word that is about the line and not part of the resource.
fn word(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Fault> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::String(word)) => Ok(Some(word)),
        Some(_) => Err(Fault::new(format!("/{name}"), "wrong_type", "must be a string")),
    }
}
