//! How views of products are counted: the section `views`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ViewsSettings {
    /// Whether a product that the store plane answers counts as viewed.
    pub(crate) count_answers: bool,
    /// How often counts are written: what a process that dies loses.
    #[serde(with = "humantime_serde")]
    pub(crate) flush_interval: Duration,
}

impl Default for ViewsSettings {
    fn default() -> Self {
        Self {
            count_answers: false,
            flush_interval: Duration::from_secs(1),
        }
    }
}

impl ViewsSettings {
    /// What is wrong, one line to a fault, each beginning with its key.
    pub(super) fn problems(&self) -> Vec<String> {
        if (Duration::from_millis(100)..=Duration::from_mins(1)).contains(&self.flush_interval) {
            return Vec::new();
        }
        vec!["flush_interval must be 100ms to 1m".to_owned()]
    }
}
