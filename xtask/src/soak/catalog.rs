//! The resources whose values grow, and the addresses under which they are read.
//!
//! A product carries its value as `brand`, its one variant as `mpn`, a category as `name`.

use std::collections::HashMap;
use std::ops::Range;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Answer, Client, Silence};
use crate::Result;

/// Ids of products, of each one's variant, and of categories.
pub(super) struct Catalog {
    products: Vec<String>,
    variants: Vec<String>,
    categories: Vec<String>,
    /// Product by id.
    by_id: HashMap<String, usize>,
}

/// Something that can be read. Numbers are those of products or categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Product(usize),
    Expanded(usize),
    StoreById(usize),
    StoreBySlug(usize),
    Products,
    StoreProducts,
    StoreCategory(usize),
    StoreCategories,
}

impl Catalog {
    /// Fills an empty catalog.
    pub(super) async fn create(client: &Client, products: usize, categories: usize) -> Result<Self> {
        let mut catalog = Self {
            products: Vec::new(),
            variants: Vec::new(),
            categories: Vec::new(),
            by_id: HashMap::new(),
        };
        for n in 0..categories {
            let key = format!("soak-{n}");
            let body = json!({"key": key, "slug": key, "name": "0"});
            let created = create(client, "/v1/categories", &body).await?;
            catalog.categories.push(text(&created, "/id"));
        }
        for n in 0..products {
            let created = create(client, "/v1/products?publish=true", &Self::product(n)).await?;
            let id = text(&created, "/id");
            catalog.by_id.insert(id.clone(), n);
            catalog.products.push(id);
            catalog.variants.push(text(&created, "/variants/0/id"));
        }
        Ok(catalog)
    }

    /// A catalog that nobody has created, whose ids are `p0`, `v0`, `c0` and so on.
    #[cfg(test)]
    pub(super) fn imagined(products: usize, categories: usize) -> Self {
        let ids = |letter: char, count: usize| (0..count).map(move |n| format!("{letter}{n}"));
        Self {
            products: ids('p', products).collect(),
            variants: ids('v', products).collect(),
            categories: ids('c', categories).collect(),
            by_id: ids('p', products).zip(0..).collect(),
        }
    }

    /// The product as it is created.
    fn product(n: usize) -> Value {
        json!({"key": format!("soak-{n}"), "slug": {"en": slug(n)}, "name": format!("Product {n}"), "brand": "0",
            "description": {"en": "Text. ".repeat(40)}, "variants": [{"sku": format!("SOAK-{n}"), "mpn": "0"}]})
    }

    /// How many registers there are: first the products', then the variants', then the categories'.
    pub(super) fn registers(&self) -> usize {
        self.products.len() * 2 + self.categories.len()
    }

    pub(super) fn products(&self) -> usize {
        self.products.len()
    }

    pub(super) fn categories(&self) -> usize {
        self.categories.len()
    }

    fn variant(&self, product: usize) -> usize {
        self.products.len() + product
    }

    fn category(&self, category: usize) -> usize {
        self.products.len() * 2 + category
    }

    /// Where a register is written, and where its writer reads its version.
    pub(super) fn resource(&self, register: usize) -> String {
        let products = self.products.len();
        let id = |ids: &[String], at: usize| ids.get(at).cloned().unwrap_or_default();
        if register < products {
            format!("/v1/products/{}", id(&self.products, register))
        } else if register < products * 2 {
            format!("/v1/variants/{}", id(&self.variants, register - products))
        } else {
            format!("/v1/categories/{}", id(&self.categories, register - products * 2))
        }
    }

    /// The address and the merge patch that write `value`, so that shoppers see it too.
    pub(super) fn write(&self, register: usize, value: u64) -> (String, Value) {
        let products = self.products.len();
        let path = self.resource(register);
        let value = value.to_string();
        if register < products {
            (format!("{path}?publish=true"), json!({"brand": value}))
        } else if register < products * 2 {
            (format!("{path}?publish=true"), json!({"mpn": value}))
        } else {
            (path, json!({"name": value}))
        }
    }

    /// Where one register is shown alone, or nearly so.
    pub(super) fn close_to(&self, register: usize) -> Vec<Target> {
        let products = self.products.len();
        let of = |n: usize| {
            [
                Target::Expanded(n),
                Target::Product(n),
                Target::StoreById(n),
                Target::StoreBySlug(n),
            ]
        };
        if register < products {
            of(register).to_vec()
        } else if register < products * 2 {
            let all = of(register - products).into_iter();
            all.filter(|target| *target != Target::Product(register - products))
                .collect()
        } else {
            vec![
                Target::StoreCategory(register - products * 2),
                Target::StoreCategories,
            ]
        }
    }

