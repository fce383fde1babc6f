//! Where uploaded files are kept: the section `media`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::settings::masked;

/// Longer than any upload takes: it keeps its bytes a moment before the catalog knows of them.
const SHORTEST: Duration = Duration::from_hours(1);

/// With no `url` the files are in the data folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MediaSettings {
    /// `s3://BUCKET` or `s3://BUCKET/PREFIX`; absent means the folder `media` in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of a server that speaks S3 and is not AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    pub region: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "masked")]
    pub secret_access_key: Option<SecretString>,
    /// How long bytes are kept that no file of the catalog has; `0s` is for ever. Absent: a day in the data folder, and for
    /// ever in a bucket, where another catalog's files may be.
    #[serde(with = "humantime_serde", skip_serializing_if = "Option::is_none")]
    pub orphans_kept: Option<Duration>,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self {
            url: None,
            endpoint: None,
            region: "us-east-1".to_owned(),
            access_key_id: None,
            secret_access_key: None,
            orphans_kept: None,
        }
    }
}

/// What a URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Folder(PathBuf),
    Bucket { name: String, prefix: String },
}

impl MediaSettings {
    pub(super) fn place(&self, data_dir: &Path) -> Option<Place> {
        match &self.url {
            None => Some(Place::Folder(data_dir.join("media"))),
            Some(url) => bucket(url),
        }
    }

    /// How long bytes are kept that no file of the catalog has; `None` for ever.
    pub fn orphans_kept(&self) -> Option<Duration> {
        let in_folder = self.url.is_none().then_some(Duration::from_hours(24));
        self.orphans_kept.or(in_folder).filter(|kept| !kept.is_zero())
    }

    /// What is wrong, one line to a fault, each beginning with its key. Never quotes the secret.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.url.as_deref().is_some_and(|url| bucket(url).is_none()) {
            problems.push(
                "url must be s3://BUCKET or s3://BUCKET/PREFIX; leave it out for the data folder".to_owned(),
            );
        }
        if self.endpoint.as_deref().is_some_and(|url| !is_web(url)) {
            problems.push("endpoint must be an http or https URL without a password".to_owned());
        }
        if self.region.is_empty() {
            problems.push("region must not be empty".to_owned());
        }
        if self.access_key_id.is_some() != self.secret_access_key.is_some() {
            problems.push("access_key_id and secret_access_key come together or not at all".to_owned());
        }
        if self
            .orphans_kept
            .is_some_and(|kept| !kept.is_zero() && kept < SHORTEST)
        {
            problems.push("orphans_kept must be at least 1h, or 0s to keep them".to_owned());
        }
        let of_buckets = self.endpoint.is_some() || self.access_key_id.is_some();
        if self.url.is_none() && of_buckets {
            problems.push("url is missing: endpoint and keys are for s3://BUCKET".to_owned());
        }
        problems
    }
}

fn bucket(url: &str) -> Option<Place> {
    let url = Url::parse(url).ok().filter(|url| url.scheme() == "s3")?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let name = url.host_str().filter(|name| plain && !name.is_empty())?;
    Some(Place::Bucket {
        name: name.to_owned(),
        prefix: url.path().trim_matches('/').to_owned(),
    })
}

fn is_web(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.password().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_named_by_url() {
        let with = |url: &str| MediaSettings {
            url: Some(url.to_owned()),
            ..MediaSettings::default()
        };
        let place = |url: &str| with(url).place(Path::new("data"));
        let named = |prefix: &str| {
            Some(Place::Bucket {
                name: "pictures".to_owned(),
                prefix: prefix.to_owned(),
            })
        };
        assert_eq!(place("s3://pictures"), named(""));
        assert_eq!(place("s3://pictures/"), named(""));
        assert_eq!(place("s3://pictures/shop/files/"), named("shop/files"));
        let folder = MediaSettings::default().place(Path::new("data"));
        assert_eq!(folder, Some(Place::Folder("data/media".into())));
        for url in [
            "pictures",
            "s3://",
            "https://pictures",
            "s3://a:b@pictures",
            "s3:pictures",
            "",
        ] {
            assert_eq!(with(url).problems().len(), 1, "{url}");
        }
    }
}
