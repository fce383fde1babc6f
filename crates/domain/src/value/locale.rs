//! Language tags and text per language.

use std::collections::BTreeMap;

use super::{Text, ValueError};

/// A well-formed BCP 47 language tag in its canonical case (`de`, `pt-BR`, `zh-Hant`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Locale(String);

impl Locale {
    pub fn parse(tag: &str) -> Result<Self, ValueError> {
        oxilangtag::LanguageTag::parse_and_normalize(tag)
            .ok()
            .filter(|tag| tag.as_str().len() <= 35)
            .map(|tag| Self(tag.into_inner()))
            .ok_or(ValueError::Pattern {
                expected: "a BCP 47 language tag",
            })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language alone, without region, script and the like.
    pub fn language(&self) -> Option<Self> {
        self.0
            .split('-')
            .next()
            .and_then(|language| Self::parse(language).ok())
    }
}

/// Text of at most `MAX` characters in 1 to 60 locales.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localized<const MAX: usize>(BTreeMap<Locale, Text<MAX>>);

impl<const MAX: usize> Localized<MAX> {
    pub const MAX_LOCALES: usize = 60;

    pub fn new(texts: BTreeMap<Locale, Text<MAX>>) -> Result<Self, ValueError> {
        match texts.len() {
            0 => Err(ValueError::Required),
            1..=Self::MAX_LOCALES => Ok(Self(texts)),
            _ => Err(ValueError::TooLong {
                max: Self::MAX_LOCALES,
                of: "locales",
            }),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Locale, &Text<MAX>)> {
        self.0.iter()
    }

    /// The text in the first of these locales that there is one in, else whatever there is.
    pub fn resolve(&self, locales: &[Locale]) -> Option<&Text<MAX>> {
        let preferred = locales.iter().find_map(|locale| self.0.get(locale));
        preferred.or_else(|| self.0.values().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn localized(pairs: &[(&str, &str)]) -> Localized<20> {
        let texts = pairs
            .iter()
            .filter_map(|(l, t)| Some((Locale::parse(l).ok()?, Text::parse(*t).ok()?)))
            .collect::<BTreeMap<_, _>>();
        Localized::new(texts).unwrap_or_else(|_| unreachable!())
    }

    #[test]
    fn tags_are_normalised() {
        assert_eq!(Locale::parse("DE-at").map(|l| l.0), Ok("de-AT".to_owned()));
        assert!(Locale::parse("not a tag").is_err());
        assert!(Locale::parse("").is_err());
    }

    #[test]
    fn resolution_takes_the_first_there_is() -> Result<(), ValueError> {
        let names = localized(&[("de", "Tasse"), ("en", "Cup")]);
        let tags = |tags: &[&str]| {
            tags.iter()
                .map(|t| Locale::parse(t))
                .collect::<Result<Vec<_>, _>>()
        };
        let resolve = |locales: &[Locale]| names.resolve(locales).map(|text| text.as_str().to_owned());
        assert_eq!(resolve(&tags(&["de-AT", "de", "en"])?).as_deref(), Some("Tasse"));
        assert_eq!(resolve(&tags(&["fr", "en", "de"])?).as_deref(), Some("Cup"));
        assert_eq!(resolve(&tags(&["fr"])?).as_deref(), Some("Tasse"));
        Ok(())
    }
}
