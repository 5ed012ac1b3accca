//! What rules do besides stopping a request: the options that say so, and their values.

mod cookie;
mod json_prune;
mod json_text;
mod remove_param;
mod uri_transform;
mod url_skip;

use std::sync::Arc;

use http::HeaderName;
use http::header::{LOCATION, REFRESH, SET_COOKIE};

use super::replace::Substitution;

pub(super) use cookie::CookieRule;
pub(super) use json_prune::JsonPath;
pub(super) use remove_param::{Parameter, hides_letters, names, without};
pub(super) use uri_transform::Transform;
pub(super) use url_skip::Skip;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Stops a request and names what answers in its place.
    Redirect,
    /// Names what answers in place of a request that another rule stops.
    RedirectRule,
    RemoveParam,
    UrlSkip,
    UriTransform,
    Csp,
    InlineScript,
    InlineFont,
    Permissions,
    RemoveHeader,
    Cookie,
    Replace,
    JsonPrune,
    /// In exceptions: the host's canonical name is not asked about.
    Cname,
    /// In exceptions: generic rules, rules about this page, or both, hide nothing.
    GenericHide,
    SpecificHide,
    ElementHide,
}

impl Kind {
    /// The option of this name.
    pub(super) fn named(option: &str) -> Option<Self> {
        Some(match option {
            "redirect" => Self::Redirect,
            "redirect-rule" => Self::RedirectRule,
            "removeparam" => Self::RemoveParam,
            "urlskip" => Self::UrlSkip,
            "uritransform" => Self::UriTransform,
            "csp" => Self::Csp,
            "inline-script" => Self::InlineScript,
            "inline-font" => Self::InlineFont,
            "permissions" => Self::Permissions,
            "removeheader" => Self::RemoveHeader,
            "cookie" => Self::Cookie,
            "replace" => Self::Replace,
            "jsonprune" => Self::JsonPrune,
            "cname" => Self::Cname,
            "ghide" => Self::GenericHide,
            "shide" => Self::SpecificHide,
            "ehide" => Self::ElementHide,
            _ => return None,
        })
    }

    /// Whether it is about pages and frames where nothing else is said.
    pub(super) fn is_of_pages(self) -> bool {
        matches!(
            self,
            Self::Csp
                | Self::InlineScript
                | Self::InlineFont
                | Self::Permissions
                | Self::GenericHide
                | Self::SpecificHide
                | Self::ElementHide
        )
    }
}

/// What a rule does, ready to be done.
#[derive(Debug, Clone)]
pub(super) struct Modifier {
    pub(super) kind: Kind,
    /// The value as it was written; exceptions name others by it.
    pub(super) value: Option<Box<str>>,
    pub(super) work: Work,
}

/// The work itself.
#[derive(Debug, Clone)]
pub(super) enum Work {
    /// None: the rule is an exception, or its kind says all.
    None,
    Stub {
        name: Box<str>,
        priority: i32,
    },
    RemoveParam(Parameter),
    UrlSkip(Box<Skip>),
    UriTransform(Box<Transform>),
    /// Directives of a policy: of content security, or of permissions.
    Policy(Box<str>),
    RemoveField {
        name: HeaderName,
        of_request: bool,
    },
    Cookie(Box<CookieRule>),
    Replace(Arc<Substitution>),
    JsonPrune(Arc<JsonPath>),
}

/// What keeps scripts and fonts out that stand in the page itself.
const NO_INLINE_SCRIPT: &str = "script-src 'unsafe-eval' * blob: data:";
const NO_INLINE_FONT: &str = "font-src *";

/// Fields of answers that any list may take off; others only trusted ones.
const REMOVABLE: [HeaderName; 3] = [LOCATION, REFRESH, SET_COOKIE];

/// What no list may take off: it protects the page, or the person.
const PROTECTING: &[&str] = &[
    "access-control-",
    "authorization",
    "content-encoding",
    "content-length",
    "content-range",
    "content-security-policy",
    "content-type",
    "cookie",
    "cross-origin-",
    "host",
    "origin",
    "permissions-policy",
    "sec-",
    "strict-transport-security",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "x-content-type-options",
    "x-frame-options",
];

