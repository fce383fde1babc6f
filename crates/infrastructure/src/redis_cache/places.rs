//! The servers that hold the cache now: asked of sentinels or of a cluster each time it is connected.

use std::collections::HashMap;

use futures::future::join_all;
use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionInfo};

use super::RedisCacheError;
use super::address::{Address, at, host};
use super::lanes;

/// One of the servers.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) info: ConnectionInfo,
    pub(super) kind: Kind,
    /// First and last of what it has, where there are slots.
    pub(super) slots: Vec<(u16, u16)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Single,
    /// Of a master: how many elections there were before it was made one. A server that becomes master again without
    /// having been restarted has its old run id, and may have got entries of then back from another master that had
    /// not heard of all writes.
    Elected(u64),
    /// One of a cluster.
    Shard,
}

impl Place {
    pub(super) fn single(info: ConnectionInfo) -> Self {
        Self {
            info,
            kind: Kind::Single,
            slots: vec![],
        }
    }

    /// Whether a server that was there can stay.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.info.addr() == other.info.addr() && self.kind == other.kind && self.slots == other.slots
    }
}

impl Address {
    /// `known` are servers that may be asked too.
    pub(super) async fn find(&self, known: Vec<ConnectionInfo>) -> Result<Vec<Place>, RedisCacheError> {
        match self {
            Self::Server(info) => Ok(vec![Place::single(info.clone())]),
            Self::Sentinels {
                sentinels,
                master,
                like,
            } => {
                let asked = sentinels
                    .iter()
                    .map(|sentinel| ask_sentinel(sentinel, master, like));
                // A sentinel that was away may not know of the last election.
                let (_, place) = newest(join_all(asked).await)?;
                Ok(vec![place])
            }
            Self::Cluster { seeds, like } => {
                let all: Vec<_> = known.iter().chain(seeds).collect();
                let asked = all.iter().map(|node| ask_node(node, like));
                let (_, places) = newest(join_all(asked).await)?;
                Ok(places)
            }
        }
    }
}

/// The answer of the highest epoch.
fn newest<T>(answers: Vec<Result<(u64, T), RedisCacheError>>) -> Result<(u64, T), RedisCacheError> {
    let mut best = None;
    let mut error = RedisCacheError::NotConnected;
    for answer in answers {
        match answer {
            Ok(answer) if best.as_ref().is_none_or(|(epoch, _)| *epoch < answer.0) => best = Some(answer),
            Ok(_) => {}
            Err(other) => error = other,
        }
    }
    best.ok_or(error)
}

async fn connect(info: &ConnectionInfo) -> Result<MultiplexedConnection, RedisCacheError> {
    let client = Client::open(info.clone())?;
    Ok(client
        .get_multiplexed_async_connection_with_config(&lanes::config())
        .await?)
}

async fn ask_sentinel(
    sentinel: &ConnectionInfo,
    master: &str,
    like: &ConnectionInfo,
) -> Result<(u64, Place), RedisCacheError> {
    let mut connection = connect(sentinel).await?;
    let mut ask = redis::cmd("SENTINEL");
    ask.arg("MASTER").arg(master);
    let mut facts: HashMap<String, String> = ask.query_async(&mut connection).await?;
    let mut fact = |name| facts.remove(name).ok_or(RedisCacheError::Answer);
    let number = |text: String| text.parse::<u64>().map_err(|_| RedisCacheError::Answer);
    let epoch = number(fact("config-epoch")?)?;
    let port = u16::try_from(number(fact("port")?)?).map_err(|_| RedisCacheError::Answer)?;
    let place = Place {
        info: at(like, fact("ip")?, port),
        kind: Kind::Elected(epoch),
        slots: vec![],
    };
    Ok((epoch, place))
}

