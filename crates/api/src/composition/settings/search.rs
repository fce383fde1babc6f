//! Search within the process: the section `search`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SearchSettings {
    /// Whether this process keeps an index and answers searches.
    pub(crate) enabled: bool,
    /// The folder of the index; `search` in the data folder when absent.
    pub(crate) path: Option<PathBuf>,
}

impl Default for SearchSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            path: None,
        }
    }
}

impl SearchSettings {
    pub(crate) fn folder(&self, data_dir: &Path) -> PathBuf {
        self.path.clone().unwrap_or_else(|| data_dir.join("search"))
    }

    /// What is wrong, one line to a fault, each beginning with its key.
    pub(super) fn problems(&self) -> Vec<String> {
        let is_empty = |path: &PathBuf| path.as_os_str().is_empty();
        if self.path.as_ref().is_some_and(is_empty) {
            return vec!["path must not be empty".to_owned()];
        }
        Vec::new()
    }
}
