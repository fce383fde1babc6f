//! What a write waits for because of the cache: beside an instance without one, alone and as one of three.

use http::Method;
use serde_json::json;

use super::super::sample::Sample;
use super::house::{House, Instance};
use super::report::{self, Wait};
use crate::{Result, say};

/// How many writes are timed on each side.
const WRITES: usize = 600;
/// Further writes before the clock runs.
const WARM_UP: usize = 50;

pub(super) async fn measure(house: &House) -> Result<()> {
    let plain = house.instance(&[("CACHE__ENABLED", "false")]).await?;
    let settings = [("CACHE__URL", house.redis.as_str())];
    let mut cached = vec![house.instance(&settings).await?];
    let mut waits = vec![beside(house, &plain, &cached).await?];
    cached.push(house.instance(&settings).await?);
    cached.push(house.instance(&settings).await?);
    waits.push(beside(house, &plain, &cached).await?);
    report::writes(&waits);
    Ok(())
}

/// Times writes through the first of the instances, all of which have read what is written.
async fn beside(house: &House, plain: &Instance, cached: &[Instance]) -> Result<Wait> {
    say(format_args!("measuring: writes, {} with a cache", cached.len()));
    let writer = cached.first().ok_or("nobody writes")?;
    let (mut without, mut with) = (Sample::default(), Sample::default());
    for (round, ids) in house
        .ids
        .chunks_exact(2)
        .cycle()
        .take(WARM_UP + WRITES)
        .enumerate()
    {
        let [one, other] = ids else { continue };
        for instance in cached {
            instance.client.get(&format!("/v1/products/{other}")).await?;
        }
        let patch = json!({"brand": format!("Bench {} {round}", cached.len())});
        for (instance, id, sample) in [(plain, one, &mut without), (writer, other, &mut with)] {
            let path = format!("/v1/products/{id}");
            let (_, time) = instance.client.send(Method::PATCH, &path, Some(&patch)).await?;
            if round >= WARM_UP {
                sample.add(time);
            }
        }
    }
    Ok(Wait {
        instances: cached.len(),
        without,
        with,
    })
}
