//! The reference file against the settings.

use super::*;

/// The names of a section's keys, as its own refusal of an unknown one lists them.
fn keys_of<T: DeserializeOwned>(section: &str) -> BTreeSet<String> {
    let Err(error) = "no_such_key = 1".parse::<Table>().unwrap().try_into::<T>() else {
        panic!("{section} takes unknown keys");
    };
    let names = error
        .message()
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| *name != "no_such_key");
    names.map(|name| format!("{section}.{name}")).collect()
}

#[test]
fn the_reference_file_has_the_defaults_and_names_every_key() {
    let reference = std::fs::read_to_string(REFERENCE).unwrap();
    let defaults = toml::Value::try_from(Settings::default()).unwrap();
    let mut stated: Table = reference.parse().unwrap();
    // A section whose keys are all commented out is the same as none.
    for (section, value) in defaults.as_table().unwrap() {
        stated.entry(section).or_insert_with(|| {
            if value.is_table() {
                Table::new().into()
            } else {
                "missing".into()
            }
        });
    }
    assert_eq!(toml::Value::Table(stated), defaults);

    let with_optional: String = reference
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| is_assignment(rest))
                .unwrap_or(line)
        })
        .fold(String::new(), |text, line| text + line + "\n");
    let table: Table = with_optional.parse().unwrap();
    let named: BTreeSet<String> = table
        .iter()
        .filter_map(|(section, value)| Some((section, value.as_table()?)))
        .flat_map(|(section, keys)| keys.keys().map(move |key| format!("{section}.{key}")))
        .collect();
    let known: BTreeSet<String> = [
        keys_of::<HttpSettings>("http"),
        keys_of::<DatabaseSettings>("database"),
        keys_of::<CacheSettings>("cache"),
        keys_of::<CdnSettings>("cdn"),
        keys_of::<MediaSettings>("media"),
        keys_of::<AuthSettings>("auth"),
        keys_of::<CatalogSettings>("catalog"),
        keys_of::<HistorySettings>("history"),
        keys_of::<SearchSettings>("search"),
        keys_of::<ViewsSettings>("views"),
        keys_of::<TelemetrySettings>("telemetry"),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(named, known);
    // The examples in the comments have to be good ones.
    let machine = Machine::new(&with_optional, &[]);
    machine.load(None).unwrap();
}

fn is_assignment(text: &str) -> bool {
    let key = text.split_once(" = ").map_or("", |(key, _)| key);
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
