//! From wire values to domain values, noting each fault with its pointer.

use std::collections::{BTreeMap, BTreeSet};

use application::category::CategoryRef;
use application::product::ProductRef;
use application::{Fault, Faults, pointer_to};
use chrono::{DateTime, Datelike as _};
use domain::pricing::Validity;
use domain::product::{Options, Seo};
use domain::product_type::{AttributeValue, Attributes};
use domain::value::{
    Currency, Decimal, Dimensions, Key, LengthUnit, Locale, Localized, LocalizedSlug, MAX_MEDIA, Media,
    MediaRole, Metadata, Money, Price, Prices, Slug, Text, ValueError, Weight, WeightUnit,
};
use domain::{MediaId, Timestamp};

use super::media::FILES;
use super::reference::{canonical_id, category_ref, product_ref};
use super::values::{AttributesDto, DimensionsDto, LocalizedDto, MediaDto, PriceDto, SeoDto, WeightDto};

/// Parses the parts of one input. A part that is not valid is `None`, and why is among the faults.
pub(crate) struct Parser<'a> {
    pub(super) default_locale: &'a Locale,
    pub(super) faults: Faults,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(default_locale: &'a Locale) -> Self {
        Self {
            default_locale,
            faults: Faults::default(),
        }
    }

    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Faults> {
        self.faults.or(value)
    }

    /// An optional part: absent is valid.
    #[expect(
        clippy::option_option,
        reason = "the outer one is whether it is valid, the inner one whether it is there"
    )]
    pub(super) fn maybe<D, T>(
        &mut self,
        part: Option<D>,
        parse: impl FnOnce(&mut Self, D) -> Option<T>,
    ) -> Option<Option<T>> {
        match part {
            None => Some(None),
            Some(part) => parse(self, part).map(Some),
        }
    }

    pub(super) fn take<T>(&mut self, at: &str, value: Result<T, ValueError>) -> Option<T> {
        self.faults.take(at, value)
    }

    fn at_most(&mut self, at: &str, items: usize, max: usize, of: &'static str) -> Option<()> {
        self.take(
            at,
            if items > max {
                Err(ValueError::TooLong { max, of })
            } else {
                Ok(())
            },
        )
    }

    /// Every item of a list parsed; nothing when one of them is not valid, or when there are more than `max`.
    pub(super) fn list<D, T>(
        &mut self,
        at: &str,
        items: Vec<D>,
        max: usize,
        mut parse: impl FnMut(&mut Self, &str, D) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.at_most(at, items.len(), max, "items")?;
        let parsed: Vec<_> = items
            .into_iter()
            .enumerate()
            .map(|(i, item)| parse(self, &format!("{at}/{i}"), item))
            .collect();
        parsed.into_iter().collect()
    }

    fn per_locale<T>(
        &mut self,
        at: &str,
        texts: LocalizedDto,
        parse: impl Fn(String) -> Result<T, ValueError>,
    ) -> Option<BTreeMap<Locale, T>> {
        match texts {
            LocalizedDto::Plain(text) => {
                let text = self.take(at, parse(text))?;
                Some(BTreeMap::from([(self.default_locale.clone(), text)]))
            }
            LocalizedDto::PerLocale(texts) => {
                let parsed: Vec<_> = texts
                    .into_iter()
                    .map(|(tag, text)| {
                        let at = pointer_to(at, &tag);
                        let locale = self.take(&at, Locale::parse(&tag));
                        let text = self.take(&at, parse(text));
                        Some((locale?, text?))
                    })
                    .collect();
                parsed.into_iter().collect()
            }
        }
    }

    pub(crate) fn localized<const MAX: usize>(
        &mut self,
        at: &str,
        texts: LocalizedDto,
    ) -> Option<Localized<MAX>> {
        let texts = self.per_locale(at, texts, Text::parse)?;
        self.take(at, Localized::new(texts))
    }

    pub(crate) fn slug(&mut self, at: &str, slugs: LocalizedDto) -> Option<LocalizedSlug> {
        let slugs = self.per_locale(at, slugs, Slug::parse)?;
        self.take(at, LocalizedSlug::new(slugs))
    }

    /// Distinct texts in their order.
    pub(super) fn texts<const MAX: usize>(
        &mut self,
        at: &str,
        texts: Vec<String>,
        max: usize,
    ) -> Option<Vec<Text<MAX>>> {
        let texts = self.list(at, texts, max, |p, at, text| p.take(at, Text::parse(text)))?;
        let mut seen = BTreeSet::new();
        Some(
            texts
                .into_iter()
                .filter(|text| seen.insert(text.clone()))
                .collect(),
        )
    }

    pub(super) fn category_refs(
        &mut self,
        at: &str,
        refs: Vec<String>,
        max: usize,
    ) -> Option<Vec<CategoryRef>> {
        self.list(at, refs, max, |p, at, reference| {
            let parsed = category_ref(&reference, p.default_locale);
            p.take(at, parsed)
        })
    }

    #[expect(
        clippy::option_option,
        reason = "the outer one is whether it is valid, the inner one whether it is there"
    )]
    pub(crate) fn product_ref(&mut self, at: &str, reference: Option<String>) -> Option<Option<ProductRef>> {
        self.maybe(reference, |p, reference| {
            let parsed = product_ref(&reference, p.default_locale);
            p.take(at, parsed)
        })
    }

    pub(super) fn media(&mut self, at: &str, media: Vec<MediaDto>) -> Option<Vec<Media>> {
        self.list(at, media, MAX_MEDIA, |p, at, media| {
            let MediaDto {
                url,
                media_id,
                alt,
                role,
            } = media;
            let alt = p.maybe(alt, |p, alt| p.localized(&format!("{at}/alt"), alt));
            let role = match role {
                None => Some(MediaRole::Gallery),
                Some(role) => p.take(&format!("{at}/role"), MediaRole::parse(&role)),
            };
            // The source is looked at even when the rest is wrong, so that all faults are told.
            let mut media = p.media_source(at, url, media_id)?;
            media.alt = alt?;
            media.role = role?;
            Some(media)
        })
    }

    /// A file by its id, else an address. Of a file the address that answers have may come along.
    fn media_source(&mut self, at: &str, url: Option<String>, file: Option<String>) -> Option<Media> {
        let Some(file) = file else {
            let url = url.ok_or(ValueError::Required);
            let media = url.and_then(|url| Media::new(url, None, MediaRole::Gallery));
            return self.take(&format!("{at}/url"), media);
        };
        let id = canonical_id(&file, "the id of an uploaded file");
        let id = self.take(&format!("{at}/mediaId"), id);
        let own = match url {
            Some(url) if !url.starts_with(FILES) => Err(ValueError::Pattern {
                expected: "left out where there is a mediaId",
            }),
            Some(_) | None => Ok(()),
        };
        self.take(&format!("{at}/url"), own)?;
        Some(Media::named(MediaId::new(id?), None, MediaRole::Gallery))
    }

    pub(super) fn seo(&mut self, at: &str, SeoDto { title, description }: SeoDto) -> Option<Seo> {
        let title = self.maybe(title, |p, t| p.localized(&format!("{at}/title"), t));
        let description = self.maybe(description, |p, d| p.localized(&format!("{at}/description"), d));
        Some(Seo {
            title: title?,
            description: description?,
        })
    }

    pub(super) fn metadata(&mut self, at: &str, pairs: BTreeMap<String, String>) -> Option<Metadata> {
        let mut metadata = Metadata::default();
        let mut valid = true;
        for (name, value) in pairs {
            let at = pointer_to(at, &name);
            valid &= self.take(&at, metadata.add(name, value)).is_some();
        }
        valid.then_some(metadata)
    }

    /// Attributes as they were written, still to be held against their type.
    pub(super) fn attributes(
        &mut self,
        at: &str,
        AttributesDto(values): AttributesDto,
    ) -> Option<Attributes> {
        self.at_most(at, values.len(), Attributes::MAX, "attributes")?;
        let parsed: Vec<_> = values
            .into_iter()
            .map(|(name, value)| {
                let at = pointer_to(at, &name);
                let Ok(key) = Key::parse(name) else {
                    self.refuse(&at, "unknown_field", "the product type has no such attribute");
                    return None;
                };
                Some((key, AttributeValue::Raw(value.to_json())))
            })
            .collect();
        parsed.into_iter().collect()
    }

    pub(super) fn options(&mut self, at: &str, options: BTreeMap<String, String>) -> Option<Options> {
        let parsed: Vec<_> = options
            .into_iter()
            .map(|(axis, value)| {
                let at = pointer_to(at, &axis);
                let axis = self.take(&at, Text::parse(axis));
                let value = self.take(&at, Text::parse(value));
                Some((axis?, value?))
            })
            .collect();
        parsed.into_iter().collect()
    }

    pub(super) fn prices(&mut self, at: &str, prices: Vec<PriceDto>) -> Option<Prices> {
        let parsed = self.list(at, prices, 200, |p, at, price| {
            let price = p.price(at, price)?;
            Some((format!("{at}/currency"), price))
        })?;
        let mut prices = Prices::default();
        let mut valid = true;
        for (at, price) in parsed {
            valid &= self.take(&at, prices.add(price)).is_some();
        }
        valid.then_some(prices)
    }

    pub(super) fn price(
        &mut self,
        at: &str,
        PriceDto {
            amount,
            currency,
            compare_at,
        }: PriceDto,
    ) -> Option<Price> {
        let currency = self.take(&format!("{at}/currency"), Currency::parse(&currency))?;
        let amount = self.take(&format!("{at}/amount"), Money::parse(&amount, currency));
        let at = format!("{at}/compareAt");
        let compare_at = self.maybe(compare_at, |p, c| p.take(&at, Money::parse(&c, currency)));
        self.take(&at, Price::new(amount?, compare_at?))
    }

    /// An instant (RFC 3339), cut to microseconds.
    pub(super) fn instant(&mut self, at: &str, text: &str) -> Option<Timestamp> {
        let parsed = DateTime::parse_from_rfc3339(text)
            .ok()
            // A leap second is the first of the next minute.
            .and_then(|time| DateTime::from_timestamp_micros(time.timestamp_micros()))
            // Others have no common notation that sorts.
            .filter(|time| (1..=9999).contains(&time.year()))
            .ok_or(ValueError::Pattern {
                expected: "an instant such as 2026-01-31T12:00:00Z",
            });
        self.take(at, parsed)
    }

    pub(super) fn validity(
        &mut self,
        at: &str,
        from: Option<String>,
        until: Option<String>,
    ) -> Option<Validity> {
        let until_at = format!("{at}/validUntil");
        let from = self.maybe(from, |p, from| p.instant(&format!("{at}/validFrom"), &from));
        let until = self.maybe(until, |p, until| p.instant(&until_at, &until));
        self.take(&until_at, Validity::new(from?, until?))
    }

    pub(super) fn weight(&mut self, at: &str, WeightDto { value, unit }: &WeightDto) -> Option<Weight> {
        let value = self.take(&format!("{at}/value"), Decimal::parse(value));
        let unit = self.take(&format!("{at}/unit"), WeightUnit::parse(unit));
        Some(Weight {
            value: value?,
            unit: unit?,
        })
    }

    pub(super) fn dimensions(&mut self, at: &str, dimensions: &DimensionsDto) -> Option<Dimensions> {
        let DimensionsDto {
            length,
            width,
            height,
            unit,
        } = dimensions;
        let length = self.take(&format!("{at}/length"), Decimal::parse(length));
        let width = self.take(&format!("{at}/width"), Decimal::parse(width));
        let height = self.take(&format!("{at}/height"), Decimal::parse(height));
        let unit = self.take(&format!("{at}/unit"), LengthUnit::parse(unit));
        Some(Dimensions {
            length: length?,
            width: width?,
            height: height?,
            unit: unit?,
        })
    }

    pub(super) fn refuse(&mut self, at: &str, code: &'static str, detail: &str) {
        self.faults.push(Fault::new(at, code, detail));
    }
}
