//! The vocabulary behind the demo catalog, read from `words.txt` beside this file.
//!
//! A row that does not parse is left out; a test holds that none is.

const SOURCE: &str = include_str!("words.txt");

/// A word or sentence in both languages.
#[derive(Clone, Copy)]
pub(super) struct Phrase {
    pub(super) en: &'static str,
    pub(super) de: &'static str,
}

pub(super) struct Department {
    pub(super) key: &'static str,
    pub(super) name: Phrase,
    /// What its products are good for, one sentence each.
    pub(super) uses: Vec<Phrase>,
}

pub(super) struct Family {
    pub(super) key: &'static str,
    pub(super) name: Phrase,
    /// Index into [`Words::departments`].
    pub(super) department: usize,
}

/// A kind of product, such as a kettle.
pub(super) struct Noun {
    pub(super) key: &'static str,
    pub(super) singular: Phrase,
    pub(super) plural: Phrase,
    /// Index into [`Words::families`].
    pub(super) family: usize,
    /// Whole euros, cheapest and dearest.
    pub(super) euros: (u64, u64),
    pub(super) grams: u64,
    /// Millimetres: length, width, height.
    pub(super) size: [u64; 3],
    /// Indices into [`Words::materials`], two or more.
    pub(super) materials: Vec<usize>,
    /// Indices into [`Words::axes`], one or two.
    pub(super) axes: Vec<usize>,
}

pub(super) struct Material {
    pub(super) key: &'static str,
    pub(super) name: Phrase,
    pub(super) about: Phrase,
}

/// A way in which variants differ.
pub(super) struct Axis {
    key: &'static str,
    pub(super) name: &'static str,
    /// Each further value is bigger, so it costs and weighs more.
    pub(super) graded: bool,
    pub(super) values: Vec<&'static str>,
}

/// Everything in `words.txt`.
#[derive(Default)]
pub(super) struct Words {
    pub(super) departments: Vec<Department>,
    pub(super) families: Vec<Family>,
    pub(super) nouns: Vec<Noun>,
    pub(super) materials: Vec<Material>,
    pub(super) axes: Vec<Axis>,
    pub(super) openers: Vec<Phrase>,
    pub(super) closings: Vec<Phrase>,
    pub(super) brands: Vec<&'static str>,
    pub(super) models: Vec<&'static str>,
    pub(super) adjectives: Vec<&'static str>,
    pub(super) tags: Vec<&'static str>,
}

impl Words {
    pub(super) fn load() -> Self {
        let mut words = Self::default();
        // Nouns refer to materials and axes, which stand further down, so they come second.
        let (nouns, others): (Vec<_>, Vec<_>) = rows().partition(|row| row.first() == Some(&"N"));
        for row in &others {
            words.read(row);
        }
        words.nouns = nouns.iter().filter_map(|row| words.noun(row)).collect();
        words
    }

    fn read(&mut self, row: &[&'static str]) -> Option<()> {
        match *row {
            ["D", key, en, de] => self.departments.push(Department {
                key,
                name: Phrase { en, de },
                uses: Vec::new(),
            }),
            ["F", department, key, en, de] => {
                let department = self.departments.iter().position(|d| d.key == department)?;
                self.families.push(Family {
                    key,
                    name: Phrase { en, de },
                    department,
                });
            }
            ["M", key, en, de, about_en, about_de] => self.materials.push(Material {
                key,
                name: Phrase { en, de },
                about: Phrase {
                    en: about_en,
                    de: about_de,
                },
            }),
            ["A", key, name, graded, values] => self.axes.push(Axis {
                key,
                name,
                graded: graded == "yes",
                values: values.split(';').collect(),
            }),
            ["O", en, de] => self.openers.push(Phrase { en, de }),
            ["C", en, de] => self.closings.push(Phrase { en, de }),
            ["U", department, en, de] => self
                .departments
                .iter_mut()
                .find(|d| d.key == department)?
                .uses
                .push(Phrase { en, de }),
            ["L", list, values] => {
                let target = match list {
                    "brands" => &mut self.brands,
                    "models" => &mut self.models,
                    "adjectives" => &mut self.adjectives,
                    "tags" => &mut self.tags,
                    _ => return None,
                };
                target.extend(values.split(';'));
            }
            _ => return None,
        }
        Some(())
    }

    fn noun(&self, row: &[&'static str]) -> Option<Noun> {
        let [
            _,
            family,
            key,
            en,
            ens,
            de,
            des,
            euros,
            grams,
            size,
            materials,
            axes,
        ] = *row
        else {
            return None;
        };
        let (low, high) = euros.split_once('-')?;
        let size: Vec<u64> = size.split('x').map_while(|mm| mm.parse().ok()).collect();
        Some(Noun {
            key,
            singular: Phrase { en, de },
            plural: Phrase { en: ens, de: des },
            family: self.families.iter().position(|f| f.key == family)?,
            euros: (low.parse().ok()?, high.parse().ok()?),
            grams: grams.parse().ok()?,
            size: size.try_into().ok()?,
            materials: materials
                .split(';')
                .map(|key| self.materials.iter().position(|m| m.key == key))
                .collect::<Option<_>>()?,
            axes: axes
                .split(';')
                .map(|key| self.axes.iter().position(|a| a.key == key))
                .collect::<Option<_>>()?,
        })
    }
}

/// The rows of the file, cut into fields.
pub(super) fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    SOURCE
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split('|').collect())
}
