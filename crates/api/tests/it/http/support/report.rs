//! Tables of cases: all rows are tried, and all that fail are told.

/// Gathers what went wrong in the rows of a table.
#[derive(Default)]
pub(crate) struct Trial(Vec<String>);

impl Trial {
    pub(crate) fn check(&mut self, holds: bool, complaint: impl FnOnce() -> String) {
        if !holds {
            self.0.push(complaint());
        }
    }

    #[track_caller]
    pub(crate) fn end(self) {
        assert!(
            self.0.is_empty(),
            "{} rows failed:\n{}",
            self.0.len(),
            self.0.join("\n")
        );
    }
}
