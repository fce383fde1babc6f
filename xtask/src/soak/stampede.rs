//! A crowd of readers of one product that nobody has read before: the database is to be asked once.

use std::collections::BTreeMap;
use std::rc::Rc;

use http::StatusCode;
use tokio::task::JoinSet;

use super::catalog;
use super::client::{Client, Silence};
use super::report::Stampede;
use super::traffic::Traffic;
use crate::Result;

/// The results of reads through the cache for which the database was asked.
const LOADS: [&str; 4] = ["miss", "fenced", "busy", "bypass"];
const COUNTER: &str = "cache_requests_total{";

/// Sends `readers` to all instances at once, over connections that are already there.
pub(super) async fn run(traffic: &Rc<Traffic>, readers: usize, key: &str) -> Result<Stampede> {
    let first = traffic.clients.first().ok_or("there is no instance")?;
    crowd(traffic, readers, "/health/live").await?;
    let id = catalog::cold(first, &format!("soak-cold-{key}")).await?;
    let before = loads(&traffic.clients).await?;
    let answered = crowd(traffic, readers, &format!("/v1/products/{id}")).await?;
    let mut loads = loads(&traffic.clients).await?;
    for (result, count) in &mut loads {
        *count -= before.get(result).copied().unwrap_or_default();
    }
    loads.retain(|_, count| *count > 0);
    Ok(Stampede {
        readers,
        answered,
        loads,
    })
}

/// How many of the readers were answered.
async fn crowd(traffic: &Rc<Traffic>, readers: usize, path: &str) -> Result<usize> {
    let mut tasks = JoinSet::new();
    for reader in 0..readers {
        let (traffic, path) = (Rc::clone(traffic), path.to_owned());
        tasks.spawn_local(async move {
            let client = traffic.clients.get(reader % traffic.clients.len());
            match client {
                Some(client) => client
                    .get(&path, &[])
                    .await
                    .is_ok_and(|answer| answer.status == StatusCode::OK),
                None => false,
            }
        });
    }
    let mut answered = 0;
    while let Some(outcome) = tasks.join_next().await {
        answered += usize::from(outcome?);
    }
    Ok(answered)
}

/// How often all instances have asked the database so far, by reason.
async fn loads(clients: &[Client]) -> Result<BTreeMap<String, u64>> {
    let mut counts = cache_results(clients).await?;
    counts.retain(|result, _| LOADS.contains(&result.as_str()));
    Ok(counts)
}

/// What all instances have counted of reads through the cache since they were started, by result.
pub(super) async fn cache_results(clients: &[Client]) -> Result<BTreeMap<String, u64>> {
    let mut sums = BTreeMap::new();
    for client in clients {
        let answer = client.get("/metrics", &[]).await.map_err(Silence::as_str)?;
        for (result, count) in parse(&String::from_utf8_lossy(&answer.body)) {
            *sums.entry(result).or_default() += count;
        }
    }
    Ok(sums)
}

/// The counters in Prometheus' text.
fn parse(text: &str) -> impl Iterator<Item = (String, u64)> {
    let series = text.lines().filter_map(|line| line.strip_prefix(COUNTER));
    series.filter_map(|line| {
        let (labels, value) = line.rsplit_once(' ')?;
        let result = labels.split_once("result=\"")?.1.split('"').next()?;
        Some((result.to_owned(), value.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn counters_are_told_apart_by_result() {
        let text = "# TYPE cache_requests_total counter\n\
            cache_requests_total{otel_scope_name=\"vitrine\",result=\"hit\"} 12\n\
            cache_requests_total{otel_scope_name=\"vitrine\",result=\"miss\"} 3\n\
            cache_requests_total{result=\"busy\"} 4\n\
            http_server_requests_total{result=\"miss\"} 5\n";
        let found: Vec<_> = parse(text).collect();
        assert_eq!(
            found,
            [
                ("hit".to_owned(), 12),
                ("miss".to_owned(), 3),
                ("busy".to_owned(), 4)
            ]
        );
    }
}
