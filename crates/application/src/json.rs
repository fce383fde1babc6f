//! JSON values between the domain, which has no serialization, and whatever format an adapter speaks.

use std::collections::BTreeMap;
use std::fmt;

use domain::value::{Json, JsonNumber};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A [`Json`] that can be written and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonDoc(pub Json);

impl Serialize for JsonDoc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written(&self.0).serialize(serializer)
    }
}

struct Written<'a>(&'a Json);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Null => serializer.serialize_unit(),
            Json::Boolean(value) => serializer.serialize_bool(*value),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(items) => serializer.collect_seq(items.iter().map(Written)),
            Json::Object(members) => serializer.collect_map(members.iter().map(|(k, v)| (k, Written(v)))),
            Json::Number(number) => {
                let text = number.as_str();
                if let Ok(number) = text.parse::<i64>() {
                    serializer.serialize_i64(number)
                } else if let Ok(number) = text.parse::<u64>() {
                    serializer.serialize_u64(number)
                } else {
                    serializer.serialize_f64(text.parse().map_err(serde::ser::Error::custom)?)
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for JsonDoc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(JsonNumber::from_signed(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(JsonNumber::from_unsigned(number)))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Json, E> {
        let number = JsonNumber::from_float(number).ok_or_else(|| E::custom("not a number"))?;
        Ok(Json::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(JsonDoc(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = BTreeMap::new();
        while let Some((name, JsonDoc(value))) = members.next_entry::<String, JsonDoc>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands in the object twice"));
            }
        }
        Ok(Json::Object(object))
    }
}
