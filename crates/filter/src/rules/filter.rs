//! The user's rules at work on one exchange.

use std::hash::Hasher;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::Authority;

use super::charset::{self, Charset};
use super::context::Context;
use super::replace::{Ready, Substitution};
use super::{ID, Rules};
use crate::nothing::{empty_answer, escaped, explaining_page};
use crate::{
    BodyTransform, Card, Chain, Changes, Filter, Flow, Output, Part, Prefix, Profile, Pull, RequestHead, ResponseHead,
    Service, TransformError, Verdict,
};

const TITLE: &str = "My rules";

/// How many `$replace` rules work on one body, the first ones of the file.
pub(super) const REPLACEMENTS_PER_BODY: usize = 16;

impl Profile for Rules {
    fn card(&self) -> Card {
        Card {
            id: ID,
            title: TITLE,
            summary: "What the rules in your file say",
            tag: "rules",
            service: Service::AnonymityFiltering,
            on_by_default: true,
        }
    }

    fn identify(&self, into: &mut dyn Hasher) {
        into.write_u64(self.fingerprint());
    }

    fn filter(self: Arc<Self>) -> Box<dyn Filter> {
        Box::new(Judge { rules: self, replace: Vec::new() })
    }
}

struct Judge {
    rules: Arc<Rules>,
    /// The `$replace` rules for this exchange's answer, each with its text.
    replace: Vec<(String, Arc<Substitution>)>,
}

impl Filter for Judge {
    fn tunnel(&mut self, authority: &Authority, changes: &mut Changes) -> Verdict {
        let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
        let Some(rule) = self.rules.judge_tunnel(&host) else { return Verdict::Forward };
        let what = "Tunnel refused";
        changes.add(Part::Answer, rule.text.to_string(), what, Some(authority.to_string()), Some("403".into()));
        Verdict::Answer(explaining_page(TITLE, &why(&rule.text)))
    }

    fn request(&mut self, request: &mut RequestHead, changes: &mut Changes) -> Verdict {
        let judgement = self.rules.judge(&Context::new(request));
        self.replace = judgement.replace;
        let Some(rule) = judgement.block else { return Verdict::Forward };
        let answer = empty_answer(request.destination(), TITLE, &why(&rule));
        let (before, after) = (request.target.to_string(), answer.status.as_str().to_owned());
        changes.add(Part::Answer, rule, "Request answered here", Some(before), Some(after));
        Verdict::Answer(answer)
    }

    fn wants_body(&self, _: &RequestHead, response: &ResponseHead) -> Option<usize> {
        let text = response.media_type().is_some_and(|media_type| is_text(&media_type));
        (text && !self.replace.is_empty()).then_some(charset::LOOK)
    }

    fn body(&mut self, _: &RequestHead, response: &ResponseHead, prefix: &Prefix) -> Option<Box<dyn BodyTransform>> {
        let charset = charset::of(response, prefix);
        let make = || Replacements::new(&self.replace, charset);
        // A short body that no rule changes keeps its validators.
        if prefix.complete && !make()?.changes(&prefix.bytes) {
            return None;
        }
        Some(Box::new(make()?))
    }
}

/// A sentence of HTML for who meets what a rule stopped.
fn why(rule: &str) -> String {
    format!("Your rule <code>{}</code> stops it.", escaped(rule))
}

/// Media types that are text whatever else they are (RFC 6839 for the suffixes).
fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || matches!(
            media_type,
            "application/json" | "application/xml" | "application/javascript" | "application/x-javascript"
        )
}

/// Several substitutions, one behind the other.
struct Replacements {
    chain: Chain,
    /// The first rule too many, until that is recorded.
    left_out: Option<String>,
}

impl Replacements {
    /// Those of the rules that can work on this charset; none where there is none.
    fn new(rules: &[(String, Arc<Substitution>)], charset: Charset) -> Option<Self> {
        let mut chain = Chain::default();
        let left_out = rules.get(REPLACEMENTS_PER_BODY).map(|(rule, _)| rule.clone());
        for (rule, substitution) in rules.iter().take(REPLACEMENTS_PER_BODY) {
            let ready = match charset {
                Charset::Utf8 => Some(Ready::utf8(Arc::clone(substitution))),
                Charset::SingleByte => Ready::bytes(Arc::clone(substitution)),
                Charset::Opaque => None,
            };
            if let Some(ready) = ready {
                chain.push(ID, ready.transform(rule.clone()));
            }
        }
        (!chain.is_empty()).then_some(Self { chain, left_out })
    }

    /// Whether a body that is this changes at all.
    fn changes(mut self, whole: &Bytes) -> bool {
        self.chain.run([whole.clone()]).is_err() || !self.chain.take_changes().is_empty()
    }

    /// Writes what the chain has ready.
    fn pass_on(&mut self, out: &mut Output) -> Result<(), TransformError> {
        loop {
            match self.chain.pull()? {
                Pull::Piece(piece) => out.write(piece),
                Pull::Again => {}
                Pull::Hungry | Pull::Over => break,
            }
        }
        out.adopt(self.chain.take_changes());
        Ok(())
    }
}

impl BodyTransform for Replacements {
    fn write(&mut self, chunk: Bytes, out: &mut Output) -> Result<Flow, TransformError> {
        self.chain.feed(chunk);
        self.pass_on(out)?;
        Ok(Flow::More)
    }

    fn end(&mut self, out: &mut Output) -> Result<(), TransformError> {
        self.chain.finish();
        self.pass_on(out)?;
        if let Some(rule) = self.left_out.take() {
            out.record(rule, format!("Rule left out: {REPLACEMENTS_PER_BODY} work on one text already"), None, None);
        }
        Ok(())
    }
}
