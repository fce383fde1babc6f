//! Places in the change log as clients carry them: opaque to them, `<transaction>-<position>` in hexadecimal digits.

use application::changelog::LogPosition;

pub(crate) fn write(
    LogPosition {
        transaction,
        position,
    }: LogPosition,
) -> String {
    format!("{transaction:x}-{position:x}")
}

/// `None` for what [`write()`] does not write.
pub(crate) fn parse(text: &str) -> Option<LogPosition> {
    let number = |digits| i64::from_str_radix(digits, 16).ok().filter(|number| *number >= 0);
    let (transaction, position) = text.split_once('-')?;
    let parsed = LogPosition {
        transaction: number(transaction)?,
        position: number(position)?,
    };
    (write(parsed) == text).then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        for (transaction, position) in [(0, 0), (1, 255), (i64::MAX, i64::MAX)] {
            let place = LogPosition {
                transaction,
                position,
            };
            assert_eq!(parse(&write(place)), Some(place));
        }
        for garbage in [
            "",
            "-",
            "1",
            "1-",
            "-1",
            "1-2-3",
            "+1-2",
            "01-2",
            "1-G",
            "A-1",
            "-1-1",
            " 1-1",
            "8000000000000000-1",
        ] {
            assert_eq!(parse(garbage), None, "{garbage}");
        }
    }
}
