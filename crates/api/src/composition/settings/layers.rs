//! Puts the layers on top of each other and reads sections from the result, key by key, so that one start tells of
//! every fault and where it came from.

use std::collections::HashMap;
use std::path::Path;

use config::{Config, Environment, File, FileFormat, Value, ValueKind};
use serde::de::DeserializeOwned;
use toml::Table;

/// Environment variables that are settings begin with this.
pub(super) const PREFIX: &str = "VITRINE__";

/// What config calls the environment in the origin of a value.
const ENVIRONMENT: &str = "the environment";

/// The merged layers.
pub(super) struct Layers {
    root: HashMap<String, Value>,
}

impl Layers {
    /// `variables` override what the file says; empty ones count as unset, so that a compose file can pass them on.
    pub(super) fn merge(
        file: Option<&Path>,
        variables: HashMap<String, String>,
    ) -> Result<Self, config::ConfigError> {
        let mut builder = Config::builder();
        if let Some(path) = file {
            builder = builder.add_source(File::from(path).format(FileFormat::Toml));
        }
        let environment = Environment::with_prefix("VITRINE")
            .separator("__")
            .ignore_empty(true)
            .source(Some(variables.into_iter().collect()));
        let merged = builder.add_source(environment).build()?;
        Ok(Self {
            root: merged.cache.into_table()?.into_iter().collect(),
        })
    }

    /// Reads the section `name`; what cannot be read has its default and a line in `problems`.
    pub(super) fn section<T: DeserializeOwned + Default>(
        &mut self,
        name: &str,
        problems: &mut Vec<String>,
    ) -> T {
        let Some(section) = self.root.remove(name) else {
            return T::default();
        };
        let place = place(&section, name);
        let ValueKind::Table(keys) = section.kind else {
            problems.push(format!("{place}: is a section, not a value"));
            return T::default();
        };
        let table = keys
            .into_iter()
            .filter_map(|(key, value)| {
                let place = self::place(&value, &format!("{name}.{key}"));
                let fits = |value: &toml::Value| {
                    T::deserialize(Table::from_iter([(key.clone(), value.clone())])).map(drop)
                };
                match fitting(value, fits) {
                    Ok(value) => Some((key.clone(), value)),
                    Err(reason) => {
                        problems.push(format!("{place}: {reason}"));
                        None
                    }
                }
            })
            .collect::<Table>();
        T::deserialize(table).unwrap_or_else(|error| {
            problems.push(format!("{name}: {}", one_line(&error)));
            T::default()
        })
    }

    /// Reads the key `name` outside of all sections.
    pub(super) fn value<T: DeserializeOwned>(
        &mut self,
        name: &str,
        default: T,
        problems: &mut Vec<String>,
    ) -> T {
        let Some(value) = self.root.remove(name) else {
            return default;
        };
        let place = place(&value, name);
        let read = fitting(value, |value| T::deserialize(value.clone()).map(drop))
            .and_then(|value| T::deserialize(value).map_err(|error| one_line(&error)));
        read.unwrap_or_else(|reason| {
            problems.push(format!("{place}: {reason}"));
            default
        })
    }

    /// Reports everything that was not read.
    pub(super) fn refuse_rest(self, known: &str, problems: &mut Vec<String>) {
        let mut rest: Vec<String> = self
            .root
            .iter()
            .map(|(key, value)| format!("{}: unknown key, expected one of {known}", place(value, key)))
            .collect();
        rest.sort();
        problems.append(&mut rest);
    }
}

/// Where a value was set, as the one who set it would write it.
fn place(value: &Value, path: &str) -> String {
    match (&value.kind, value.origin()) {
        (_, Some(ENVIRONMENT)) => format!("{PREFIX}{}", path.to_ascii_uppercase().replace('.', "__")),
        (_, Some(file)) => format!("{path} in {file}"),
        // A table has no origin: its parts may come from several layers. One made by the environment alone shows in them.
        (ValueKind::Table(keys), None) => keys.iter().next().map_or_else(
            || path.to_owned(),
            |(key, value)| place(value, &format!("{path}.{key}")),
        ),
        (_, None) => path.to_owned(),
    }
}

/// The first reading of `value` that `fits`.
///
/// The environment knows nothing but text, so there `8` may be the number and `a,b` the list; a file means what it says.
fn fitting(
    value: Value,
    fits: impl Fn(&toml::Value) -> Result<(), toml::de::Error>,
) -> Result<toml::Value, String> {
    let from_environment = value.origin() == Some(ENVIRONMENT);
    let value = to_toml(value)?;
    let Err(error) = fits(&value) else {
        return Ok(value);
    };
    let mut reason = error;
    let readings = match &value {
        toml::Value::String(text) if from_environment => readings(text),
        _ => Vec::new(),
    };
    for reading in readings {
        match fits(&reading) {
            Ok(()) => return Ok(reading),
            // A reading of the right type but a wrong value says more than one of a wrong type.
            Err(error) if is_wrong_type(&reason) && !is_wrong_type(&error) => reason = error,
            Err(_) => {}
        }
    }
    Err(one_line(&reason))
}

fn is_wrong_type(error: &toml::de::Error) -> bool {
    error.message().starts_with("invalid type")
}

fn readings(text: &str) -> Vec<toml::Value> {
    let text = text.trim();
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    [
        text.parse().map(toml::Value::Boolean).ok(),
        text.parse().map(toml::Value::Integer).ok(),
        text.parse().map(toml::Value::Float).ok(),
        Some(toml::Value::Array(
            items.map(|item| toml::Value::String(item.to_owned())).collect(),
        )),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn to_toml(value: Value) -> Result<toml::Value, String> {
    Ok(match value.kind {
        ValueKind::Boolean(value) => toml::Value::Boolean(value),
        ValueKind::I64(value) => toml::Value::Integer(value),
        ValueKind::Float(value) => toml::Value::Float(value),
        ValueKind::String(value) => toml::Value::String(value),
        ValueKind::Array(values) => {
            toml::Value::Array(values.into_iter().map(to_toml).collect::<Result<_, _>>()?)
        }
        ValueKind::Table(values) => toml::Value::Table(
            values
                .into_iter()
                .map(|(key, value)| Ok((key, to_toml(value)?)))
                .collect::<Result<_, String>>()?,
        ),
        ValueKind::Nil | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
            return Err("is not a value of TOML".to_owned());
        }
    })
}

/// TOML's errors end in a line that names the key, which is named already.
fn one_line(error: &toml::de::Error) -> String {
    error.message().lines().next().unwrap_or_default().to_owned()
}
