//! The cache on the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use application::cache::{
    Acknowledge, CacheEvent, CacheHealth, CacheKey, CachePolicy, Entity, Purge, Report, ResourceKind, Scope,
    WriteMode,
};
use application::{Fault, Faults};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::reference::canonical_id;
use crate::http::position_text;

/// The cache, as one instance sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheBody {
    /// `up`, `degraded` (the database answers instead) or `disabled`.
    #[schema(example = "up")]
    status: &'static str,
    /// What this instance keeps; `null` where it keeps nothing.
    #[schema(nullable, example = json!(null))]
    local: Option<LocalBody>,
    /// Whether instances share a cache.
    shared: bool,
    /// Since this instance started.
    #[schema(nullable, example = json!(null))]
    ratios: Option<RatiosBody>,
    /// How often each thing happened since this instance started, by the names that metrics have.
    #[schema(example = json!({"hit": 12}))]
    counts: BTreeMap<&'static str, u64>,
    /// What this instance is asked for most.
    hot_keys: Vec<HotKeyBody>,
    /// Up to where in the change log this instance knows what has changed, as `Catalog-Position` has it.
    #[schema(nullable, example = "2f1-1a")]
    heard: Option<String>,
    /// The instances that share the cache; `null` where none is shared or it cannot be asked.
    #[schema(nullable, example = json!(null))]
    instances: Option<Vec<InstanceBody>>,
    #[schema(nullable, example = json!(null))]
    policy: Option<PolicyBody>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LocalBody {
    #[schema(example = 120)]
    entries: u64,
    #[schema(example = 480_000)]
    bytes: u64,
    #[schema(example = 67_108_864)]
    capacity: u64,
    /// Whether it may be answered now: the instance hears of what others write.
    trusted: bool,
}

/// Shares of the reads, 0 to 1.
#[derive(Debug, Serialize, ToSchema)]
struct RatiosBody {
    /// Answered from what this instance keeps.
    #[schema(example = 0.9)]
    local: f64,
    /// Answered from what instances share.
    #[schema(example = 0.05)]
    shared: f64,
    /// Answered together with another reader's load.
    #[schema(example = 0.01)]
    joined: f64,
    /// Answered from the database.
    #[schema(example = 0.04)]
    database: f64,
}

