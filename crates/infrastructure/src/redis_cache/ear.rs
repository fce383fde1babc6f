//! The connection by which an instance hears of fences and releases, in the order in which they were done.
//!
//! What is relied on (Redis 6 and later, RESP3, `CLIENT TRACKING ON BCAST`): a script's changes are noted while it runs
//! and are sent before the server sleeps; each time, prefix by prefix in their order as bytes, one push for all keys of a
//! prefix; and a connection's pushes stay in order. So the push of a canary, whose prefix comes after that of fences, comes
//! after those of all fences and releases that were done before it. A key that a script makes and deletes is told like
//! any other, and leaves nothing behind that could expire later, which would be told as well. Without tracking the same is
//! said by messages, which are sent in the order in which they were published, whatever their channel.

use futures::stream::{BoxStream, StreamExt as _};
use redis::aio::MultiplexedConnection;
use redis::{Client, ErrorKind, Msg, ProtocolVersion, PushInfo, PushKind, ServerErrorKind, Value};
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use super::RedisCacheError;
use super::keys::{Keys, Told, told};
use super::lanes::{self, CONNECT_TIMEOUT};

/// How it hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    Tracking,
    /// For servers, proxies and users that may not track.
    Messages,
}

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Told(Told),
    /// The number of a beat.
    Canary(u64),
    Lost,
}

pub(super) struct Ear {
    /// Open for as long as it hears.
    _tracking: Option<MultiplexedConnection>,
    news: BoxStream<'static, Vec<News>>,
}

impl Ear {
    /// Hears whatever is done after this returns, and maybe some before.
    pub(super) async fn open(
        client: &Client,
        keys: &Keys,
        me: Uuid,
        means: Means,
    ) -> Result<Self, RedisCacheError> {
        match means {
            Means::Tracking => Self::track(client, keys, me).await,
            Means::Messages => timeout(CONNECT_TIMEOUT, Self::subscribe(client, keys, me))
                .await
                .map_err(|_| RedisCacheError::Silent)?,
        }
    }

    /// `None` when the connection is lost.
    pub(super) async fn next(&mut self) -> Option<Vec<News>> {
        self.news.next().await
    }

    async fn track(client: &Client, keys: &Keys, me: Uuid) -> Result<Self, RedisCacheError> {
        let info = client.get_connection_info().clone();
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(info.set_redis_settings(settings))?;
        let (pushes, mut pushed) = mpsc::unbounded_channel::<PushInfo>();
        let config = lanes::config().set_push_sender(pushes);
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let mut track = redis::cmd("CLIENT");
        track.arg("TRACKING").arg("ON").arg("BCAST");
        for prefix in [keys.fences(), keys.canaries(me)] {
            track.arg("PREFIX").arg(prefix);
        }
        track.query_async::<()>(&mut connection).await?;
        let names = keys.clone();
        let news = futures::stream::poll_fn(move |context| pushed.poll_recv(context))
            .map(move |push| from_push(&names, me, &push));
        Ok(Self {
            _tracking: Some(connection),
            news: news.boxed(),
        })
    }

    async fn subscribe(client: &Client, keys: &Keys, me: Uuid) -> Result<Self, RedisCacheError> {
        let mut messages = client.get_async_pubsub().await?;
        let (changes, canaries) = (keys.changes(), keys.canaries(me));
        messages.subscribe(&changes).await?;
        messages.subscribe(&canaries).await?;
        let news = messages
            .into_on_message()
            .map(move |message| from_message(&changes, &message).into_iter().collect());
        Ok(Self {
            _tracking: None,
            news: news.boxed(),
        })
    }
}

/// Whether this is no failure but a refusal: another means may do.
pub(super) fn is_refusal(error: &RedisCacheError) -> bool {
    let RedisCacheError::Redis(error) = error else {
        return false;
    };
    matches!(
        error.kind(),
        ErrorKind::RESP3NotSupported
            | ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::NoPerm)
    )
}

fn from_push(keys: &Keys, me: Uuid, push: &PushInfo) -> Vec<News> {
    match (&push.kind, push.data.as_slice()) {
        (PushKind::Invalidate, [Value::Array(names)]) => {
            let name = |name: &Value| match name {
                Value::BulkString(name) => std::str::from_utf8(name).ok().map(str::to_owned),
                _ => None,
            };
            let news = |name: String| {
                let told = keys.told(&name).map(News::Told);
                told.or_else(|| keys.beat(&name, me).map(News::Canary))
            };
            names.iter().filter_map(name).filter_map(news).collect()
        }
        // Without names it is about everything: the server was flushed.
        (PushKind::Invalidate, _) => vec![News::Told(Told::All)],
        (PushKind::Disconnection, _) => vec![News::Lost],
        _ => vec![],
    }
}

fn from_message(changes: &str, message: &Msg) -> Option<News> {
    let text = std::str::from_utf8(message.get_payload_bytes()).unwrap_or_default();
    if message.get_channel_name() == changes {
        Some(News::Told(told(text)))
    } else {
        text.parse().ok().map(News::Canary)
    }
}
