#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use toml::Table;

mod reference;

use super::*;
use crate::server::Origin;

const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/default.toml");

/// A working folder with a settings file, and an environment.
struct Machine {
    folder: TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Machine {
    fn new(file: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("vitrine.toml"), file).unwrap();
        let variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self { folder, variables }
    }

    fn load(&self, file: Option<&str>) -> Result<Settings, SettingsError> {
        Settings::load_from(file.map(Path::new), self.variables.clone(), self.folder.path())
    }
}

fn load(file: &str, variables: &[(&str, &str)]) -> Settings {
    Machine::new(file, variables).load(None).unwrap()
}

fn refusal(file: &str, variables: &[(&str, &str)]) -> String {
    let text = Machine::new(file, variables).load(None).unwrap_err().to_string();
    assert!(!text.contains('\n'), "more than one line: {text}");
    text
}

#[test]
fn the_environment_lies_over_the_file_and_the_file_over_the_defaults() {
    let settings = load(
        "data_dir = \"/file\"\n[http]\naddress = \"0.0.0.0:1\"\nmax_connections = 7\n[auth]\nissuer = \"file\"",
        &[
            ("VITRINE__DATA_DIR", "/environment"),
            ("VITRINE__HTTP__ADDRESS", "127.0.0.1:2"),
            ("VITRINE__AUTH__AUDIENCE", "123"),
            ("VITRINE__CACHE__ENABLED", "false"),
            ("VITRINE__CACHE__TTL", "90s"),
            ("VITRINE__CACHE__MODE", "strict"),
            ("VITRINE__TELEMETRY__SAMPLE_RATIO", "0.25"),
            ("VITRINE__DATABASE__URL", "postgres://ann@db/catalog"),
            ("VITRINE__CATALOG__DEFAULT_CURRENCY", ""),
            ("VITRINE_OTHER", "not ours"),
            ("PATH", "/bin"),
        ],
    );
    assert_eq!(settings.data_dir, Path::new("/environment"));
    assert_eq!(settings.http.address, "127.0.0.1:2".parse().unwrap());
    assert_eq!(settings.http.max_connections, 7);
    assert_eq!(settings.http.drain, HttpSettings::default().drain);
    assert_eq!(settings.auth.issuer.as_deref(), Some("file"));
    assert_eq!(settings.auth.audience.as_deref(), Some("123"));
    assert!(!settings.cache.enabled);
    assert_eq!(settings.cache.ttl, Duration::from_secs(90));
    assert!((settings.telemetry.sample_ratio - 0.25).abs() < f64::EPSILON);
    assert_eq!(settings.database_url().expose(), "postgres://ann@db/catalog");
    assert_eq!(
        settings.catalog.default_currency, "EUR",
        "an empty variable counts as unset"
    );
}

#[test]
fn lists_are_separated_by_commas_in_the_environment() {
    let both =
        ["https://a.example", "https://b.example"].map(|origin| Origin::try_from(origin.to_owned()).unwrap());
    let from_environment = load(
        "",
        &[(
            "VITRINE__HTTP__CORS_ORIGINS",
            "https://a.example, https://b.example",
        )],
    );
    assert_eq!(from_environment.http.cors_origins, both);
    let from_file = load(
        "[http]\ncors_origins = [\"https://a.example\", \"https://b.example\"]",
        &[],
    );
    assert_eq!(from_file.http.cors_origins, both);
    let one = load("", &[("VITRINE__HTTP__CORS_ORIGINS", "https://a.example")]);
    assert_eq!(one.http.cors_origins, both[..1]);
}