    /// All targets there are.
    pub(super) fn targets(&self) -> Vec<Target> {
        let of_products = (0..self.products.len()).flat_map(|n| {
            [
                Target::Product(n),
                Target::Expanded(n),
                Target::StoreById(n),
                Target::StoreBySlug(n),
            ]
        });
        let of_categories = (0..self.categories.len()).map(Target::StoreCategory);
        let all = [Target::Products, Target::StoreProducts, Target::StoreCategories];
        of_products.chain(of_categories).chain(all).collect()
    }

    pub(super) fn address(&self, target: Target) -> String {
        let product = |n: usize| self.products.get(n).cloned().unwrap_or_default();
        match target {
            Target::Product(n) => format!("/v1/products/{}", product(n)),
            Target::Expanded(n) => format!("/v1/products/{}?expand=variants", product(n)),
            Target::StoreById(n) => format!("/v1/store/default/products/{}", product(n)),
            Target::StoreBySlug(n) => format!("/v1/store/default/products/{}", slug(n)),
            Target::Products => "/v1/products?limit=200&sort=-updatedAt".to_owned(),
            Target::StoreProducts => "/v1/store/default/products?limit=200".to_owned(),
            Target::StoreCategory(n) => {
                let id = self.categories.get(n).cloned().unwrap_or_default();
                format!("/v1/store/default/categories/{id}")
            }
            Target::StoreCategories => "/v1/store/default/categories".to_owned(),
        }
    }

    /// The registers that the target shows.
    pub(super) fn shown(&self, target: Target) -> Vec<usize> {
        let products: Range<usize> = 0..self.products.len();
        match target {
            Target::Product(n) => vec![n],
            Target::Expanded(n) | Target::StoreById(n) | Target::StoreBySlug(n) => vec![n, self.variant(n)],
            Target::Products => products.collect(),
            Target::StoreProducts => products.flat_map(|n| [n, self.variant(n)]).collect(),
            Target::StoreCategory(n) => vec![self.category(n)],
            Target::StoreCategories => (0..self.categories.len()).map(|n| self.category(n)).collect(),
        }
    }

    /// The values in a body.
    pub(super) fn values(&self, target: Target, body: &Value) -> HashMap<usize, u64> {
        let mut values = HashMap::new();
        let mut product = |n: usize, body: &Value| {
            values.extend(number(body, "/brand").map(|value| (n, value)));
            values.extend(number(body, "/variants/0/mpn").map(|value| (self.variant(n), value)));
        };
        match target {
            Target::Product(n) | Target::Expanded(n) | Target::StoreById(n) | Target::StoreBySlug(n) => {
                product(n, body);
            }
            Target::Products | Target::StoreProducts => {
                for item in items(body) {
                    if let Some(n) = self.by_id.get(&text(item, "/id")) {
                        product(*n, item);
                    }
                }
            }
            Target::StoreCategory(n) => {
                values.extend(number(body, "/name").map(|value| (self.category(n), value)));
            }
            Target::StoreCategories => {
                for item in items(body) {
                    let id = text(item, "/id");
                    let known = self.categories.iter().position(|known| *known == id);
                    let found = known.zip(number(item, "/name"));
                    values.extend(found.map(|(n, value)| (self.category(n), value)));
                }
            }
        }
        values
    }
}

/// A published product that nobody has read; gives its id.
pub(super) async fn cold(client: &Client, key: &str) -> Result<String> {
    let body = json!({"key": key, "name": key, "brand": "0"});
    let created = create(client, "/v1/products?publish=true", &body).await?;
    Ok(text(&created, "/id"))
}

async fn create(client: &Client, path: &str, body: &Value) -> Result<Value> {
    let answer = client
        .send(Method::POST, path, &[], Some(body))
        .await
        .map_err(Silence::as_str)?;
    created(path, &answer)
}

fn created(path: &str, answer: &Answer) -> Result<Value> {
    if answer.status == StatusCode::CREATED {
        return Ok(answer.json());
    }
    let body = String::from_utf8_lossy(&answer.body);
    Err(format!("POST {path} answered {}: {body}", answer.status).into())
}

fn slug(product: usize) -> String {
    format!("soak-product-{product}")
}

fn items(body: &Value) -> impl Iterator<Item = &Value> {
    body.pointer("/items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text(body: &Value, pointer: &str) -> String {
    let found = body.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

fn number(body: &Value, pointer: &str) -> Option<u64> {
    body.pointer(pointer)?.as_str()?.parse().ok()
}
