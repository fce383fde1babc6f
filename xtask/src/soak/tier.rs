//! Which tier an answer came from, by its `Cache-Status` (RFC 9211).

/// Where answers come from that say nothing of a cache.
const DATABASE: &str = "database";

/// The tier in a header such as `Vitrine; hit; detail=l1` (`l1`) or `Vitrine; fwd=miss; stored` (`miss`).
pub(super) fn tier(cache_status: Option<&str>) -> String {
    // The last cache of the list is the nearest one, but there is only ours.
    let Some(member) = cache_status.and_then(|header| header.rsplit(',').next()) else {
        return DATABASE.to_owned();
    };
    let mut parameters = member.split(';').skip(1).map(str::trim);
    let value = |name: &str| {
        let mut all = member.split(';').skip(1).map(str::trim);
        all.find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
    };
    if parameters.any(|parameter| parameter == "hit") {
        value("detail").unwrap_or_else(|| "hit".to_owned())
    } else {
        value("fwd").unwrap_or_else(|| DATABASE.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::tier;

    #[test]
    fn hits_are_of_their_tier_and_the_rest_of_what_it_went_for() {
        assert_eq!(tier(Some("Vitrine; hit; detail=l1")), "l1");
        assert_eq!(tier(Some("Vitrine;hit;ttl=3;detail=\"l2\"")), "l2");
        assert_eq!(tier(Some("Vitrine; hit")), "hit");
        assert_eq!(tier(Some("Vitrine; fwd=miss; stored; detail=filled")), "miss");
        assert_eq!(tier(Some("Vitrine; fwd=bypass")), "bypass");
        assert_eq!(tier(Some("Vitrine")), "database");
        assert_eq!(tier(None), "database");
    }
}
