//! Strict JSON: UTF-8, no member twice at any level, bounded nesting and count.

use std::cell::{Cell, RefCell};

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::error::excerpt;
use super::{EnvelopeError, Part};

/// deepest nesting accepted; the formats themselves need four levels
pub(super) const DEPTH_LIMIT: usize = 32;

/// most values (members, elements, scalars) in one part; a real payload has some ten
pub(super) const VALUES_LIMIT: usize = 10_000;

/// The members of a JSON object, in their order.
#[derive(Debug, Clone)]
pub(super) struct Members {
    part: Part,
    list: Vec<(String, Value)>,
}

impl Members {
    /// Reads exactly one JSON object.
    pub fn read(part: Part, bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| EnvelopeError::unparsable(part, error.to_string()))?;
        let limits = Limits::default();
        let mut source = serde_json::Deserializer::from_str(text);
        let read = Object { limits: &limits }
            .deserialize(&mut source)
            .and_then(|list| source.end().map(|()| list));
        match read {
            Ok(list) => Ok(Self { part, list }),
            Err(error) => Err(limits.explain(part, &error)),
        }
    }

    /// Wraps an object nested in a part already read.
    pub fn of(part: Part, object: &Map<String, Value>) -> Self {
        Self { part, list: object.iter().map(|(k, v)| (k.clone(), v.clone())).collect() }
    }

    pub fn iter(&self) -> impl Iterator<Item = &(String, Value)> {
        self.list.iter()
    }

    /// The member of exactly this name.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.list.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    pub fn required(&self, name: &str) -> Result<&Value, EnvelopeError> {
        self.value(name).ok_or_else(|| EnvelopeError::missing(self.part, name))
    }

    pub fn text(&self, name: &str) -> Result<&str, EnvelopeError> {
        self.required(name)?
            .as_str()
            .ok_or_else(|| EnvelopeError::of_type(self.part, name, "a string"))
    }

    pub fn object(&self, name: &str) -> Result<&Map<String, Value>, EnvelopeError> {
        self.required(name)?
            .as_object()
            .ok_or_else(|| EnvelopeError::of_type(self.part, name, "an object"))
    }
}

/// Counts while reading, and remembers which rule ended it.
struct Limits {
    depth: Cell<usize>,
    values_left: Cell<usize>,
    broken: RefCell<Option<Broken>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: Cell::new(0),
            values_left: Cell::new(VALUES_LIMIT),
            broken: RefCell::new(None),
        }
    }
}

enum Broken {
    Depth,
    Count,
    Twice(String),
}

impl Limits {
    fn explain(&self, part: Part, error: &serde_json::Error) -> EnvelopeError {
        match self.broken.take() {
            Some(Broken::Depth) => EnvelopeError::TooDeep { part, limit: DEPTH_LIMIT },
            Some(Broken::Count) => EnvelopeError::TooMany { part, limit: VALUES_LIMIT },
            Some(Broken::Twice(name)) => EnvelopeError::Duplicate { part, name: excerpt(&name) },
            None => EnvelopeError::unparsable(part, error.to_string()),
        }
    }

    fn fail<T, E: serde::de::Error>(&self, rule: Broken) -> Result<T, E> {
        self.broken.replace(Some(rule));
        Err(E::custom("refused"))
    }

    fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        match self.values_left.get().checked_sub(1) {
            Some(left) => {
                self.values_left.set(left);
                Ok(())
            }
            None => self.fail(Broken::Count),
        }
    }

    fn enter<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.depth.get() == DEPTH_LIMIT {
            return self.fail(Broken::Depth);
        }
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    fn members<'de, A: MapAccess<'de>>(
        &self,
        mut access: A,
    ) -> Result<Vec<(String, Value)>, A::Error> {
        self.enter()?;
        let mut list = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some(name) = access.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return self.fail(Broken::Twice(name));
            }
            list.push((name, access.next_value_seed(Strict { limits: self })?));
        }
        self.leave();
        Ok(list)
    }
}

/// A top-level object.
struct Object<'a> {
    limits: &'a Limits,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Vec<(String, Value)>;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Self::Value, D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        self.limits.members(access)
    }
}

/// Any value.
struct Strict<'a> {
    limits: &'a Limits,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        self.limits.count()?;
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.limits.enter()?;
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(Strict { limits: self.limits })? {
            list.push(value);
        }
        self.limits.leave();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        Ok(Value::Object(self.limits.members(access)?.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Members, EnvelopeError> {
        Members::read(Part::Payload, text.as_bytes())
    }

    #[test]
    fn members_keep_their_order() {
        let members = read(r#"{"b":1,"a":[true,null,"x",-1,1.5],"c":{"z":0}}"#).unwrap();
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(members.value("a").unwrap().to_string(), r#"[true,null,"x",-1,1.5]"#);
        assert_eq!(members.value("B"), None);
    }

    #[test]
    fn a_member_twice_is_refused_at_any_level() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"x":{"a":1,"a":2}}"#, r#"{"x":[[{"a":1,"\u0061":2}]]}"#]
        {
            assert_eq!(
                read(text).unwrap_err(),
                EnvelopeError::Duplicate { part: Part::Payload, name: "a".into() },
                "{text}"
            );
        }
    }

    #[test]
    fn anything_but_one_object_is_refused() {
        for text in ["", "[]", "1", "null", "{} {}", "{}x", "{\"a\":1,}", "{a:1}", "{\"a\":1e999}"]
        {
            assert!(matches!(read(text), Err(EnvelopeError::Unparsable { .. })), "{text}");
        }
        assert!(Members::read(Part::Payload, b"{\"a\":\"\xff\"}").is_err());
        assert!(Members::read(Part::Payload, b"\xef\xbb\xbf{}").is_err());
    }

    #[test]
    fn nesting_and_count_are_bounded() {
        let deep = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert!(read(&deep(DEPTH_LIMIT - 1)).is_ok());
        let too_deep = EnvelopeError::TooDeep { part: Part::Payload, limit: DEPTH_LIMIT };
        assert_eq!(read(&deep(DEPTH_LIMIT)).unwrap_err(), too_deep);
        assert_eq!(read(&deep(1_000_000)).unwrap_err(), too_deep);
        let wide = |n: usize| format!("{{\"a\":[{}0]}}", "0,".repeat(n - 1));
        assert!(read(&wide(VALUES_LIMIT - 1)).is_ok());
        assert_eq!(
            read(&wide(VALUES_LIMIT)).unwrap_err(),
            EnvelopeError::TooMany { part: Part::Payload, limit: VALUES_LIMIT }
        );
    }
}