#[test]
fn the_file_is_the_one_named_or_the_usual_one() {
    let machine = Machine::new("data_dir = \"/usual\"", &[]);
    std::fs::write(machine.folder.path().join("other.toml"), "data_dir = \"/other\"").unwrap();
    std::fs::write(machine.folder.path().join("named"), "data_dir = \"/named\"").unwrap();
    assert_eq!(machine.load(None).unwrap().data_dir, Path::new("/usual"));
    assert_eq!(machine.load(Some("named")).unwrap().data_dir, Path::new("/named"));
    let machine = Machine {
        variables: vec![("VITRINE_CONFIG".into(), "other.toml".into())],
        ..machine
    };
    assert_eq!(machine.load(None).unwrap().data_dir, Path::new("/other"));
    assert_eq!(machine.load(Some("named")).unwrap().data_dir, Path::new("/named"));
    for wrong in ["missing.toml", "."] {
        let error = machine.load(Some(wrong)).unwrap_err();
        assert!(
            matches!(error, SettingsError::File { .. }) && error.to_string().contains(wrong),
            "{error}"
        );
    }
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(
        Settings::load_from(None, [], nothing.path()).unwrap().data_dir,
        Path::new("./data")
    );
    std::fs::create_dir(nothing.path().join("config")).unwrap();
    std::fs::write(
        nothing.path().join("config/vitrine.toml"),
        "data_dir = \"/config\"",
    )
    .unwrap();
    assert_eq!(
        Settings::load_from(None, [], nothing.path()).unwrap().data_dir,
        Path::new("/config")
    );
}

