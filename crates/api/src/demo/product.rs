//! One product of the demo catalog, made from the seed and its index alone.

use super::category;
use super::ground;
use super::line::{Media, Pairs, Product, Seo, Text, slug};
use super::random::Random;
use super::variant;
use super::words::{Department, Material, Noun, Phrase, Words};

/// The product at `index`; `None` only if the vocabulary is empty.
pub(super) fn line(words: &Words, seed: u64, index: u64) -> Option<Product> {
    let random = &mut Random::new(seed, index);
    let at = usize::try_from(random.below(words.nouns.len() as u64)).ok()?;
    let noun = words.nouns.get(at)?;
    let material_at = usize::try_from(random.below(noun.materials.len() as u64)).ok()?;
    let material = words.materials.get(*noun.materials.get(material_at)?)?;
    let family = words.families.get(noun.family)?;
    let department = words.departments.get(family.department)?;
    let brand = *random.pick(&words.brands)?;
    let model = *random.pick(&words.models)?;
    let in_german = random.chance(60);

    let name = name(words, noun, material, (brand, model), in_german, random)?;
    let description = description(words, department, (noun, material, model), in_german, random)?;
    let media = media(index, &name, random);
    let seo = random.chance(35).then(|| seo(brand, &name, noun, material));
    let (option_axes, variants) = variant::all(words, noun, index, random);
    let (status, tags, metadata) = (
        status(random),
        tags(words, material, department, random),
        metadata(random),
    );

    Some(Product {
        key: format!("demo-{index:07}"),
        kind: format!("key:{}", ground::key(department)),
        status,
        slug: Text {
            en: format!("{}-{index}", slug(&name.en)),
            de: name.de.as_ref().map(|de| format!("{}-{index}", slug(de))),
        },
        name,
        description,
        brand,
        tags,
        categories: vec![category::deepest(words, index + 1, (at, noun), material_at)?],
        media,
        seo,
        option_axes,
        // Drawn last, so that the rest is what it would be without them.
        attributes: ground::attributes(material, in_german, random),
        metadata,
        variants,
    })
}

fn status(random: &mut Random) -> &'static str {
    match random.below(100) {
        0..93 => "published",
        93..98 => "draft",
        _ => "archived",
    }
}

fn name(
    words: &Words,
    noun: &Noun,
    material: &Material,
    (brand, model): (&str, &str),
    in_german: bool,
    random: &mut Random,
) -> Option<Text> {
    let (of, thing) = (material.name, noun.singular);
    let en = if random.chance(40) {
        let adjective = random.pick(&words.adjectives)?;
        format!("{brand} {model} {adjective} {} in {}", thing.en, of.en)
    } else {
        format!("{brand} {model} {} {}", of.en, thing.en)
    };
    let de = in_german.then(|| format!("{brand} {model} {} aus {}", thing.de, of.de));
    Some(Text { en, de })
}

/// What it is, what it is made of, and what it is good for or comes with.
fn description(
    words: &Words,
    department: &Department,
    (noun, material, model): (&Noun, &Material, &str),
    in_german: bool,
    random: &mut Random,
) -> Option<Text> {
    let opener = random.pick(&words.openers)?;
    let use_case = random.pick(&department.uses)?;
    let closing = random.pick(&words.closings)?;
    let rest: &[&Phrase] = match random.below(4) {
        0 => &[&material.about],
        1 => &[&material.about, use_case],
        2 => &[&material.about, closing],
        _ => &[use_case, closing],
    };
    let noun_en = noun.singular.en.to_lowercase();
    let material_en = material.name.en.to_lowercase();
    let first = fill(opener.en, model, &noun_en, &material_en);
    let en = rest.iter().fold(first, |text, phrase| text + " " + phrase.en);
    let de = in_german.then(|| {
        let first = fill(opener.de, model, noun.singular.de, material.name.de);
        rest.iter().fold(first, |text, phrase| text + " " + phrase.de)
    });
    Some(Text { en, de })
}

fn fill(template: &str, model: &str, noun: &str, material: &str) -> String {
    template
        .replace("{model}", model)
        .replace("{noun}", noun)
        .replace("{material}", material)
}

fn tags(
    words: &Words,
    material: &Material,
    department: &Department,
    random: &mut Random,
) -> Vec<&'static str> {
    let mut tags = vec![material.key, department.key];
    for _ in 0..random.below(4) {
        // A tag drawn twice would be a fault in the file.
        tags.extend(
            random
                .pick(&words.tags)
                .filter(|tag| !tags.contains(tag))
                .copied(),
        );
    }
    tags
}

fn media(index: u64, name: &Text, random: &mut Random) -> Vec<Media> {
    let views = [
        ("main", "", ""),
        ("gallery", ", detail", ", Detail"),
        ("gallery", ", in use", ", im Einsatz"),
    ];
    let shown = usize::try_from(random.between(1, 3)).unwrap_or(1);
    let picture = |(n, (role, en, de)): (usize, (&'static str, &str, &str))| Media {
        url: format!("https://images.example.com/demo/{index:07}-{n}.jpg"),
        alt: Text {
            en: format!("{}{en}", name.en),
            de: name.de.as_ref().map(|name| format!("{name}{de}")),
        },
        role,
    };
    (1..).zip(views).take(shown).map(picture).collect()
}

fn seo(brand: &str, name: &Text, noun: &Noun, material: &Material) -> Seo {
    let (of, many) = (material.name, noun.plural);
    let de = name.de.as_ref();
    Seo {
        title: Text {
            en: format!("{} | {brand}", name.en),
            de: de.map(|name| format!("{name} | {brand}")),
        },
        description: Text {
            en: format!("{} in {} by {brand}.", many.en, of.en.to_lowercase()),
            de: de.map(|_| format!("{} aus {} von {brand}.", many.de, of.de)),
        },
    }
}

fn metadata(random: &mut Random) -> Pairs {
    let mut pairs = Vec::new();
    if random.chance(40) {
        pairs.push(("supplier", format!("S-{:03}", random.between(1, 240))));
    }
    if random.chance(25) {
        let season = random.pick(&["spring", "summer", "autumn", "winter"]);
        pairs.extend(season.map(|season| ("season", (*season).to_owned())));
    }
    Pairs(pairs)
}
