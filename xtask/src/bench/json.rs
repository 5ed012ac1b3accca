//! Writing JSON, of which `--json` needs no more than this.

use std::fmt;

/// A value.
#[derive(Debug, Clone)]
pub enum Json {
    Truth(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub fn list(values: impl IntoIterator<Item = Self>) -> Self {
        Self::List(values.into_iter().collect())
    }

    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truth(truth) => write!(formatter, "{truth}"),
            // JSON has no word for what is not a number.
            Self::Number(number) if !number.is_finite() => write!(formatter, "null"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => quoted(formatter, text),
            Self::List(values) => {
                write!(formatter, "[")?;
                for (index, value) in values.iter().enumerate() {
                    write!(formatter, "{}{value}", if index > 0 { "," } else { "" })?;
                }
                write!(formatter, "]")
            }
            Self::Object(members) => {
                write!(formatter, "{{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    write!(formatter, "{}", if index > 0 { "," } else { "" })?;
                    quoted(formatter, name)?;
                    write!(formatter, ":{value}")?;
                }
                write!(formatter, "}}")
            }
        }
    }
}

fn quoted(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(formatter, "\"")?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(formatter, "\\{character}")?,
            control if u32::from(control) < 0x20 => write!(formatter, "\\u{:04x}", u32::from(control))?,
            plain => write!(formatter, "{plain}")?,
        }
    }
    write!(formatter, "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_gives_a_meaning_is_escaped() {
        let value = Json::object([
            ("a\"b", Json::text("tab\there \\ ")),
            ("list", Json::list([Json::Number(1.5), Json::Number(f64::NAN), Json::Truth(true)])),
        ]);
        assert_eq!(value.to_string(), r#"{"a\"b":"tab\u0009here \\ ","list":[1.5,null,true]}"#);
    }
}
