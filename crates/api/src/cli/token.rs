//! `vitrine token`: prints a token for this installation, for people and scripts without an identity provider.

use std::io::{self, Write};
use std::time::Duration;

use application::access::{AccessError, Scope, Scopes, TokenIssuer};

use crate::composition;
use crate::composition::settings::Settings;

/// Longest life of a token made here: it cannot be revoked.
const MAX_TTL: Duration = Duration::from_hours(30 * 24);

/// Print an access token for the API
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Scope to grant; repeat it, or separate several with commas or spaces. `catalog:admin` implies the rest
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = parse_scopes)]
    scopes: Vec<Scopes>,

    /// How long the token is valid, 1s to 30d
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = parse_ttl)]
    ttl: Duration,

    /// Whom the token speaks for; recorded with every change made with it
    #[arg(long, value_name = "NAME", default_value = "cli")]
    subject: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(transparent)]
    Issuer(#[from] composition::AuthError),
    #[error("cannot make the token: {0}")]
    Token(#[from] AccessError),
    #[error("cannot print the token: {0}")]
    Print(#[from] io::Error),
}

/// Prints the token, alone, on standard output.
pub(crate) fn run(args: &Args, settings: &Settings) -> Result<(), TokenError> {
    let issuer = composition::token_issuer(settings)?;
    print(args, issuer.as_ref(), &mut io::stdout().lock())
}

fn print(args: &Args, issuer: &dyn TokenIssuer, out: &mut impl Write) -> Result<(), TokenError> {
    let scopes = args.scopes.iter().flat_map(|scopes| scopes.iter()).collect();
    let token = issuer.issue(&args.subject, scopes, args.ttl)?;
    writeln!(out, "{token}")?;
    out.flush()?;
    Ok(())
}

fn parse_scopes(text: &str) -> Result<Scopes, String> {
    let names = text.split([',', ' ']).filter(|name| !name.is_empty());
    let scopes: Scopes = names
        .map(|name| name.parse::<Scope>().map_err(|error| error.to_string()))
        .collect::<Result<_, _>>()?;
    if scopes.is_empty() {
        return Err(format!(
            "name at least one of {}",
            Scope::ALL.map(Scope::as_str).join(", ")
        ));
    }
    Ok(scopes)
}

fn parse_ttl(text: &str) -> Result<Duration, String> {
    let ttl = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write for example 30m, 8h or 7d"))?;
    if !(Duration::from_secs(1)..=MAX_TTL).contains(&ttl) {
        return Err("must be 1s to 30d".to_owned());
    }
    Ok(ttl)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use clap::Parser;
    use tempfile::TempDir;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn parse(arguments: &[&str]) -> Result<Args, String> {
        let arguments = std::iter::once("token").chain(arguments.iter().copied());
        Cli::try_parse_from(arguments)
            .map(|cli| cli.args)
            .map_err(|error| error.to_string())
    }

    fn settings(folder: &TempDir) -> Settings {
        Settings {
            data_dir: folder.path().to_owned(),
            ..Settings::default()
        }
    }

    #[tokio::test]
    async fn the_token_alone_is_printed_and_the_service_accepts_it() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder);
        let scopes = [
            "--scope",
            "catalog:read,prices:write",
            "--scope",
            "catalog:import catalog:read",
        ];
        let args = parse(&[&scopes[..], &["--ttl", "8h", "--subject", "ann"]].concat()).unwrap();
        let mut out = Vec::new();
        print(
            &args,
            composition::token_issuer(&settings).unwrap().as_ref(),
            &mut out,
        )
        .unwrap();
        let text = String::from_utf8(out).unwrap();
        let token = text.strip_suffix('\n').unwrap();
        assert!(!token.contains(char::is_whitespace));

        let verifier = composition::token_verifier(&settings).await.unwrap();
        let principal = verifier.verify(token).await.unwrap();
        assert_eq!(principal.subject(), "ann");
        assert_eq!(
            principal.scopes().to_string(),
            "catalog:read prices:write catalog:import"
        );
    }

    #[test]
    fn scopes_and_lifetimes_are_checked() {
        for arguments in [
            [].as_slice(),
            &["--scope", ""],
            &["--scope", ", ,"],
            &["--scope", "catalog:everything"],
            &["--scope", "catalog:read,nope"],
            &["--scope", "catalog:read", "--ttl", "0s"],
            &["--scope", "catalog:read", "--ttl", "999ms"],
            &["--scope", "catalog:read", "--ttl", "31d"],
            &["--scope", "catalog:read", "--ttl", "720h 1s"],
            &["--scope", "catalog:read", "--ttl", "soon"],
        ] {
            assert!(parse(arguments).is_err(), "{arguments:?}");
        }
        for ttl in ["1s", "30d", "720h", "1h 30m"] {
            assert!(
                parse(&["--scope", "catalog:admin", "--ttl", ttl]).is_ok(),
                "{ttl}"
            );
        }
        assert!(parse(&["--scope", "nope"]).unwrap_err().contains("catalog:admin"));
    }

    #[test]
    fn with_public_keys_only_it_says_where_tokens_come_from() {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(&folder);
        settings.auth.jwks = Some("https://id.example/jwks".to_owned());
        let error = run(&parse(&["--scope", "catalog:read"]).unwrap(), &settings)
            .unwrap_err()
            .to_string();
        assert!(error.contains("identity provider"), "{error}");
    }
}
