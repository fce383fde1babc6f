//! Reading fields while gathering what is wrong with them.

use std::collections::BTreeMap;

use application::import::ImportFault;
use domain::value::{Locale, Localized, Text, ValueError};

use super::product::Mapping;
use super::row::{Columns, Row};

/// Stands for a value that is not valid.
pub(super) struct Refused;

/// A value that is not valid is [`Refused`], and why is among the faults.
pub(super) struct Reader<'a> {
    pub(super) mapping: Mapping<'a>,
    pub(super) columns: &'a Columns,
    pub(super) faults: Vec<ImportFault>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        mapping: Mapping<'a>,
        columns: &'a Columns,
        rows: &[Row],
    ) -> Result<Self, Vec<ImportFault>> {
        let faults: Vec<_> = rows.iter().flat_map(|row| columns.faults(row)).collect();
        if faults.is_empty() {
            Ok(Self {
                mapping,
                columns,
                faults,
            })
        } else {
            Err(faults)
        }
    }

    pub(super) fn finish<T>(self, value: Result<T, Refused>) -> Result<T, Vec<ImportFault>> {
        match value {
            Ok(value) if self.faults.is_empty() => Ok(value),
            _ => Err(self.faults),
        }
    }

    pub(super) fn refuse(&mut self, row: &Row, name: &str, error: &ValueError) {
        self.faults.push(row.fault(name, error.code(), error.to_string()));
    }

    pub(super) fn take<T>(
        &mut self,
        row: &Row,
        name: &str,
        value: Result<T, ValueError>,
    ) -> Result<T, Refused> {
        value.map_err(|error| {
            self.refuse(row, name, &error);
            Refused
        })
    }

    /// An empty field is an absent value.
    pub(super) fn optional<T>(
        &mut self,
        row: &Row,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, ValueError>,
    ) -> Result<Option<T>, Refused> {
        match self.columns.text(row, name) {
            "" => Ok(None),
            text => self.take(row, name, parse(text)).map(Some),
        }
    }

    pub(super) fn localized<const MAX: usize>(
        &mut self,
        row: &Row,
        name: &str,
    ) -> Result<Option<Localized<MAX>>, Refused> {
        let locale = self.mapping.locale;
        self.optional(row, name, |text| in_locale(locale, text))
    }
}

fn in_locale<const MAX: usize>(locale: &Locale, text: &str) -> Result<Localized<MAX>, ValueError> {
    Localized::new(BTreeMap::from([(locale.clone(), Text::parse(text)?)]))
}
