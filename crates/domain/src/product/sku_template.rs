//! How SKUs are made from options: `MUG-{colour}-{size}`.

use super::{Axis, Options};
use crate::value::{Sku, Slug, ValueError};

/// Text with the names of option axes in braces, in whose places the options' values stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuTemplate(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Axis),
}

impl SkuTemplate {
    /// Every placeholder has to be one of `axes`.
    pub fn parse(template: &str, axes: &[Axis]) -> Result<Self, ValueError> {
        if template.trim().is_empty() {
            return Err(ValueError::Required);
        }
        let malformed = ValueError::Pattern {
            expected: "text with option axes of the product in braces, such as MUG-{colour}",
        };
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((text, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(|| malformed.clone())?;
            let axis = axes.iter().find(|axis| axis.as_str() == name);
            parts.push(Part::Text(text.to_owned()));
            parts.push(Part::Value(axis.ok_or_else(|| malformed.clone())?.clone()));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let stray = |part: &Part| matches!(part, Part::Text(text) if text.contains('}'));
        if parts.iter().any(stray) {
            return Err(malformed);
        }
        Ok(Self(parts))
    }

    /// What a value becomes in a SKU, or nothing where it has no letter and no digit.
    pub fn part_of(value: &str) -> Option<String> {
        Slug::from_name(value).map(|slug| slug.as_str().to_ascii_uppercase())
    }

    /// The SKU of a variant with these options.
    pub fn sku(&self, options: &Options) -> Result<Sku, ValueError> {
        let mut sku = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => sku.push_str(text),
                Part::Value(axis) => {
                    let value = options.get(axis).and_then(|value| Self::part_of(value.as_str()));
                    sku.push_str(&value.ok_or(ValueError::Required)?);
                }
            }
        }
        Sku::parse(sku)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::value::Text;

    fn axes() -> Vec<Axis> {
        ["colour", "size"].map(|axis| Text::parse(axis).unwrap()).to_vec()
    }

    fn options(pairs: &[(&str, &str)]) -> Options {
        let option =
            |(axis, value): &(&str, &str)| (Text::parse(*axis).unwrap(), Text::parse(*value).unwrap());
        pairs.iter().map(option).collect()
    }

    #[test]
    fn values_stand_in_for_their_axes() {
        let template = SkuTemplate::parse("mug/{colour}-{size}{colour}", &axes()).unwrap();
        let sku = template.sku(&options(&[("colour", "Himmel Blau ß"), ("size", "½ l")]));
        assert_eq!(sku.unwrap().as_str(), "mug/HIMMEL-BLAU-SS-1-2-LHIMMEL-BLAU-SS");
        let plain = SkuTemplate::parse("MUG", &axes()).unwrap();
        assert_eq!(plain.sku(&Options::new()).unwrap().as_str(), "MUG");
    }

    #[test]
    fn placeholders_are_axes_of_the_product() {
        for bad in [
            "{shape}",
            "{Colour}",
            "{}",
            "{colour",
            "colour}",
            "{{colour}}",
            "a}{size}",
        ] {
            let parsed = SkuTemplate::parse(bad, &axes());
            assert!(matches!(parsed, Err(ValueError::Pattern { .. })), "{bad}");
        }
        assert_eq!(SkuTemplate::parse(" ", &axes()), Err(ValueError::Required));
    }

    #[test]
    fn what_comes_of_it_must_be_a_sku() {
        let template = SkuTemplate::parse("{size}", &axes()).unwrap();
        assert_eq!(
            template.sku(&options(&[("size", "—")])),
            Err(ValueError::Required)
        );
        let long = template.sku(&options(&[("size", &"x".repeat(129))]));
        assert!(matches!(long, Err(ValueError::TooLong { .. })));
        let blank = SkuTemplate::parse(" {size}", &axes()).unwrap();
        let blank = blank.sku(&options(&[("size", "S")]));
        assert!(matches!(blank, Err(ValueError::Pattern { .. })));
    }
}
