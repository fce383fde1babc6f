//! All settings: built-in defaults, under a file, under the environment.
//!
//! Invariant: what [`Settings::load`] returns is complete and valid; an unknown key is an error that names it.

mod catalog;
mod history;
mod layers;
mod search;
#[cfg(test)]
mod tests;
mod views;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use infrastructure::access::AuthSettings;
use infrastructure::cache_settings::CacheSettings;
use infrastructure::cdn::CdnSettings;
use infrastructure::database::DatabaseSettings;
use infrastructure::files::MediaSettings;
use infrastructure::settings::{SecretUrl, mask_url};
use serde::Serialize;

use crate::server::settings::HttpSettings;
use catalog::CatalogSettings;
use history::HistorySettings;
use infrastructure::telemetry::TelemetrySettings;
use layers::{Layers, PREFIX};
use search::SearchSettings;
use views::ViewsSettings;

/// Names a settings file where the command line does not.
const FILE_VARIABLE: &str = "VITRINE_CONFIG";

/// Where a settings file is looked for that nothing names.
const USUAL_FILES: [&str; 2] = ["vitrine.toml", "config/vitrine.toml"];

const KEYS: &str = "`data_dir`, `http`, `database`, `cache`, `cdn`, `media`, `auth`, `catalog`, `history`, `search`, `views`, `telemetry`";

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Settings {
    /// Folder for everything the service keeps in files.
    pub(crate) data_dir: PathBuf,
    pub(crate) http: HttpSettings,
    pub(crate) database: DatabaseSettings,
    pub(crate) cache: CacheSettings,
    pub(crate) cdn: CdnSettings,
    pub(crate) media: MediaSettings,
    pub(crate) auth: AuthSettings,
    pub(crate) catalog: CatalogSettings,
    pub(crate) history: HistorySettings,
    pub(crate) search: SearchSettings,
    pub(crate) views: ViewsSettings,
    pub(crate) telemetry: TelemetrySettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: "./data".into(),
            http: HttpSettings::default(),
            database: DatabaseSettings::default(),
            cache: CacheSettings::default(),
            cdn: CdnSettings::default(),
            media: MediaSettings::default(),
            auth: AuthSettings::default(),
            catalog: CatalogSettings::default(),
            history: HistorySettings::default(),
            search: SearchSettings::default(),
            views: ViewsSettings::default(),
            telemetry: TelemetrySettings::default(),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("settings file {}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("settings file {}, line {line}: {reason}", path.display())]
    Syntax {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error("settings: {0}")]
    Unreadable(String),
    /// Every fault found, each naming its key.
    #[error("settings: {}", .0.join("; "))]
    Invalid(Vec<String>),
    #[error("settings cannot be printed: {0}")]
    Print(#[from] toml::ser::Error),
}

impl Settings {
    /// Reads the settings of this process. `file` is what the command line names.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        Self::load_from(file, std::env::vars_os(), Path::new("."))
    }

    /// [`Settings::load`] with the environment and the working folder given.
    fn load_from(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        folder: &Path,
    ) -> Result<Self, SettingsError> {
        let mut problems = Vec::new();
        let variables = own_variables(variables, &mut problems);
        let file = find_file(file, variables.get(FILE_VARIABLE), folder)?;
        let mut layers = Layers::merge(file.as_deref(), variables)
            .map_err(|error| SettingsError::Unreadable(error.to_string().replace('\n', " ")))?;
        let settings = Self {
            data_dir: layers.value("data_dir", Self::default().data_dir, &mut problems),
            http: layers.section("http", &mut problems),
            database: layers.section("database", &mut problems),
            cache: layers.section("cache", &mut problems),
            cdn: layers.section("cdn", &mut problems),
            media: layers.section("media", &mut problems),
            auth: layers.section("auth", &mut problems),
            catalog: layers.section("catalog", &mut problems),
            history: layers.section("history", &mut problems),
            search: layers.section("search", &mut problems),
            views: layers.section("views", &mut problems),
            telemetry: layers.section("telemetry", &mut problems),
        };
        layers.refuse_rest(KEYS, &mut problems);
        problems.extend(settings.problems());
        if problems.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError::Invalid(problems))
        }
    }

    /// What is wrong with values that could be read.
    fn problems(&self) -> impl Iterator<Item = String> {
        let Self {
            data_dir,
            http,
            database,
            cache,
            cdn,
            media,
            auth,
            catalog,
            history,
            search,
            views,
            telemetry,
        } = self;
        let root = data_dir
            .as_os_str()
            .is_empty()
            .then(|| "data_dir must not be empty".to_owned());
        let sections = [
            ("http", http.problems()),
            ("database", database.problems()),
            ("cache", cache.problems()),
            ("cdn", cdn.problems()),
            ("media", media.problems()),
            ("auth", auth.problems()),
            ("catalog", catalog.problems()),
            ("history", history.problems()),
            ("search", search.problems()),
            ("views", views.problems()),
            ("telemetry", telemetry.problems()),
        ];
        let sections = sections.into_iter().flat_map(|(name, problems)| {
            problems
                .into_iter()
                .map(move |problem| format!("{name}.{problem}"))
        });
        root.into_iter().chain(sections)
    }

    pub(crate) fn database_url(&self) -> SecretUrl {
        self.database.effective_url(&self.data_dir)
    }

    pub(crate) fn cache_url(&self) -> SecretUrl {
        self.cache.effective_url()
    }

    pub(crate) fn cache_is_in_process(&self) -> bool {
        self.cache_url().scheme() == "memory"
    }

    /// Everything as it is in force, as TOML, with secrets masked.
    pub(crate) fn effective_toml(&self) -> Result<String, SettingsError> {
        let mut effective = self.clone();
        effective.database.url = Some(self.database_url());
        effective.cache.url = Some(self.cache_url());
        let mut values = toml::Value::try_from(&effective)?;
        mask_urls(&mut values);
        Ok(toml::to_string(&values)?)
    }
}

