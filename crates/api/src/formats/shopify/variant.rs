//! From rows to variants.

use application::import::ImportVariant;
use domain::product::{Axis, Options, VariantContent, option_axes};
use domain::product_type::Attributes;
use domain::value::{
    Decimal, Gtin, Media, MediaRole, Metadata, Money, Price, Prices, Sku, Text, ValueError, Weight,
    WeightUnit,
};

use super::reader::{Reader, Refused};
use super::row::{Columns, Row, column};
use super::values::made_sku;

/// The only option of a product without options.
const DEFAULT_OPTION: (&str, &str) = ("Title", "Default Title");

/// Whether the row is a variant, and not only an image. Exports fill in a policy for every variant.
pub(super) fn is_variant(columns: &Columns, row: &Row) -> bool {
    let options = column::OPTIONS.map(|(_, value)| value);
    let own = [
        column::SKU,
        column::PRICE,
        column::BARCODE,
        column::GRAMS,
        column::POLICY,
    ];
    options.into_iter().chain(own).any(|name| columns.has(row, name))
}

impl Reader<'_> {
    /// The names of the options. The option of products that have none is none.
    pub(super) fn axes(&mut self, first: &Row, rows: &[Row]) -> Result<Vec<Axis>, Refused> {
        let columns = self.columns;
        let mut axes = Vec::new();
        let mut nameless = None;
        for (name, value) in column::OPTIONS {
            let text = columns.text(first, name);
            if text.is_empty() {
                nameless = nameless.or(Some(name));
            }
            // A value needs a name, and names leave no gap: variants go by the place of their values.
            if let Some(nameless) = nameless {
                if columns.has(first, name) || columns.has(first, value) {
                    self.refuse(first, nameless, &ValueError::Required);
                    return Err(Refused);
                }
            } else {
                axes.push(self.take(first, name, Text::parse(text))?);
            }
        }
        let (axis, value) = DEFAULT_OPTION;
        let is_default = |row: &Row| {
            let (_, column) = column::OPTIONS[0];
            !columns.has(row, column) || columns.text(row, column) == value
        };
        if let [only] = axes.as_slice()
            && only.as_str() == axis
            && rows.iter().all(is_default)
        {
            return Ok(Vec::new());
        }
        let (name, _) = column::OPTIONS[0];
        self.take(first, name, option_axes(axes))
    }

    /// The variants of the rows that are some; those that are not valid are missing and among the faults.
    pub(super) fn variants(
        &mut self,
        rows: &[Row],
        axes: &[Axis],
        already: usize,
        first_is_one: bool,
    ) -> Vec<ImportVariant> {
        let mut variants = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            if (index == 0 && first_is_one) || is_variant(self.columns, row) {
                let position = u32::try_from(already + variants.len()).unwrap_or(u32::MAX);
                let variant = self.variant(row, axes, position);
                variants.extend(variant.ok().map(|content| ImportVariant {
                    line: row.line,
                    content,
                }));
            }
        }
        if let Some(row) = rows.get(VariantContent::MAX_PER_PRODUCT)
            && variants.len() > VariantContent::MAX_PER_PRODUCT
        {
            let max = VariantContent::MAX_PER_PRODUCT;
            self.refuse(row, column::HANDLE, &ValueError::TooLong { max, of: "variants" });
        }
        variants
    }

    fn variant(&mut self, row: &Row, axes: &[Axis], position: u32) -> Result<VariantContent, Refused> {
        let columns = self.columns;
        let options = self.options(row, axes);
        let sku = match columns.text(row, column::SKU) {
            "" => {
                let values: Vec<_> = column::OPTIONS
                    .iter()
                    .take(axes.len())
                    .map(|(_, value)| columns.text(row, value))
                    .collect();
                match columns.text(row, column::HANDLE) {
                    // Refused already.
                    "" => Err(Refused),
                    handle => self.take(row, column::SKU, made_sku(handle, &values)),
                }
            }
            sku => self.take(row, column::SKU, Sku::parse(sku)),
        };
        let mut metadata = Metadata::default();
        // Spreadsheets are told by an apostrophe to leave a number as it is.
        let barcode = columns.text(row, column::BARCODE).trim_start_matches('\'');
        let gtin = Gtin::parse(barcode).ok();
        if gtin.is_none() && !barcode.is_empty() {
            let kept = metadata.add("barcode".to_owned(), barcode.to_owned());
            let _: Result<(), Refused> = self.take(row, column::BARCODE, kept);
        }
        let mpn = self.optional(row, column::MPN, |text| Text::parse(text));
        let weight = self.optional(row, column::GRAMS, Decimal::parse);
        let prices = self.prices(row);
        let image = self.optional(row, column::VARIANT_IMAGE, |url| {
            Media::new(url.to_owned(), None, MediaRole::Main)
        });
        let weight = weight?.filter(|grams| grams.as_str() != "0").map(|value| Weight {
            value,
            unit: WeightUnit::Gram,
        });
        Ok(VariantContent {
            key: None,
            sku: sku?,
            gtin,
            mpn: mpn?,
            options: options?,
            prices: prices?,
            media: image?.into_iter().collect(),
            weight,
            dimensions: None,
            position,
            attributes: Attributes::default(),
            metadata,
        })
    }

    fn options(&mut self, row: &Row, axes: &[Axis]) -> Result<Options, Refused> {
        let mut options = Options::new();
        let mut valid = true;
        for (axis, (_, name)) in axes.iter().zip(column::OPTIONS) {
            let text = self.columns.text(row, name);
            if text.is_empty() {
                let detail = "a variant has a value for every option of its product";
                self.faults.push(row.fault(name, "option_missing", detail));
                valid = false;
            } else {
                match self.take(row, name, Text::parse(text)) {
                    Ok(value) => drop(options.insert(axis.clone(), value)),
                    Err(Refused) => valid = false,
                }
            }
        }
        valid.then_some(options).ok_or(Refused)
    }

    /// The price, unless the field is empty. An amount to compare with that is no greater says nothing.
    fn prices(&mut self, row: &Row) -> Result<Prices, Refused> {
        let currency = self.mapping.currency;
        let amount = self.optional(row, column::PRICE, |text| Money::parse(text, currency));
        let compare_at = self.optional(row, column::COMPARE_AT, |text| Money::parse(text, currency));
        let (amount, compare_at) = (amount?, compare_at?);
        let mut prices = Prices::default();
        if let Some(amount) = amount {
            let compare_at = compare_at.filter(|compare_at| compare_at.minor() > amount.minor());
            let price = self.take(row, column::COMPARE_AT, Price::new(amount, compare_at))?;
            self.take(row, column::PRICE, prices.add(price))?;
        }
        Ok(prices)
    }
}
