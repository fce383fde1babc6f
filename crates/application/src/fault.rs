//! What is wrong with an input, every fault of it at once.

use domain::value::ValueError;

/// One fault of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a JSON Pointer (RFC 6901) into the request's body.
    pub pointer: String,
    /// A stable item code such as `required`.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl Fault {
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }
}

/// The pointer to `token` below `pointer`, escaped as RFC 6901 section 3 says.
pub fn pointer_to(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// Gathers faults while an input is parsed, at most [`Faults::MAX`]: what comes after is not worth its memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub const MAX: usize = 100;

    pub fn push(&mut self, fault: Fault) {
        if self.0.len() < Self::MAX {
            self.0.push(fault);
        }
    }

    /// The value, or `None` with the fault noted at `pointer`.
    pub fn take<T>(&mut self, pointer: &str, value: Result<T, ValueError>) -> Option<T> {
        value
            .map_err(|e| self.push(Fault::new(pointer, e.code(), e.to_string())))
            .ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }

    /// `Ok(value)` when nothing is wrong.
    pub fn or<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl Extend<Fault> for Faults {
    fn extend<I: IntoIterator<Item = Fault>>(&mut self, faults: I) {
        let free = Self::MAX.saturating_sub(self.0.len());
        self.0.extend(faults.into_iter().take(free));
    }
}
