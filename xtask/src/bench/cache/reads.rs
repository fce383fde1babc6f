//! Reads from each tier beside the least that such a read can cost.

use std::path::Path;

use super::Options;
use super::contest::{Contest, Row};
use super::house::{House, Instance, Limit};
use super::load::Target;
use super::report;
use crate::{Result, say};

/// What is read: the name, how the path begins to which an id is added, and whether it takes no token.
const PLANES: [(&str, &str, bool); 2] = [
    ("product", "/v1/products/", false),
    ("store product", "/v1/store/default/products/", true),
];

/// An own tier in which what every request needs, such as the channel, has room, and the bodies that are read have not.
const SMALL: &str = "1048576";
/// So many times as many products are read past it: an eighth of them have room there.
const PAST_SMALL: usize = 8;

/// A tier: its name, the settings of an instance that answers from it, the store of its limit, and the share wanted.
struct Tier<'a> {
    name: &'a str,
    settings: Vec<(&'a str, &'a str)>,
    limit: &'a str,
    wanted: f64,
    /// How many times the hot products are read.
    spread: usize,
}

pub(super) async fn measure(house: &House, options: &Options) -> Result<()> {
    let redis = house.redis.as_str();
    // Without a tier in front of Redis, what comes nearest to one is the cache of a process that stands alone.
    let (first, second, third) = if house.has_two_tiers {
        (
            vec![("CACHE__URL", redis)],
            vec![("CACHE__URL", redis), ("CACHE__L1_BYTES", SMALL)],
            vec![("CACHE__URL", "memory://"), ("CACHE__L1_BYTES", SMALL)],
        )
    } else {
        (
            vec![("CACHE__URL", "memory://")],
            vec![("CACHE__URL", redis)],
            vec![("CACHE__ENABLED", "false")],
        )
    };
    let tiers = [
        Tier {
            name: "in the process",
            settings: first,
            limit: "memory://",
            wanted: 0.85,
            spread: 1,
        },
        Tier {
            name: "in Redis",
            settings: second,
            limit: redis,
            wanted: 0.8,
            spread: PAST_SMALL,
        },
        Tier {
            name: "in the database",
            settings: third,
            limit: &house.database,
            wanted: 0.8,
            spread: PAST_SMALL,
        },
    ];
    let mut rows = Vec::new();
    for tier in &tiers {
        rows.extend(of_tier(house, options, tier).await?);
    }
    report::reads(&rows);
    Ok(())
}

async fn of_tier(house: &House, options: &Options, tier: &Tier<'_>) -> Result<Vec<Row>> {
    let chosen = |what: &String| what.contains(&options.reads);
    let instance = house.instance(&tier.settings).await?;
    let base = match &options.base {
        Some(binary) => Base::Service(house.instance_of(binary, &tier.settings).await?),
        None => Base::Limit(house.limit(tier.limit).await?),
    };
    let mut rows = Vec::new();
    for (plane, prefix, is_public) in PLANES {
        let what = format!("{plane} {}", tier.name);
        let not_modified = format!("304 of a {plane} {}, beside its 200", tier.name);
        if !chosen(&what) && !chosen(&not_modified) {
            continue;
        }
        let (mut plain, mut conditional) = (Vec::new(), Vec::new());
        for id in house.ids.iter().take(options.hot * tier.spread) {
            let path = format!("{prefix}{id}");
            let (tag, body) = instance.client.tagged(&path).await?;
            if let Base::Limit(limit) = &base {
                limit.client.keep(&path, &tag, body).await?;
            }
            conditional.push(format!("{path} {}", tag.to_str()?));
            plain.push(path);
        }
        let token = (!is_public).then_some(instance.token.as_str());
        let plain = house.lines("plain", &plain)?;
        let conditional = house.lines("conditional", &conditional)?;
        let contests = [
            Contest {
                what,
                base: base.target(&plain, token),
                service: of_service(&instance, &plain, token),
                wanted: tier.wanted,
            },
            Contest {
                what: not_modified,
                base: of_service(&instance, &plain, token),
                service: of_service(&instance, &conditional, token),
                wanted: 1.0,
            },
        ];
        for contest in contests.iter().filter(|contest| chosen(&contest.what)) {
            say(format_args!("measuring: {}", contest.what));
            rows.extend(contest.hold(&house.load(), options).await?);
        }
    }
    Ok(rows)
}

fn of_service<'a>(instance: &'a Instance, requests: &'a Path, token: Option<&'a str>) -> Target<'a> {
    Target {
        address: instance.vitrine.address(),
        process: instance.vitrine.process(),
        requests,
        token,
    }
}

/// What the service is compared with.
enum Base {
    Limit(Limit),
    Service(Instance),
}

impl Base {
    /// A limit gets the very same requests.
    fn target<'a>(&'a self, requests: &'a Path, token: Option<&'a str>) -> Target<'a> {
        match self {
            Self::Service(base) => of_service(base, requests, token),
            Self::Limit(limit) => Target {
                address: &limit.address,
                process: limit.server.id(),
                requests,
                token,
            },
        }
    }
}
