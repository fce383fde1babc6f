//! The import format's lines as the demo writes them. Field order is the order in the file.

use serde::{Serialize, Serializer};
use serde_json::Value;

#[derive(Serialize)]
#[serde(tag = "resource", rename = "category")]
pub(super) struct Category {
    pub(super) key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<String>,
    pub(super) name: Text,
    pub(super) slug: Text,
    pub(super) position: usize,
}

#[derive(Serialize)]
#[serde(tag = "resource", rename = "product", rename_all = "camelCase")]
pub(super) struct Product {
    pub(super) key: String,
    #[serde(rename = "productType")]
    pub(super) kind: String,
    pub(super) status: &'static str,
    pub(super) name: Text,
    pub(super) slug: Text,
    pub(super) description: Text,
    pub(super) brand: &'static str,
    pub(super) tags: Vec<&'static str>,
    pub(super) categories: Vec<String>,
    pub(super) media: Vec<Media>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seo: Option<Seo>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) option_axes: Vec<&'static str>,
    pub(super) attributes: Value,
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    pub(super) metadata: Pairs,
    pub(super) variants: Vec<Variant>,
}

/// A text in English and, for some, in German.
#[derive(Serialize)]
pub(super) struct Text {
    pub(super) en: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) de: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Seo {
    pub(super) title: Text,
    pub(super) description: Text,
}

#[derive(Serialize)]
pub(super) struct Media {
    pub(super) url: String,
    pub(super) alt: Text,
    pub(super) role: &'static str,
}

#[derive(Serialize)]
pub(super) struct Variant {
    pub(super) sku: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gtin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mpn: Option<String>,
    pub(super) options: Pairs,
    pub(super) prices: [Money; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) weight: Option<Weight>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dimensions: Option<Dimensions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attributes: Option<Value>,
}

#[derive(Serialize)]
pub(super) struct Money {
    pub(super) amount: String,
    pub(super) currency: &'static str,
}

#[derive(Serialize)]
pub(super) struct Weight {
    pub(super) value: String,
    pub(super) unit: &'static str,
}

#[derive(Serialize)]
pub(super) struct Dimensions {
    pub(super) length: String,
    pub(super) width: String,
    pub(super) height: String,
    pub(super) unit: &'static str,
}

/// A JSON object of strings, in the order given.
pub(super) struct Pairs(pub(super) Vec<(&'static str, String)>);

impl Pairs {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Pairs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// A URL slug: lower-case letters and digits, everything else becomes single hyphens.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut gap = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        let mut ascii = [0; 4];
        let plain = match c {
            'ä' => "ae",
            'ö' => "oe",
            'ü' => "ue",
            'ß' => "ss",
            'é' => "e",
            'a'..='z' | '0'..='9' => c.encode_utf8(&mut ascii),
            _ => {
                gap = true;
                continue;
            }
        };
        if gap && !out.is_empty() {
            out.push('-');
        }
        gap = false;
        out.push_str(plain);
    }
    out
}

/// A number of `parts`-ths, a power of ten, as a decimal.
pub(super) fn decimal_of(number: u64, parts: u64) -> String {
    let digits = usize::try_from(parts.ilog10()).unwrap_or_default();
    format!("{}.{:0digits$}", number / parts, number % parts)
}