impl Modifier {
    /// Reads the value of an option.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    pub(super) fn parse(kind: Kind, value: Option<&str>, exception: bool, trusted: bool) -> Result<Self, String> {
        let work = match (value.filter(|value| !value.is_empty()), exception) {
            (value, true) => {
                if kind == Kind::Replace {
                    value.map(Substitution::parse).transpose()?;
                }
                Work::None
            }
            (value, false) => Self::work(kind, value, trusted)?,
        };
        let value = value.filter(|value| !value.is_empty()).map(Into::into);
        Ok(Self { kind, value, work })
    }

    fn work(kind: Kind, value: Option<&str>, trusted: bool) -> Result<Work, String> {
        let needed = || value.ok_or_else(|| "its option needs a value".to_owned());
        if !trusted && matches!(kind, Kind::Replace | Kind::UriTransform | Kind::UrlSkip) {
            return Err("only lists that are trusted may do this".into());
        }
        Ok(match kind {
            Kind::Redirect | Kind::RedirectRule => stub(needed()?),
            Kind::RemoveParam => Work::RemoveParam(Parameter::parse(value.unwrap_or_default())?),
            Kind::UrlSkip => Work::UrlSkip(Box::new(Skip::parse(needed()?)?)),
            Kind::UriTransform => Work::UriTransform(Box::new(Transform::parse(needed()?)?)),
            Kind::Csp => Work::Policy(policy(needed()?)?),
            Kind::InlineScript => Work::Policy(NO_INLINE_SCRIPT.into()),
            Kind::InlineFont => Work::Policy(NO_INLINE_FONT.into()),
            Kind::Permissions => Work::Policy(policy(&needed()?.replace('|', ", "))?),
            Kind::RemoveHeader => field(needed()?, trusted)?,
            Kind::Cookie => Work::Cookie(Box::new(CookieRule::parse(value.unwrap_or_default())?)),
            Kind::Replace => Work::Replace(Arc::new(Substitution::parse(needed()?)?)),
            Kind::JsonPrune => Work::JsonPrune(Arc::new(JsonPath::parse(needed()?)?)),
            Kind::Cname => return Err("`cname` says something in exceptions only".into()),
            Kind::GenericHide | Kind::SpecificHide | Kind::ElementHide => Work::None,
        })
    }
}

impl Modifier {
    /// How much memory the expressions of `replace` take, in bytes.
    pub(super) fn memory(&self) -> usize {
        match &self.work {
            Work::Replace(substitution) => substitution.memory(),
            _ => 0,
        }
    }
}

/// `noopjs`, or `noopjs:10` with a priority.
fn stub(value: &str) -> Work {
    let (name, priority) = match value.rsplit_once(':').map(|(name, priority)| (name, priority.parse())) {
        Some((name, Ok(priority))) => (name, priority),
        _ => (value, 0),
    };
    Work::Stub { name: name.into(), priority }
}

/// Directives that fit into a field. Reports would tell others about the visit.
fn policy(value: &str) -> Result<Box<str>, String> {
    if http::HeaderValue::from_str(value).is_err() {
        return Err("its directives cannot stand in a field".into());
    }
    if value.to_ascii_lowercase().contains("report-") {
        return Err("its directives send reports".into());
    }
    Ok(value.into())
}

fn field(value: &str, trusted: bool) -> Result<Work, String> {
    let (of_request, name) = value.strip_prefix("request:").map_or((false, value), |name| (true, name));
    let name: HeaderName = name.trim().parse().map_err(|_| format!("`{name}` is no name of a field"))?;
    if PROTECTING.iter().any(|begin| name.as_str().starts_with(begin)) {
        return Err(format!("`{name}` protects the page or the person"));
    }
    if !trusted && !REMOVABLE.contains(&name) && name != "report-to" {
        return Err("only lists that are trusted may do this".into());
    }
    Ok(Work::RemoveField { name, of_request })
}

/// The work of a rule `##^responseheader(name)`.
pub(super) fn response_field(name: &str) -> Result<Modifier, String> {
    let work = field(name, false)?;
    Ok(Modifier { kind: Kind::RemoveHeader, value: Some(name.trim().to_ascii_lowercase().into()), work })
}
