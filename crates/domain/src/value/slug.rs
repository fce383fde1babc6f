//! The part of a storefront's address that names a resource.

use std::collections::BTreeMap;

use super::{Locale, Localized, ValueError};

/// 1 to 200 lower-case letters (of any script), digits, hyphens and underscores; unique per locale and resource kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    pub const MAX: usize = 200;

    pub fn parse(slug: impl Into<String>) -> Result<Self, ValueError> {
        let slug = slug.into();
        if slug.is_empty() {
            return Err(ValueError::Required);
        }
        if slug.chars().count() > Self::MAX {
            return Err(ValueError::TooLong {
                max: Self::MAX,
                of: "characters",
            });
        }
        let allowed = |c: char| (c.is_alphanumeric() && !c.is_uppercase()) || matches!(c, '-' | '_');
        if !slug.chars().all(allowed) {
            return Err(ValueError::Pattern {
                expected: "lower-case letters, digits, hyphens and underscores",
            });
        }
        Ok(Self(slug))
    }

    /// A slug made from a name: transliterated to ASCII, or nothing where no letter or digit is left.
    pub fn from_name(name: &str) -> Option<Self> {
        let slug: String = ::slug::slugify(name).chars().take(Self::MAX).collect();
        let slug = slug.trim_end_matches('-');
        (!slug.is_empty()).then(|| Self(slug.to_owned()))
    }

    /// The same slug told apart by a suffix, within the limit.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        let kept: String = self
            .0
            .chars()
            .take(Self::MAX - suffix.chars().count() - 1)
            .collect();
        Self(format!("{kept}-{suffix}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A slug per locale; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalizedSlug(BTreeMap<Locale, Slug>);

impl LocalizedSlug {
    pub fn new(slugs: BTreeMap<Locale, Slug>) -> Result<Self, ValueError> {
        match slugs.len() {
            0 => Err(ValueError::Required),
            1..=60 => Ok(Self(slugs)),
            _ => Err(ValueError::TooLong {
                max: 60,
                of: "locales",
            }),
        }
    }

    /// A slug for every locale of a name; `fallback` stands in where a name has no letter or digit.
    pub fn from_names<const MAX: usize>(names: &Localized<MAX>, fallback: &Slug) -> Self {
        Self(
            names
                .iter()
                .map(|(locale, name)| {
                    (
                        locale.clone(),
                        Slug::from_name(name.as_str()).unwrap_or_else(|| fallback.clone()),
                    )
                })
                .collect(),
        )
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Locale, &Slug)> {
        self.0.iter()
    }

    /// The slug in the first of these locales that there is one in, else whatever there is.
    pub fn resolve(&self, locales: &[Locale]) -> Option<&Slug> {
        let preferred = locales.iter().find_map(|locale| self.0.get(locale));
        preferred.or_else(|| self.0.values().next())
    }

    /// Every slug that `taken` names gets the suffix.
    #[must_use]
    pub fn avoiding(self, taken: impl Fn(&Locale, &Slug) -> bool, suffix: &str) -> Self {
        let told_apart = |(locale, slug): (Locale, Slug)| {
            let slug = if taken(&locale, &slug) {
                slug.with_suffix(suffix)
            } else {
                slug
            };
            (locale, slug)
        };
        Self(self.0.into_iter().map(told_apart).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_slugs() {
        let slug = |name| Slug::from_name(name).map(|s| s.0);
        assert_eq!(
            slug("Käthe's  Kettle, 2 l").as_deref(),
            Some("kathe-s-kettle-2-l")
        );
        assert_eq!(slug("…!?"), None);
        assert!(slug(&"word ".repeat(100)).is_some_and(|s| s.len() <= 200 && Slug::parse(s).is_ok()));
    }

    #[test]
    fn suffixes_stay_within_the_limit() {
        let long = Slug("a".repeat(200)).with_suffix("0f3a9c");
        assert_eq!(long.0.len(), 200);
        assert!(long.0.ends_with("-0f3a9c"));
    }
}
