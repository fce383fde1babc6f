//! What was found, shown in the texts themselves.

use std::ops::Range;

use application::search::{SearchSettings, TextView};

use super::analysis::{Analyzer, Kind};
use super::lexicon::Lexicons;
use super::text_match::{Spot, TextMatcher, relevance};
use super::text_query::parse;

/// Where parts of `text` are looked for in texts of a language or a locale; `und` for those of any.
pub fn matcher(text: &str, language: &str, settings: &SearchSettings, lexicons: &Lexicons) -> TextMatcher {
    let primary = language.split('-').next().unwrap_or_default();
    let view = TextView {
        name: if primary == "und" { "*" } else { language }.to_owned(),
        language: primary.to_owned(),
    };
    let lexicon = lexicons.of_borrowed(settings, &view);
    TextMatcher::new(&parse(text, &lexicon), Analyzer::of(primary))
}

/// The text, escaped for HTML, with what was found between `<em>` and `</em>`, `None` when nothing was. A text of more
/// than `fragment` characters is cut around the first thing found.
pub fn highlight(matcher: &TextMatcher, text: &str, fragment: usize) -> Option<String> {
    let spots = Spot::all(text, matcher.analyzer());
    let mut found: Vec<Range<usize>> = matcher.marked(&spots);
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let shown = window(text, found.first()?, fragment);
    let mut html = String::with_capacity(shown.len() + 100);
    if shown.start > 0 {
        html.push('…');
    }
    let mut at = shown.start;
    for range in joined(found) {
        let range = range.start.max(shown.start)..range.end.min(shown.end);
        if range.is_empty() {
            continue;
        }
        escape(text.get(at..range.start)?, &mut html);
        html.push_str("<em>");
        escape(text.get(range.clone())?, &mut html);
        html.push_str("</em>");
        at = range.end;
    }
    escape(text.get(at..shown.end)?, &mut html);
    if shown.end < text.len() {
        html.push('…');
    }
    Some(html)
}

/// The places of the texts in which all parts are found, best first.
pub fn rank(matcher: &TextMatcher, texts: &[&str]) -> Vec<usize> {
    let mut ranked: Vec<(i64, usize)> = texts
        .iter()
        .enumerate()
        .filter_map(|(place, text)| {
            let spots = Spot::all(text, matcher.analyzer());
            let words = spots.iter().filter(|spot| spot.kind != Kind::Tail).count();
            Some((relevance(matcher.cost(&spots)?, words as u64), place))
        })
        .collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, place)| place).collect()
}

/// Ranges that overlap or touch become one. They come by where they start.
fn joined(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// The bytes to be shown of a text, which has `found` in it; words are not cut where there is white space near.
fn window(text: &str, found: &Range<usize>, fragment: usize) -> Range<usize> {
    if text.chars().nth(fragment).is_none() {
        return 0..text.len();
    }
    let part = |range: Range<usize>| text.get(range).unwrap_or_default();
    let left = fragment.saturating_sub(part(found.clone()).chars().count());
    let before = part(0..found.start);
    let mut start = match (left / 3).checked_sub(1) {
        None => found.start,
        Some(lead) => before.char_indices().rev().nth(lead).map_or(0, |(at, _)| at),
    };
    if start > 0 && !part(0..start).ends_with(char::is_whitespace) {
        let after_space = part(start..found.start)
            .char_indices()
            .find(|(_, c)| c.is_whitespace());
        start += after_space.map_or(0, |(at, space)| at + space.len_utf8());
    }
    let rest = part(start..text.len());
    let mut end = rest
        .char_indices()
        .nth(fragment)
        .map_or(text.len(), |(at, _)| start + at);
    if end < text.len() && !part(end..text.len()).starts_with(char::is_whitespace) {
        end = part(found.end..end)
            .rfind(char::is_whitespace)
            .map_or(end, |at| found.end + at);
    }
    start..end
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

    use proptest::prelude::*;

    use super::*;

    fn matched(language: &str, query: &str) -> TextMatcher {
        matcher(query, language, &SearchSettings::default(), &Lexicons::default())
    }

    fn shown(language: &str, query: &str, text: &str) -> Option<String> {
        highlight(&matched(language, query), text, 1000)
    }

    #[test]
    fn what_is_found_is_marked() {
        assert_eq!(
            shown("en", "runing shoes ", "Shoe for running, a runner's shoes").unwrap(),
            "<em>Shoe</em> for <em>running</em>, a runner&#39;s <em>shoes</em>"
        );
        assert_eq!(
            shown("de", "muller bahn ", "Müllers Holzeisenbahn").unwrap(),
            "<em>Müllers</em> <em>Holzeisenbahn</em>"
        );
        assert_eq!(
            shown("en", "\"red shoe\"", "red shoes, red shoe").unwrap(),
            "red shoes, <em>red</em> <em>shoe</em>"
        );
        assert_eq!(
            shown("ja", "東京都 ", "大東京都。京").unwrap(),
            "大<em>東京都</em>。京"
        );
        assert_eq!(shown("en", "lamp", "red shoes"), None);
        assert_eq!(shown("en", "", "red shoes"), None);
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(
            shown("en", "script", "<script>alert(\"1\" & '2')</script>").unwrap(),
            "&lt;<em>script</em>&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/<em>script</em>&gt;"
        );
    }

    #[test]
    fn long_texts_are_cut_around_what_is_found() {
        let text = format!("{}the lamp is here {}", "before ".repeat(50), "after ".repeat(50));
        let cut = highlight(&matched("en", "lamp "), &text, 40).unwrap();
        assert_eq!(cut, "…before the <em>lamp</em> is here after after…");
        assert_eq!(
            highlight(&matched("en", "lamp "), "a lamp", 6).unwrap(),
            "a <em>lamp</em>"
        );
        let long = "x".repeat(10_000);
        assert!(
            highlight(&matched("en", &long), &long, 20)
                .unwrap()
                .chars()
                .count()
                < 40
        );
    }

    #[test]
    fn texts_are_ranked_by_all_words() {
        let texts = [
            "Shoes for running",
            "Running shoe",
            "Running",
            "Runing shoes",
            "Shoes running",
        ];
        assert_eq!(rank(&matched("en", "running shoes "), &texts), [4, 0, 1, 3]);
        assert_eq!(rank(&matched("en", " "), &["a", "b"]), [0, 1]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_but_what_is_cut(
            text in "[ab靴é <>&'\"\u{0}]{0,60}",
            query in "[ab靴é\" ]{1,8}",
            fragment in 0_usize..80,
        ) {
            if let Some(html) = highlight(&matched("en", &query), &text, fragment) {
                let plain = html
                    .replace("<em>", "").replace("</em>", "").replace("&lt;", "<").replace("&gt;", ">")
                    .replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
                let shown = plain.trim_start_matches('…').trim_end_matches('…');
                prop_assert!(text.contains(shown));
                prop_assert!(shown.chars().count() <= fragment.max(text.chars().count().min(fragment)));
            }
        }
    }
}