#[derive(Debug, Serialize, ToSchema)]
struct HotKeyBody {
    /// What the answer is about: `product`, …, `scope` or `query`.
    #[schema(example = "product")]
    kind: &'static str,
    /// The resource's id, the scope's name, or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64")]
    name: Option<String>,
    /// Two letters for the shape of the answer.
    #[schema(example = "s2")]
    schema: &'static str,
    /// Roughly, and less the longer ago.
    #[schema(example = 4096)]
    reads: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InstanceBody {
    id: Uuid,
    is_this: bool,
    /// Since its last sign of life.
    #[schema(example = 12)]
    silent_for_ms: u64,
    /// How old what it has last confirmed is; `null` before it has confirmed anything.
    #[schema(nullable, example = 30)]
    behind_ms: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PolicyBody {
    /// `available` or `strict`: what writes do while the shared cache is away.
    #[schema(example = "available")]
    mode: &'static str,
    /// `linearizable` or `immediate`: when writes are answered.
    #[schema(example = "linearizable")]
    acknowledge: &'static str,
    #[schema(example = 300_000)]
    ttl_ms: u64,
    #[schema(example = 5000)]
    negative_ttl_ms: u64,
    #[schema(example = 600_000)]
    stale_if_error_ms: u64,
    /// How long an instance trusts what it keeps since it last heard from the shared cache.
    #[schema(example = 75)]
    trust_ms: u64,
    #[schema(example = 10_000)]
    fence_ms: u64,
    #[schema(example = 1_048_576)]
    max_body_bytes: usize,
    #[schema(example = 64)]
    max_loads: usize,
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl CacheBody {
    pub(crate) const fn disabled() -> Self {
        Self {
            status: CacheHealth::Disabled.as_str(),
            local: None,
            shared: false,
            ratios: None,
            counts: BTreeMap::new(),
            hot_keys: Vec::new(),
            heard: None,
            instances: None,
            policy: None,
        }
    }

    pub(crate) fn of(report: &Report, policy: &CachePolicy) -> Self {
        let instances = report.fleet.iter().flatten().map(|instance| InstanceBody {
            id: instance.id,
            is_this: instance.is_this,
            silent_for_ms: millis(instance.silent_for),
            behind_ms: instance.behind.map(millis),
        });
        Self {
            status: report.health.as_str(),
            local: report.local.map(|usage| LocalBody {
                entries: usage.entries,
                bytes: usage.bytes,
                capacity: usage.capacity,
                trusted: report.trusted,
            }),
            shared: report.shared,
            ratios: RatiosBody::of(&report.counts),
            counts: report
                .counts
                .iter()
                .map(|(event, n)| (event.as_str(), *n))
                .collect(),
            hot_keys: report.hot.iter().map(HotKeyBody::of).collect(),
            heard: report.heard.map(position_text),
            instances: report.fleet.as_ref().map(|_| instances.collect()),
            policy: Some(policy.into()),
        }
    }
}

impl RatiosBody {
    /// `None` before the first read.
    fn of(counts: &[(CacheEvent, u64)]) -> Option<Self> {
        let of = |events: &[CacheEvent]| {
            let those = counts.iter().filter(|(event, _)| events.contains(event));
            those.map(|(_, count)| count).sum::<u64>()
        };
        let local = of(&[CacheEvent::LocalHit, CacheEvent::Stale]);
        let (shared, joined) = (of(&[CacheEvent::Hit]), of(&[CacheEvent::Joined]));
        let database = of(&[
            CacheEvent::Miss,
            CacheEvent::Fenced,
            CacheEvent::Busy,
            CacheEvent::Bypass,
        ]);
        let all = local + shared + joined + database;
        #[expect(clippy::cast_precision_loss, reason = "a share of so many reads")]
        let share = |count: u64| count as f64 / all as f64;
        (all > 0).then(|| Self {
            local: share(local),
            shared: share(shared),
            joined: share(joined),
            database: share(database),
        })
    }
}

impl HotKeyBody {
    fn of((key, reads): &(CacheKey, u64)) -> Self {
        let (kind, name) = match key.entity {
            Entity::Resource(kind, id) => (kind_name(kind), Some(id.to_string())),
            Entity::Scope(scope) => ("scope", Some(scope.code().to_owned())),
            Entity::Query(_) => ("query", None),
        };
        Self {
            kind,
            name,
            schema: key.schema.tag(),
            reads: *reads,
        }
    }
}

impl From<&CachePolicy> for PolicyBody {
    fn from(policy: &CachePolicy) -> Self {
        Self {
            mode: match policy.mode {
                WriteMode::Available => "available",
                WriteMode::Strict => "strict",
            },
            acknowledge: match policy.acknowledge {
                Acknowledge::Linearizable => "linearizable",
                Acknowledge::Immediate => "immediate",
            },
            ttl_ms: millis(policy.ttl),
            negative_ttl_ms: millis(policy.negative_ttl),
            stale_if_error_ms: millis(policy.stale_if_error),
            trust_ms: millis(policy.trust),
            fence_ms: millis(policy.fence),
            max_body_bytes: policy.max_body,
            max_loads: policy.max_loads,
        }
    }
}

const fn kind_name(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Product => "product",
        ResourceKind::Variant => "variant",
        ResourceKind::Category => "category",
        ResourceKind::Channel => "channel",
        ResourceKind::ProductType => "productType",
        ResourceKind::PriceList => "priceList",
        ResourceKind::Price => "price",
        ResourceKind::Media => "media",
    }
}

/// What the cache is to forget: exactly one of the members.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
#[schema(example = json!({"scope": "shelf"}))]
pub(crate) struct PurgeInput {
    /// `true`: everything.
    #[deserr(default)]
    #[schema(example = true)]
    all: Option<bool>,
    /// All that depends on `channels`, `categories`, `deletions`, `filing`, `shelf`, `price-lists` or `prices`.
    #[deserr(default)]
    #[schema(example = "shelf")]
    scope: Option<String>,
    /// All that is kept about a resource.
    #[deserr(default)]
    entity: Option<EntityInput>,
}

/// A resource.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct EntityInput {
    /// `product`, `variant`, `category`, `channel`, `productType`, `priceList`, `price` or `media`.
    #[schema(example = "product")]
    kind: String,
    #[schema(example = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64")]
    id: String,
}

impl PurgeInput {
    pub(crate) fn parse(self) -> Result<Purge, Faults> {
        let mut faults = Faults::default();
        let mut refuse = |pointer: &str, code, detail: String| {
            faults.push(Fault::new(pointer, code, detail));
            None
        };
        let given = [self.all.is_some(), self.scope.is_some(), self.entity.is_some()];
        let what = match (given.iter().filter(|given| **given).count(), self) {
            (0, _) => refuse(
                "",
                "required",
                "one of all, scope and entity is required".to_owned(),
            ),
            (1, Self { all: Some(true), .. }) => Some(Purge::All),
            (1, Self { all: Some(false), .. }) => refuse("/all", "not_in_enum", "must be true".to_owned()),
            (
                1,
                Self {
                    scope: Some(name), ..
                },
            ) => {
                let known = Scope::ALL.into_iter().find(|scope| scope.code() == name);
                known.map(|scope| Purge::One(Entity::Scope(scope))).or_else(|| {
                    let names = Scope::ALL.map(Scope::code).join(", ");
                    refuse("/scope", "not_in_enum", format!("must be one of {names}"))
                })
            }
            (
                1,
                Self {
                    entity: Some(EntityInput { kind, id }),
                    ..
                },
            ) => {
                let known = ResourceKind::ALL
                    .into_iter()
                    .find(|known| kind_name(*known) == kind);
                let known = known.or_else(|| {
                    let names = ResourceKind::ALL.map(kind_name).join(", ");
                    refuse("/entity/kind", "not_in_enum", format!("must be one of {names}"));
                    None
                });
                let id = canonical_id(&id, "an id").ok().or_else(|| {
                    refuse("/entity/id", "pattern", "must be an id".to_owned());
                    None
                });
                known
                    .zip(id)
                    .map(|(kind, id)| Purge::One(Entity::Resource(kind, id)))
            }
            _ => refuse(
                "",
                "contradiction",
                "only one of all, scope and entity can be given".to_owned(),
            ),
        };
        faults.or(what)
    }
}
