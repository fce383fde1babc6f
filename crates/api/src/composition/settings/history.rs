//! How much of the past is kept: the section `history`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Whoever follows the change log, such as caches and webhooks, is nearer to its end than this.
const SHORTEST: Duration = Duration::from_hours(1);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HistorySettings {
    /// How long versions that are not the newest are kept; `0s` is for ever.
    #[serde(with = "humantime_serde")]
    pub(crate) retention: Duration,
}

impl HistorySettings {
    /// What is wrong, one line to a fault, each beginning with its key.
    pub(super) fn problems(&self) -> Vec<String> {
        if self.retention.is_zero() || self.retention >= SHORTEST {
            return Vec::new();
        }
        vec!["retention must be at least 1h, or 0s to keep everything".to_owned()]
    }
}