async fn ask_node(
    node: &ConnectionInfo,
    like: &ConnectionInfo,
) -> Result<(u64, Vec<Place>), RedisCacheError> {
    let mut connection = connect(node).await?;
    let mut ask = redis::cmd("CLUSTER");
    let text: String = ask.arg("NODES").query_async(&mut connection).await?;
    let lines = text.lines().filter_map(NodeLine::parse);
    let primaries: Vec<_> = lines
        .filter(|line| line.is_primary && !line.slots.is_empty())
        .collect();
    let epoch = primaries.iter().map(|line| line.epoch).max().unwrap_or_default();
    let place = |line: NodeLine<'_>| {
        let is_tls = matches!(like.addr(), redis::ConnectionAddr::TcpTls { .. });
        let name = match line.name {
            Some(name) if is_tls => Some(name),
            // A node that nobody has met yet does not know its own address.
            _ => Some(line.ip).filter(|ip| !ip.is_empty()).or_else(|| host(node)),
        };
        Some(Place {
            info: at(like, name?.to_owned(), line.port),
            kind: Kind::Shard,
            slots: line.slots,
        })
    };
    Ok((epoch, primaries.into_iter().filter_map(place).collect()))
}

/// A line of `CLUSTER NODES`: `ID IP:PORT@PORT,NAME FLAGS MASTER PING PONG EPOCH LINK SLOTS…`.
struct NodeLine<'a> {
    ip: &'a str,
    port: u16,
    name: Option<&'a str>,
    is_primary: bool,
    epoch: u64,
    slots: Vec<(u16, u16)>,
}

impl<'a> NodeLine<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let address = words.nth(1)?;
        let flags = words.next()?;
        let epoch = words.nth(3)?.parse().ok()?;
        let mut names = address.split(',');
        let (ip, port) = names.next()?.split('@').next()?.rsplit_once(':')?;
        // Slots on the move stand in brackets.
        let slots = words.skip(1).filter_map(|word| {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            Some((first.parse().ok()?, last.parse().ok()?))
        });
        Some(Self {
            ip,
            port: port.parse().ok()?,
            name: names.next().filter(|name| !name.is_empty()),
            is_primary: flags.split(',').any(|flag| flag == "master"),
            epoch,
            slots: slots.collect(),
        })
    }
}

/// What a node of a cluster says of its own slots; `None` while some are on the move.
pub(super) fn own_slots(nodes: &str) -> Option<String> {
    let own = nodes.lines().find(|line| line.contains("myself"))?;
    let slots: Vec<_> = own.split_ascii_whitespace().skip(8).collect();
    (!slots.iter().any(|slot| slot.starts_with('['))).then(|| slots.join(" "))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    const LINE: &str = "e7d1 127.0.0.1:30001@31001,redis-1,shard-id=69 myself,master - 0 0 12 connected 0-99 300 [93->-67ed]";

    #[test]
    fn lines_of_nodes_are_read() {
        let line = NodeLine::parse(LINE).unwrap();
        assert_eq!(
            (line.ip, line.port, line.name),
            ("127.0.0.1", 30001, Some("redis-1"))
        );
        assert!(line.is_primary);
        assert_eq!((line.epoch, line.slots), (12, vec![(0, 99), (300, 300)]));
        let bare = NodeLine::parse("e7d1 ::1:6379@16379 slave e7d2 0 1 3 connected").unwrap();
        assert_eq!((bare.ip, bare.name, bare.is_primary), ("::1", None, false));
        assert!(bare.slots.is_empty());
    }

    #[test]
    fn slots_on_the_move_are_noticed() {
        assert_eq!(own_slots(LINE), None);
        let still = LINE.replace(" [93->-67ed]", "");
        assert_eq!(own_slots(&still).as_deref(), Some("0-99 300"));
    }

    #[test]
    fn the_newest_answer_counts() {
        let answers = vec![
            Ok((3, "old")),
            Err(RedisCacheError::Answer),
            Ok((5, "new")),
            Ok((4, "less")),
        ];
        assert_eq!(newest(answers).unwrap(), (5, "new"));
        assert!(newest::<()>(vec![Err(RedisCacheError::Answer)]).is_err());
    }
}
