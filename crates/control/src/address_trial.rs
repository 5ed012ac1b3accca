//! A request that nobody makes: what would become of it now, and why.

use std::sync::Arc;

use http::header::{HeaderMap, HeaderValue, REFERER};
use http::uri::Authority;
use http::{Method, Uri};
use serde::{Deserialize, Serialize};
use tamis_filter::rules::{Context, Engine, Hit, Judgement, Ruling};
use tamis_filter::{Changes, Destination, Fields, Part, Pipeline, RequestHead};
use ts_rs::TS;

/// The longest address that is tried, in bytes.
const ADDRESS_LIMIT: usize = 8 << 10;

/// What would become of a request that nobody makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AddressTrial {
    /// As in [`Command::TryAddress`](crate::Command::TryAddress).
    pub ticket: u32,
    /// What would become of it, and why where that is not for the rules to say; as a sentence.
    pub verdict: String,
    /// What would have to be done for the rules to be asked, and what they would say then; and who is meant, where not all
    /// programs are. As sentences; none where there is nothing to say.
    pub remedy: Option<String>,
    /// The rule that says so.
    pub rule: Option<String>,
    /// What the list is called in which it stands, or the profile whose it is.
    pub list: Option<String>,
    /// Where it would go instead.
    pub goes_to: Option<String>,
}

/// What somebody wants to know.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) ticket: u32,
    pub(crate) address: String,
    pub(crate) source: String,
    pub(crate) kind: String,
}

/// The request, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// As the rules see it.
    pub(crate) context: Context,
    /// As other profiles do; none where nobody could send it.
    head: Option<RequestHead>,
    /// Its own host.
    pub(crate) host: String,
    /// The host by whose choice it goes: that of the page that asks, and its own where none is known.
    pub(crate) page: String,
    /// How it comes here.
    pub(crate) comes: Comes,
}

/// How a request comes here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comes {
    /// As it is.
    Plainly,
    /// In TLS.
    Sealed,
    /// A WebSocket without TLS: browsers ask for a tunnel for it (RFC 6455 4.1).
    Tunnelled,
}

impl Question {
    /// The request; none where it is no whole address.
    pub(crate) fn asked(&self) -> Option<Asked> {
        let fits = self.address.len() <= ADDRESS_LIMIT && self.source.len() <= ADDRESS_LIMIT;
        let destination = destination(&self.kind).filter(|_| fits)?;
        // A page is its own, wherever the link to it was.
        let source = Some(self.source.trim()).filter(|source| !source.is_empty() && destination != Destination::Page);
        let context = |source, destination| Context::named(&self.address, source, destination, Method::GET);
        let host = context(None, Destination::Page)?.source()?.to_owned();
        let context = context(source, destination)?;
        let page = context.top().unwrap_or(&host).to_owned();
        let address = self.address.trim();
        let (scheme, rest) = address.split_once("://")?;
        let (comes, scheme) = match scheme.to_ascii_lowercase().as_str() {
            "https" | "wss" => (Comes::Sealed, "https"),
            "ws" => (Comes::Tunnelled, "http"),
            _ => (Comes::Plainly, "http"),
        };
        let head = head(&format!("{scheme}://{rest}"), context.source(), destination);
        Some(Asked { context, head, host, page, comes })
    }
}

/// What a name in [`ADDRESS_KINDS`](crate::ADDRESS_KINDS) stands for.
pub(crate) fn destination(kind: &str) -> Option<Destination> {
    Some(match kind {
        "document" => Destination::Page,
        "subdocument" => Destination::Frame,
        "script" => Destination::Script,
        "image" => Destination::Image,
        "stylesheet" => Destination::Style,
        "font" => Destination::Font,
        "media" => Destination::Media,
        "xmlhttprequest" => Destination::Fetch,
        "websocket" => Destination::WebSocket,
        "ping" => Destination::Ping,
        "object" => Destination::Object,
        "other" => Destination::Other,
        _ => return None,
    })
}

fn head(address: &str, source: Option<&str>, destination: Destination) -> Option<RequestHead> {
    let target: Uri = address.split('#').next()?.parse().ok()?;
    let mut fields = HeaderMap::new();
    let named = if destination == Destination::Page { "document" } else { "empty" };
    fields.insert("sec-fetch-dest", HeaderValue::from_static(named));
    if let Some(page) = source.and_then(|source| HeaderValue::try_from(format!("https://{source}/")).ok()) {
        fields.insert(REFERER, page);
    }
    target.host()?;
    Some(RequestHead { method: Method::GET, target, fields: Fields::from_wire(fields) })
}

/// Profiles that may decide about it.
pub(crate) struct Deciding {
    /// The user's own rules, where they are among them.
    pub(crate) own: Option<Arc<Engine>>,
    /// The lists, likewise.
    pub(crate) lists: Option<Arc<Engine>>,
    /// All others.
    pub(crate) others: Pipeline,
}

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It passes, perhaps by an exception.
    Passes(Option<Hit>),
    /// It is answered here: by a stub, where one is named.
    Stopped(Hit, Option<String>),
    /// A page of ours is shown, from which a person can go on.
    PageStopped(Hit),
    /// It goes to another address.
    GoesTo(String, Option<Hit>),
}

