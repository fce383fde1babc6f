//! A CDN that is told by webhook what to purge: the section `cdn`.

use std::time::Duration;

use application::cdn::{Cdn, CdnError};
use async_trait::async_trait;
use reqwest::{Client, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::settings::masked;

/// A CDN that takes longer is asked again.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CdnSettings {
    /// Absent means that no CDN is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purge_url: Option<String>,
    /// Goes along as a bearer token.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "masked")]
    pub purge_token: Option<SecretString>,
}

impl CdnSettings {
    /// What is wrong, one line to a fault, each beginning with its key. Never quotes the token.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self
            .purge_url
            .as_deref()
            .is_some_and(|url| address(url).is_none())
        {
            problems.push("purge_url must be an http or https URL without a password".to_owned());
        }
        if self.purge_url.is_none() && self.purge_token.is_some() {
            problems.push("purge_url is missing: purge_token goes with it".to_owned());
        }
        problems
    }
}

fn address(url: &str) -> Option<Url> {
    Url::parse(url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.password().is_none())
}

/// POSTs `{"surrogateKeys": […]}`.
pub struct CdnWebhook {
    client: Client,
    address: Url,
    token: Option<SecretString>,
}

impl CdnWebhook {
    /// `None` where the settings name no CDN.
    pub fn open(settings: &CdnSettings) -> Result<Option<Self>, CdnError> {
        let Some(address) = settings.purge_url.as_deref().and_then(address) else {
            return Ok(None);
        };
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| CdnError(error.into()))?;
        Ok(Some(Self {
            client,
            address,
            token: settings.purge_token.clone(),
        }))
    }
}

#[async_trait]
impl Cdn for CdnWebhook {
    async fn purge(&self, keys: &[String]) -> Result<(), CdnError> {
        let mut request = self
            .client
            .post(self.address.clone())
            .json(&json!({"surrogateKeys": keys}));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        // The address may hold a secret.
        let answer = request.send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let answer = answer.map_err(|error| CdnError(error.without_url().into()))?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(CdnError(format!("answered {}", answer.status()).into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_the_web() {
        let of = |url: &str| {
            let settings = CdnSettings {
                purge_url: Some(url.to_owned()),
                purge_token: Some("secret".into()),
            };
            settings.problems().len()
        };
        assert_eq!(of("https://purge.example/x?y=z"), 0);
        for bad in [
            "",
            "purge.example",
            "ftp://purge.example",
            "https://a:b@purge.example",
            "https://",
        ] {
            assert_eq!(of(bad), 1, "{bad}");
        }
        let alone = CdnSettings {
            purge_url: None,
            purge_token: Some("secret".into()),
        };
        assert_eq!(alone.problems().len(), 1);
        assert!(CdnSettings::default().problems().is_empty());
    }
}
