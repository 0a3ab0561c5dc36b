//! JSON objects, read field by field, so that one answer says everything that is wrong.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Problem, Refused};
use crate::printable;

/// What a field may hold.
pub trait Field {
    /// What is read from it.
    type Value: DeserializeOwned;

    /// What to write, for whoever wrote something else.
    const EXPECTED: &'static str;

    /// The value, or what is wrong with it; paths begin within the field.
    fn read(written: &Value) -> Result<Self::Value, Refused> {
        Self::Value::deserialize(written).map_err(|_| unexpected::<Self>())
    }

    /// What stands for a field that is left out; `None` if it has to be there.
    fn absent() -> Option<Self::Value> {
        None
    }
}

/// That something else was written.
pub(super) fn unexpected<F: Field + ?Sized>() -> Refused {
    Refused::field("", format!("must be {}", F::EXPECTED))
}

/// A field that may be left out. Programs that have nothing to say often write an empty text.
impl<F: Field> Field for Option<F> {
    type Value = Option<F::Value>;
    const EXPECTED: &'static str = F::EXPECTED;

    fn read(written: &Value) -> Result<Self::Value, Refused> {
        if written.as_str().is_some_and(|text| text.trim().is_empty()) {
            return Ok(None);
        }
        F::read(written).map(Some)
    }

    fn absent() -> Option<Self::Value> {
        Some(None)
    }
}

/// Says in a schema that an empty text is as good as a field that is left out.
pub(super) fn allow_blanks(schema: &mut schemars::Schema) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(Map::values_mut) {
        let any_of = property.get_mut("anyOf").and_then(Value::as_array_mut);
        if let Some(any_of) = any_of.filter(|any_of| any_of.contains(&json!({"type": "null"}))) {
            any_of.push(json!({"type": "string", "pattern": r"^\s*$"}));
        }
    }
}

/// Declares a request: its struct, how it is read, and its JSON Schema. The type that is
/// written for a field is its [`Field`]; the struct has what is read from that. What stands after
/// `and` is never read and has its default.
macro_rules! request {
    (
        $(#[$about:meta])*
        pub struct $Request:ident $(: $strict:ident)? {
            $($(#[$doc:meta])* $field:ident: $Field:ty $(= $default:ident)?,)*
        }
        $(and { $($(#[$own_doc:meta])* $own:ident: $Own:ty,)* })?
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        pub struct $Request {
            $($(#[$doc])* pub $field: <$Field as Field>::Value,)*
            $($($(#[$own_doc])* #[serde(skip)] pub $own: $Own,)*)?
        }

        impl $Request {
            /// Reads an object; `check` may find more that is wrong with its fields.
            pub(super) fn read_checked(
                written: &Value,
                what: &str,
                check: impl FnOnce(&mut Fields<'_>),
            ) -> Result<Self, Refused> {
                let mut fields = Fields::of(written, what)?;
                $(let $field = fields.read::<$Field>(stringify!($field));)*
                check(&mut fields);
                fields.finish(|| {
                    Some(Self {
                        $($field: $field?,)*
                        $($($own: Default::default(),)*)?
                    })
                })
            }
        }

        impl schemars::JsonSchema for $Request {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($Request).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $(#[$about])*
                #[derive(schemars::JsonSchema)]
                $(#[schemars($strict)])?
                #[allow(dead_code)]
                struct $Request {
                    $($(#[$doc])* $(#[schemars($default)])? $field: $Field,)*
                }
                let mut schema = <$Request as schemars::JsonSchema>::json_schema(generator);
                $crate::domain::request::fields::allow_blanks(&mut schema);
                schema
            }
        }
    };
}
pub(super) use request;

/// An object while it is being read.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// Those that were read.
    known: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// `what` the object is to describe, for the one thing that can be wrong before any field is.
    pub fn of(written: &'a Value, what: &str) -> Result<Self, Refused> {
        let object = written.as_object().ok_or_else(|| {
            Refused::field("", format!("must be an object with the fields of {what}"))
        })?;
        Ok(Self {
            object,
            known: Vec::new(),
            problems: Vec::new(),
        })
    }

    /// The value of a field; `None` means that the object will be refused. `null` is as good as a
    /// field that is left out.
    pub fn read<F: Field>(&mut self, name: &'static str) -> Option<F::Value> {
        self.known.push(name);
        let written = self.object.get(name).filter(|written| !written.is_null());
        let read = match written {
            Some(written) => F::read(written),
            None => F::absent()
                .ok_or_else(|| Refused::field("", format!("is missing; write {}", F::EXPECTED))),
        };
        read.map_err(|refused| self.problems.extend(refused.within(name).fields))
            .ok()
    }

    /// The value of a field if it is right; if not, [`Self::read`] says so.
    pub fn peek<F: Field>(&self, name: &str) -> Option<F::Value> {
        F::read(self.object.get(name)?).ok()
    }

    pub fn wrong(&mut self, path: &str, problem: impl Into<String>) {
        self.problems.push(Problem::new(path, problem));
    }

    /// The fields that were not read.
    pub fn others(&self) -> Map<String, Value> {
        let mut others = self.object.clone();
        others.retain(|name, _| !self.known.contains(&name.as_str()));
        others
    }

    /// Refuses the object if it has fields that were not read.
    pub fn no_others(&mut self) {
        for name in self.others().keys().take(MOST_UNKNOWN) {
            let advice = format!("is no field of this; there are {}", self.known.join(", "));
            self.wrong(&shown(name), advice);
        }
    }

    /// What was read, unless something is wrong.
    pub fn finish<T>(self, read: impl FnOnce() -> Option<T>) -> Result<T, Refused> {
        Refused::if_any(self.problems)?;
        Ok(read().expect("what could not be read is among the problems"))
    }
}

/// More of what nobody knows help nobody.
const MOST_UNKNOWN: usize = 20;

/// A field's name as an answer and a log show it.
fn shown(name: &str) -> String {
    const LONGEST: usize = 60;
    printable::printable(&name.chars().take(LONGEST).collect::<String>())
}
