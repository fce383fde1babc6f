//! What the visitor does in Swagger UI, and what must be on the screen then.

use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::Value;

use crate::Result;

/// A development build on a busy machine with two cores is slow.
const PATIENCE: Duration = Duration::from_secs(30);

/// Enters `token`, lists products and fetches the first one.
pub(super) async fn visit(client: &Client, origin: &str, token: &str) -> Result<()> {
    let page = Page { client };
    client.goto(&format!("{origin}/docs")).await?;
    page.authorize(token).await?;

    let list = Operation::new(&page, "/v1/products");
    list.open().await?;
    let products = list.execute().await?;
    let first = products.pointer("/items/0/id").and_then(Value::as_str);
    let id = first.ok_or_else(|| format!("the list of products has no items: {products}"))?;

    let get = Operation::new(&page, "/v1/products/{ref}");
    get.open().await?;
    get.fill("ref", id).await?;
    let product = get.execute().await?;
    if product.get("id").and_then(Value::as_str) != Some(id) {
        return Err(format!("asked for product {id}, got {product}").into());
    }
    page.check_stayed_at(origin).await
}

struct Page<'a> {
    client: &'a Client,
}

impl Page<'_> {
    async fn find(&self, css: &str) -> Result<Element> {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await;
        found.map_err(|error| format!("`{css}` is not on the page: {error}").into())
    }

    async fn click(&self, css: &str) -> Result<()> {
        let element = self.find(css).await?;
        element
            .click()
            .await
            .map_err(|error| format!("cannot click `{css}`: {error}").into())
    }

    async fn authorize(&self, token: &str) -> Result<()> {
        self.click(".auth-wrapper button.authorize").await?;
        self.find(".dialog-ux #auth-bearer-value")
            .await?
            .send_keys(token)
            .await?;
        self.click(".dialog-ux button.authorize").await?;
        self.click(".dialog-ux button.btn-done").await?;
        self.find(".auth-wrapper button.authorize.locked").await?;
        Ok(())
    }

    /// Fails when the page asked any other machine for anything, whether it got it or not.
    async fn check_stayed_at(&self, origin: &str) -> Result<()> {
        let script = "return performance.getEntriesByType('resource').map(entry => entry.name)";
        let requests = self.client.execute(script, Vec::new()).await?;
        let requests: Vec<String> = serde_json::from_value(requests)?;
        let is_local =
            |url: &String| url.starts_with(origin) || url.starts_with("data:") || url.starts_with("blob:");
        match requests.iter().find(|url| !is_local(url)) {
            Some(url) => Err(format!("the page requested {url}").into()),
            None if requests.is_empty() => Err("the browser recorded no request at all".into()),
            None => Ok(()),
        }
    }
}

/// A GET operation on the page.
struct Operation<'a> {
    page: &'a Page<'a>,
    block: String,
}

impl<'a> Operation<'a> {
    fn new(page: &'a Page<'a>, path: &str) -> Self {
        Self {
            page,
            block: format!(".opblock-get:has([data-path='{path}'])"),
        }
    }

    fn within(&self, css: &str) -> String {
        format!("{} {css}", self.block)
    }

    async fn open(&self) -> Result<()> {
        self.page.click(&self.within(".opblock-summary-control")).await?;
        self.page.click(&self.within(".try-out__btn")).await
    }

    async fn fill(&self, parameter: &str, value: &str) -> Result<()> {
        let input = self
            .page
            .find(&self.within(&format!("[data-param-name='{parameter}'] input")))
            .await?;
        input.clear().await?;
        Ok(input.send_keys(value).await?)
    }

    /// Sends the request; gives the body that the page shows, when the status is 200.
    async fn execute(&self) -> Result<Value> {
        self.page.click(&self.within("button.execute")).await?;
        let response = |css| self.within(&format!(".live-responses-table tr.response {css}"));
        let status = self
            .page
            .find(&response(".response-col_status"))
            .await?
            .text()
            .await?;
        let body = self
            .page
            .find(&response(".highlight-code code"))
            .await?
            .prop("textContent")
            .await?;
        let body = body.unwrap_or_default();
        if status.split_whitespace().next() != Some("200") {
            return Err(format!("{} answered {status}: {body}", self.block).into());
        }
        Ok(serde_json::from_str(&body).map_err(|error| format!("{error} in {body}"))?)
    }
}