#[test]
fn an_unknown_key_is_named_with_its_place() {
    for (file, variables, parts) in [
        (
            "[http]\nadress = \"x\"",
            [].as_slice(),
            &[
                "http.adress in",
                "vitrine.toml",
                "unknown field `adress`",
                "`address`",
            ][..],
        ),
        (
            "[htp]\naddress = \"x\"",
            &[],
            &["htp.address in", "unknown key", "`http`"],
        ),
        (
            "datadir = \"x\"",
            &[],
            &["datadir in", "unknown key", "`data_dir`"],
        ),
        (
            "",
            &[("VITRINE__CACHE__URI", "memory://")],
            &["VITRINE__CACHE__URI", "unknown field `uri`", "`url`"],
        ),
        (
            "",
            &[("VITRINE__CASH__URL", "memory://")],
            &["VITRINE__CASH__URL", "unknown key", "`cache`"],
        ),
        (
            "",
            &[("VITRINE__DATADIR", "x")],
            &["VITRINE__DATADIR", "unknown key", "`data_dir`"],
        ),
        (
            "",
            &[("VITRINE__HTTP__ADDRESS__PORT", "80")],
            &["VITRINE__HTTP__ADDRESS__PORT"],
        ),
    ] {
        let text = refusal(file, variables);
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
}

#[test]
fn a_wrong_type_names_the_key_and_what_was_expected() {
    for (file, variables, parts) in [
        (
            "[http]\nmax_connections = \"many\"",
            [].as_slice(),
            &["http.max_connections in", "expected usize"][..],
        ),
        (
            "[http]\nmax_connections = \"8\"",
            &[],
            &["http.max_connections in", "expected usize"],
        ),
        (
            "[http]\nmax_connections = true",
            &[],
            &["http.max_connections in", "expected usize"],
        ),
        ("[http]\nmax_connections = -1", &[], &["http.max_connections in"]),
        (
            "[cache]\nenabled = 1",
            &[],
            &["cache.enabled in", "expected a boolean"],
        ),
        ("[cache]\nttl = 5", &[], &["cache.ttl in", "expected a duration"]),
        (
            "[cache]\nmode = \"maybe\"",
            &[],
            &["cache.mode in", "`available`", "`strict`"],
        ),
        ("data_dir = 5", &[], &["data_dir in", "expected path string"]),
        (
            "",
            &[("VITRINE__HTTP__MAX_CONNECTIONS", "many")],
            &["VITRINE__HTTP__MAX_CONNECTIONS", "expected usize"],
        ),
        (
            "",
            &[("VITRINE__HTTP__ADDRESS", "localhost")],
            &["VITRINE__HTTP__ADDRESS", "socket address"],
        ),
        (
            "",
            &[("VITRINE__CACHE__ENABLED", "maybe")],
            &["VITRINE__CACHE__ENABLED", "expected a boolean"],
        ),
        (
            "",
            &[("VITRINE__HTTP__CORS_ORIGINS", "https://a.example,shop")],
            &["VITRINE__HTTP__CORS_ORIGINS", "\"shop\" is no origin"],
        ),
        (
            "",
            &[("VITRINE__DATABASE__MAX_CONNECTIONS", "-1")],
            &["VITRINE__DATABASE__MAX_CONNECTIONS", "invalid value"],
        ),
        (
            "",
            &[("VITRINE__CACHE__TTL", "soon")],
            &["VITRINE__CACHE__TTL", "duration"],
        ),
        ("", &[("VITRINE__HTTP", "x")], &["VITRINE__HTTP", "is a section"]),
        ("http = 5", &[], &["http in", "is a section"]),
        ("[http]\naddress", &[], &["vitrine.toml, line 2"]),
    ] {
        let text = refusal(file, variables);
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let text = refusal(
        "[http]\nadress = 1\nmax_connections = \"x\"\n[database]\nurl = \"mysql://db\"",
        &[
            ("VITRINE__CACHE__TTL", "0s"),
            ("VITRINE__AUTH__HS256_SECRET", "hunter2"),
            ("VITRINE__NOPE", "1"),
        ],
    );
    for part in [
        "http.adress",
        "http.max_connections",
        "database.url must be postgres://",
        "cache.ttl must be",
        "auth.hs256_secret must be at least 32 bytes",
        "VITRINE__NOPE",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_syntax_error_does_not_quote_the_line_it_is_on() {
    let text = refusal("[auth]\n\nhs256_secret = \"hunter2\nissuer = \"x\"", &[]);
    assert!(
        text.contains("vitrine.toml, line 3") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn values_out_of_range_are_refused() {
    for (file, part) in [
        ("data_dir = \"\"", "data_dir"),
        (
            "[database]\nurl = \"postgres://ann:hunter2@db:x/c\"",
            "database.url",
        ),
        ("[database]\nurl = \"sqlite://\"", "database.url"),
        ("[database]\nmax_connections = 0", "database.max_connections"),
        ("[database]\nacquire_timeout = \"0s\"", "database.acquire_timeout"),
        ("[cache]\nurl = \"redis+cluster://cache/1\"", "cache.url"),
        ("[cache]\nurl = \"redis+sentinel://:hunter2@h1,h2\"", "cache.url"),
        (
            "[cache]\nurl = \"rediss://h\"\ntls_cert = \"a.pem\"",
            "cache.tls_cert",
        ),
        ("[cache]\nurl = \"redis://h\"\ntls_ca = \"a.pem\"", "cache.tls_ca"),
        ("[cache]\nurl = \"redis://\"", "cache.url"),
        ("[cache]\nurl = \"memcached://\"", "cache.url"),
        (
            "[cache]\nurl = \"memcached://ann:hunter2@cache\"",
            "neither users nor TLS",
        ),
        ("[cache]\nurl = \"memcached://cache/1\"", "cache.url"),
        ("[cache]\nurl = \"http://:hunter2@cache\"", "cache.url"),
        ("[cache]\nl1_bytes = 1", "cache.l1_bytes"),
        ("[catalog]\ndefault_locale = \"english\"", ""),
        ("[catalog]\ndefault_locale = \"e\"", "catalog.default_locale"),
        ("[catalog]\ndefault_locale = \"de_CH\"", "catalog.default_locale"),
        (
            "[catalog]\ndefault_currency = \"eur\"",
            "catalog.default_currency",
        ),
        ("[telemetry]\nsample_ratio = 1.5", "telemetry.sample_ratio"),
        ("[auth]\njwks = \"ftp://id.example\"", "auth.jwks"),
        ("[media]\nurl = \"https://bucket\"", "media.url"),
        (
            "[media]\nurl = \"s3://b\"\nendpoint = \"ftp://x\"",
            "media.endpoint",
        ),
        (
            "[media]\nurl = \"s3://b\"\naccess_key_id = \"a\"",
            "media.access_key_id",
        ),
        (
            "[media]\nurl = \"s3://b\"\nsecret_access_key = \"hunter2\"",
            "media.access_key_id",
        ),
        ("[media]\nendpoint = \"http://x\"", "media.url"),
        ("[history]\nretention = \"30m\"", "history.retention"),
        ("[views]\nflush_interval = \"10ms\"", "views.flush_interval"),
        ("[search]\npath = \"\"", "search.path"),
    ] {
        if part.is_empty() {
            load(file, &[]);
            continue;
        }
        let text = refusal(file, &[]);
        assert!(text.contains(part) && !text.contains("hunter2"), "{text}");
    }
    for url in [
        "postgres://db/c",
        "postgresql:///c?host=/run/postgresql",
        "sqlite://x.db",
    ] {
        load(&format!("[database]\nurl = \"{url}\""), &[]);
    }
    for url in [
        "redis://cache:6379/1",
        "rediss://:secret@cache",
        "redis+sentinel://:secret@h1,h2:5000/shop?db=1",
        "rediss+cluster://h1,h2:7000",
        "memcached://cache",
        "memcached://cache:11211/",
        "memory://",
    ] {
        load(&format!("[cache]\nurl = \"{url}\""), &[]);
    }
}

#[test]
fn a_variable_that_is_not_unicode_is_named() {
    use std::os::unix::ffi::OsStringExt;
    let broken = || OsString::from_vec(vec![0xff]);
    let mut machine = Machine::new("", &[]);
    machine.variables.push(("OTHER".into(), broken()));
    assert!(machine.load(None).is_ok());
    machine.variables.push(("VITRINE__DATA_DIR".into(), broken()));
    assert!(
        machine
            .load(None)
            .unwrap_err()
            .to_string()
            .contains("VITRINE__DATA_DIR")
    );
}

#[test]
fn printing_masks_every_secret_and_shows_what_is_in_force() {
    let secret = "hunter2-hunter2-hunter2-hunter2-hunter2";
    let settings = load(
        "",
        &[
            ("VITRINE__AUTH__HS256_SECRET", secret),
            ("VITRINE__AUTH__JWKS", "https://ann:hunter2@id.example/jwks"),
            ("VITRINE__DATABASE__URL", "postgres://ann:hunter2@db/catalog"),
            ("VITRINE__CACHE__URL", "redis://:hunter2@cache:6379"),
            ("VITRINE__MEDIA__URL", "s3://shop-media"),
            ("VITRINE__MEDIA__ACCESS_KEY_ID", "vitrine"),
            ("VITRINE__MEDIA__SECRET_ACCESS_KEY", secret),
            (
                "VITRINE__TELEMETRY__OTLP_ENDPOINT",
                "http://ann:hunter2@otel:4318",
            ),
        ],
    );
    let printed = settings.effective_toml().unwrap();
    assert!(!printed.contains("hunter2"), "{printed}");
    for part in [
        "hs256_secret = \"***\"",
        "postgres://ann:***@db/catalog",
        "redis://:***@cache:6379",
        "ann:***@otel",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let debug = format!(
        "{:?} {:?} {:?} {:?}",
        settings.auth.hs256_secret, settings.database, settings.cache, settings.media
    );
    assert!(!debug.contains("hunter2"), "{debug}");
    assert_eq!(settings.auth.hs256_secret.unwrap().expose_secret(), secret);

    let nothing = load("data_dir = \"/var/lib/vitrine\"", &[])
        .effective_toml()
        .unwrap();
    for part in [
        "\"sqlite:///var/lib/vitrine/vitrine.db\"",
        "\"memory://\"",
        "\"127.0.0.1:8080\"",
    ] {
        assert!(nothing.contains(part), "{part}: {nothing}");
    }
    let again: Table = nothing.parse().unwrap();
    assert_eq!(again.len(), 12);
}