impl Outcome {
    /// Whether anything is done.
    pub(crate) fn is_something(&self) -> bool {
        !matches!(self, Self::Passes(_))
    }

    fn stops(&self) -> bool {
        matches!(self, Self::Stopped(..) | Self::PageStopped(_))
    }

    fn of(judgement: Judgement) -> Self {
        let Judgement { ruling, stub, rewrite, .. } = judgement;
        match (Self::of_ruling(ruling), stub, rewrite) {
            (Self::Stopped(..), Some((name, hit)), _) => Self::Stopped(hit, Some(name)),
            (Self::Passes(_), _, Some((address, hits))) => Self::GoesTo(address, hits.into_iter().next()),
            (as_ruled, ..) => as_ruled,
        }
    }

    fn of_ruling(ruling: Ruling) -> Self {
        match ruling {
            Ruling::Block(hit) => Self::Stopped(hit, None),
            Ruling::StrictBlock(hit) => Self::PageStopped(hit),
            Ruling::Exception(hit) => Self::Passes(Some(hit)),
            Ruling::Allow => Self::Passes(None),
        }
    }

    /// What the changes of other profiles come to; rules are theirs, and the profile stands for a list.
    fn of_changes(changes: Changes) -> Self {
        for change in changes.into_list() {
            let hit = Hit { rule: change.rule.into_owned(), list: change.profile.to_owned() };
            match (change.part, change.after) {
                (Part::Answer, _) => return Self::Stopped(hit, None),
                (Part::Target, Some(address)) => return Self::GoesTo(address, Some(hit)),
                _ => {}
            }
        }
        Self::Passes(None)
    }

    /// The first word, unless that says nothing. A part of a page that goes elsewhere may be stopped there.
    fn or(self, page: bool, then: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Passes(None) => then(),
            Self::Passes(exception) => Some(then()).filter(Self::is_something).unwrap_or(Self::Passes(exception)),
            Self::GoesTo(..) if !page => Some(then()).filter(Self::stops).unwrap_or(self),
            decided => decided,
        }
    }
}

impl Deciding {
    /// What they make of a request that is seen.
    pub(crate) fn request(&self, asked: &Asked) -> Outcome {
        let own = || self.own.as_ref().map_or_else(Judgement::default, |own| own.judge(&asked.context));
        let lists = || match (&self.lists, &self.own) {
            (Some(lists), Some(own)) => lists.judge_after(own, &asked.context),
            (Some(lists), None) => lists.judge(&asked.context),
            (None, _) => Judgement::default(),
        };
        let others = || {
            let Some(mut head) = asked.head.clone() else { return Outcome::Passes(None) };
            let mut run = self.others.run();
            let _told_by_its_changes = run.request(&mut head);
            Outcome::of_changes(run.into_changes())
        };
        let page = asked.context.destination() == Destination::Page;
        Outcome::of(own()).or(page, || Outcome::of(lists())).or(page, others)
    }

    /// What they make of a tunnel, of which only the host is seen.
    pub(crate) fn tunnel(&self, host: &str) -> Outcome {
        let judged = |engine: &Option<Arc<Engine>>, own| {
            engine.as_ref().map_or(Ruling::Allow, |engine| engine.judge_tunnel(own, host))
        };
        let (own, lists) = (|| judged(&self.own, None), || judged(&self.lists, self.own.as_deref()));
        let others = || {
            let Ok(authority) = Authority::try_from(format!("{host}:443")) else { return Outcome::Passes(None) };
            let mut run = self.others.run();
            let _told_by_its_changes = run.tunnel(&authority);
            Outcome::of_changes(run.into_changes())
        };
        Outcome::of_ruling(own()).or(false, || Outcome::of_ruling(lists())).or(false, others)
    }
}

/// Why a request is not judged by all that its address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// Tamis does not listen.
    NotListening,
    /// Filtering rests.
    Paused,
    /// Filtering is off.
    Off,
    /// Its host is reached without Tamis; `own`: by a line of this site alone.
    LeftAlone { site: String, own: bool },
    /// Its TLS is not opened.
    Sealed(Sealed),
    /// Pages of this site are not filtered.
    SiteOff(String),
    /// This profile would do something, and is not ticked: nowhere, or not for this site.
    NotTicked { profile: &'static str, site: Option<String> },
}

/// Why TLS is not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sealed {
    /// Nothing is, by choice.
    Nothing,
    /// Nothing can be: there is no certificate for it.
    NoCertificate,
    /// This site was not chosen.
    NotChosen(String),
    /// It is never opened; `own`: by a line of this site alone.
    Never { site: String, own: bool },
    /// It is never opened, unless a person says so.
    BuiltIn,
    /// It is no TLS, but goes through a tunnel all the same.
    WebSocket,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trial {
    /// What becomes of it now.
    pub(crate) now: Outcome,
    /// What keeps it from being judged by all that is known of it, what counts first at the beginning.
    pub(crate) whys: Vec<Why>,
    /// What would become of it without that.
    pub(crate) otherwise: Outcome,
    /// Whether only programs that were set up by hand come here for its host.
    pub(crate) by_hand: bool,
}
