//! What an answer depends on beside what it is about: the channel, the language and the instant.

use application::resource::ResourceRef;
use application::storefront::Visit;
use domain::channel::ChannelState;
use domain::value::{Key, Locale};
use utoipa::IntoParams;

use crate::http::query::{Query, invalid};
use crate::http::state::App;
use crate::problem::Problem;

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never built")]
pub(super) struct ContextParameters {
    /// A language of the channel (BCP 47); its default when absent. Where a text is missing in it, the channel's
    /// fallbacks stand in, then its default, then whatever language there is.
    #[param(example = "en")]
    locale: Option<String>,
}

pub(super) struct Context {
    /// The languages to show texts in, the best one first.
    pub(super) locales: Vec<Locale>,
    pub(super) visit: Visit,
}

impl Context {
    /// Looks the channel up, and takes from the query what narrows it.
    pub(super) async fn take(app: &App, channel: &str, query: &mut Query) -> Result<Self, Problem> {
        let locale = query.parse("locale", |locale| Locale::parse(&locale))?;
        let channel = find(app, channel).await?;
        let offered = &channel.content.locales;
        let locale = locale.unwrap_or_else(|| offered.default_locale().clone());
        if !offered.locales().contains(&locale) {
            return Err(invalid("locale", "must be a language of the channel"));
        }
        Ok(Self {
            locales: offered.chain(&locale),
            visit: Visit {
                channel: channel.id,
                at: app.clock.now(),
            },
        })
    }
}

async fn find(app: &App, key: &str) -> Result<ChannelState, Problem> {
    let missing = || Problem::not_found("channel");
    let key = Key::parse(key).map_err(|_| missing())?;
    let found = app.channels.reader().find(&ResourceRef::Key(key), false).await?;
    found.ok_or_else(missing)
}