/// Secret types mask themselves; this catches a password in a URL that nobody expected one in.
fn mask_urls(value: &mut toml::Value) {
    match value {
        toml::Value::String(text) if text.contains("://") => *text = mask_url(text),
        toml::Value::Array(values) => values.iter_mut().for_each(mask_urls),
        toml::Value::Table(table) => table.iter_mut().for_each(|(_, value)| mask_urls(value)),
        _ => {}
    }
}

/// The variables that concern the settings; one that is not Unicode is a problem only among them.
fn own_variables(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    problems: &mut Vec<String>,
) -> HashMap<String, String> {
    let mut own = HashMap::new();
    for (name, value) in variables {
        let Ok(name) = name.into_string() else { continue };
        if name != FILE_VARIABLE && !name.to_ascii_uppercase().starts_with(PREFIX) {
            continue;
        }
        match value.into_string() {
            Ok(value) => drop(own.insert(name, value)),
            Err(_) => problems.push(format!("{name}: is not Unicode text")),
        }
    }
    own
}

fn find_file(
    named: Option<&Path>,
    variable: Option<&String>,
    folder: &Path,
) -> Result<Option<PathBuf>, SettingsError> {
    let named = named
        .map(Path::to_owned)
        .or_else(|| variable.filter(|path| !path.is_empty()).map(PathBuf::from));
    let Some(path) = named else {
        let usual = USUAL_FILES
            .iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file());
        return usual.map(|path| check_syntax(&path).map(|()| path)).transpose();
    };
    let path = folder.join(path);
    check_syntax(&path)?;
    Ok(Some(path))
}

/// Says what config's own error would not (whether the file is missing or unreadable) and not what it would: it quotes
/// the faulty line, which may hold a secret.
fn check_syntax(path: &Path) -> Result<(), SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SettingsError::File {
        path: path.to_owned(),
        source,
    })?;
    text.parse::<toml::Table>().map(drop).map_err(|error| {
        let before = error
            .span()
            .and_then(|span| text.get(..span.start))
            .unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        SettingsError::Syntax {
            path: path.to_owned(),
            line,
            reason: error.message().replace('\n', " "),
        }
    })
}
