//! `urlskip=`: the address that another one carries, so that the detour is not made.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use crate::rules::expression::Expression;

use super::remove_param::decoded;

/// How many steps one rule may have.
const STEPS_LIMIT: usize = 16;

/// The longest address that is taken out of another, in bytes.
const ADDRESS_LIMIT: usize = 8 << 10;

/// The steps from one address to the one within, one behind the other.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Skip(Box<[Step]>);

#[derive(Debug, Clone)]
enum Step {
    /// `?name`: the value of a parameter.
    Parameter(Box<str>),
    /// `&n`: the name of the n-th parameter, from 1.
    NameOfParameter(usize),
    /// `#`: what stands behind it.
    Fragment,
    /// `/expression/`: what its first group fits.
    Fitting(Expression),
    /// `+https`
    Https,
    /// `-base64`, `-safebase64`
    Base64 { url_safe: bool },
    /// `-uricomponent`
    Decode,
    /// `-blocked`: only where the request would be stopped.
    Blocked,
}

impl Skip {
    /// Reads the value of `urlskip=`.
    ///
    /// # Errors
    /// Which step is not understood, for a person.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        let steps: Vec<Step> = words(value).map(step).collect::<Result<_, _>>()?;
        if steps.is_empty() || steps.len() > STEPS_LIMIT {
            return Err(format!("`urlskip` takes 1 to {STEPS_LIMIT} steps"));
        }
        Ok(Self(steps.into()))
    }

    /// Whether it is only about requests that would be stopped.
    pub(in crate::rules) fn only_blocked(&self) -> bool {
        self.0.iter().any(|step| matches!(step, Step::Blocked))
    }

    /// The address within, where there is one, of the web, and another one.
    pub(in crate::rules) fn applied(&self, address: &str) -> Option<String> {
        let mut text = address.to_owned();
        for step in &self.0 {
            text = step.taken(&text)?;
            if text.len() > ADDRESS_LIMIT {
                return None;
            }
        }
        let target = url::Url::parse(&text).ok()?;
        let of_the_web =
            matches!(target.scheme(), "http" | "https") && target.host_str().is_some_and(|host| !host.is_empty());
        let within = of_the_web && target.username().is_empty() && target.password().is_none() && text != address;
        // What was read is sent as it was written, made an address that can be sent.
        within.then(|| target.to_string())
    }
}

/// The steps of a value: parts between spaces, those within an expression aside.
fn words(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value.trim();
    std::iter::from_fn(move || {
        let text = rest.trim_start();
        if text.is_empty() {
            return None;
        }
        let end = if text.starts_with('/') {
            text.find("/ ").map_or(text.len(), |at| at + 1)
        } else {
            text.find(' ').unwrap_or(text.len())
        };
        let (word, behind) = text.split_at_checked(end)?;
        rest = behind;
        Some(word)
    })
}

fn step(word: &str) -> Result<Step, String> {
    let unknown = || format!("`urlskip` does not know the step `{word}`");
    Ok(match word {
        "#" => Step::Fragment,
        "+https" => Step::Https,
        "-base64" => Step::Base64 { url_safe: false },
        "-safebase64" => Step::Base64 { url_safe: true },
        "-uricomponent" => Step::Decode,
        "-blocked" => Step::Blocked,
        _ => match word.split_at_checked(1) {
            Some(("?", name)) if !name.is_empty() => Step::Parameter(name.into()),
            Some(("&", number)) => {
                Step::NameOfParameter(number.parse().ok().filter(|number| *number > 0).ok_or_else(unknown)?)
            }
            Some(("/", rest)) => Step::Fitting(Expression::parse(rest.strip_suffix('/').ok_or_else(unknown)?, true)?),
            _ => return Err(unknown()),
        },
    })
}

impl Step {
    fn taken(&self, text: &str) -> Option<String> {
        match self {
            Self::Parameter(wanted) => {
                let found = parameters(text).find(|written| written.split('=').next() == Some(wanted))?;
                let (_, value) = found.split_once('=')?;
                Some(decoded(&value.replace('+', " ")).into_owned())
            }
            Self::NameOfParameter(number) => {
                let found = parameters(text).nth(number - 1)?;
                Some(decoded(found.split('=').next()?).into_owned())
            }
            Self::Fragment => text.split_once('#').map(|(_, fragment)| fragment.to_owned()).filter(|it| !it.is_empty()),
            Self::Fitting(expression) => expression.first_group(text).map(str::to_owned),
            Self::Https => {
                let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
                Some(format!("https://{}", rest.trim_start_matches('/')))
            }
            Self::Base64 { url_safe } => {
                let alphabet = if *url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
                let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
                let bytes =
                    GeneralPurpose::new(alphabet, config.with_decode_allow_trailing_bits(true)).decode(text).ok()?;
                String::from_utf8(bytes).ok()
            }
            Self::Decode => Some(decoded(text).into_owned()),
            Self::Blocked => Some(text.to_owned()),
        }
    }
}

/// The parameters of an address, as they are written.
fn parameters(address: &str) -> impl Iterator<Item = &str> {
    let address = address.split('#').next().unwrap_or_default();
    address.split_once('?').map(|(_, query)| query).into_iter().flat_map(|query| query.split('&'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, address: &str, expected: Option<&str>) {
        assert_eq!(Skip::parse(value).unwrap().applied(address).as_deref(), expected, "{value} {address}");
    }

    #[test]
    fn the_address_within_is_found_step_by_step() {
        let b_test = Some("https://b.test/x?y=1");
        check("?u", "https://a.test/r?t=1&u=https%3A%2F%2Fb.test%2Fx%3Fy%3D1", b_test);
        check("?u -base64", "https://a.test/r?u=aHR0cHM6Ly9iLnRlc3QveD95PTE=", b_test);
        check("?u -base64", "https://a.test/r?u=aHR0cHM6Ly9iLnRlc3QveD95PTE", b_test);
        check("?u -safebase64", "https://a.test/r?u=aHR0cHM6Ly9iLnRlc3QveD95PTE", b_test);
        check("?u +https", "https://a.test/r?u=b.test/x%3Fy=1", b_test);
        check("&1", "https://a.test/?https%3A%2F%2Fb.test%2Fx%3Fy%3D1", b_test);
        check("#", "https://a.test/#https://b.test/x?y=1", b_test);
        check(r"/\/to\/(.+)$/", "https://a.test/to/https://b.test/x?y=1", b_test);
        check(r"/\/to\/(.+)$/ -uricomponent", "https://a.test/to/https%3A%2F%2Fb.test%2Fx%3Fy=1", b_test);
    }

    #[test]
    fn what_is_no_other_address_of_the_web_is_not_gone_to() {
        for within in ["javascript:alert(1)", "data:text/html,x", "/x", "", "file:///etc/passwd", "https://u:p@b.test/"]
        {
            check("?u", &format!("https://a.test/?u={within}"), None);
        }
        check("?u", "https://a.test/?v=1", None);
        check("#", "https://a.test/", None);
        for value in ["", "u", "&0", "-rot13", "/x"] {
            assert!(Skip::parse(value).is_err(), "{value}");
        }
    }
}
