//! What rules may put into pages (`##+js(set-constant, a.b, true)`), and how they are called there.
//!
//! A scriptlet is one function in a file of its own under `scriptlets/`; what several share is under `scriptlets/lib/`. The parts
//! that a page's scriptlets need stand before them, each once, and each is called with its arguments as strings.

/// Who may use a scriptlet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Permission {
    Anybody,
    /// Lists that are trusted: it could hurt in strange hands. These are called `trusted-…`.
    Trusted,
}

use Permission::{Anybody, Trusted};

/// A scriptlet, or a part that scriptlets share.
pub(super) struct Script {
    pub(super) name: &'static str,
    /// Other names that lists use.
    pub(super) aliases: &'static [&'static str],
    /// The parts that it calls itself.
    pub(super) needs: &'static [&'static str],
    permission: Permission,
    pub(super) source: &'static str,
}

/// A scriptlet: who may use it, its file under `scriptlets/`, other names, and the parts that it needs.
macro_rules! scriptlet {
    ($permission:expr, $name:literal, [$($alias:literal),*], [$($need:literal),*]) => {
        Script {
            name: $name,
            aliases: &[$($alias),*],
            needs: &[$($need),*],
            permission: $permission,
            source: include_str!(concat!("scriptlets/", $name, ".js")),
        }
    };
}

/// A part that scriptlets share: its file under `scriptlets/lib/`, and the parts that it needs itself.
macro_rules! part {
    ($name:literal, [$($need:literal),*]) => {
        Script {
            name: $name,
            aliases: &[],
            needs: &[$($need),*],
            permission: Anybody,
            source: include_str!(concat!("scriptlets/lib/", $name, ".js")),
        }
    };
}

/// Every part.
pub(super) const PARTS: &[Script] = &[
    part!("abort", []),
    part!("attributes", ["elements"]),
    part!("calls", ["abort", "chain"]),
    part!("chain", []),
    part!("constant", []),
    part!("content", []),
    part!("cookies", []),
    part!("elements", ["when"]),
    part!("extras", []),
    part!("jsoneditors", ["calls", "chain", "extras", "jsonpath", "request", "responses"]),
    part!("jsonpath", ["chain", "pattern"]),
    part!("nodes", ["pattern", "when"]),
    part!("pattern", []),
    part!("pin", ["chain", "extras", "when"]),
    part!("prevent", ["calls", "content", "extras", "request", "when"]),
    part!("prune", ["chain", "stack"]),
    part!("replace", ["pattern"]),
    part!("request", ["calls", "chain", "pattern"]),
    part!("responses", ["calls", "chain", "request"]),
    part!("stack", ["pattern"]),
    part!("storage", ["pattern"]),
    part!("timers", ["calls", "pattern"]),
    part!("when", []),
];

/// Every scriptlet.
pub(super) const SCRIPTLETS: &[Script] = &[
    scriptlet!(
        Anybody,
        "abort-current-script",
        ["acs", "abort-current-inline-script", "acis"],
        ["abort", "chain", "pattern"]
    ),
    scriptlet!(Anybody, "abort-on-property-read", ["aopr"], ["abort", "chain"]),
    scriptlet!(Anybody, "abort-on-property-write", ["aopw"], ["abort", "chain"]),
    scriptlet!(Anybody, "abort-on-stack-trace", ["aost"], ["abort", "chain", "stack"]),
    scriptlet!(Anybody, "adjust-setInterval", ["nano-sib", "nano-setInterval-booster"], ["timers"]),
    scriptlet!(Anybody, "adjust-setTimeout", ["nano-stb", "nano-setTimeout-booster"], ["timers"]),
    scriptlet!(Anybody, "alert-buster", [], ["calls"]),
    scriptlet!(Anybody, "call-nothrow", [], ["calls"]),
    scriptlet!(Anybody, "close-window", ["window-close-if"], ["pattern"]),
    scriptlet!(Anybody, "disable-newtab-links", [], []),
    scriptlet!(Anybody, "evaldata-prune", [], ["calls", "prune"]),
    scriptlet!(Anybody, "fingerprint2", ["fingerprintjs2"], ["pin", "when"]),
    scriptlet!(Anybody, "href-sanitizer", [], ["elements", "pattern"]),
    scriptlet!(Anybody, "json-edit", [], ["jsoneditors"]),
    scriptlet!(Anybody, "json-edit-fetch-request", [], ["jsoneditors"]),
    scriptlet!(Anybody, "json-edit-fetch-response", [], ["jsoneditors", "responses"]),
    scriptlet!(Anybody, "json-edit-xhr-request", [], ["jsoneditors"]),
    scriptlet!(Anybody, "json-edit-xhr-response", [], ["jsoneditors", "responses"]),
    scriptlet!(Anybody, "json-prune", [], ["calls", "prune"]),
    scriptlet!(Anybody, "json-prune-fetch-response", [], ["extras", "prune", "request", "responses"]),
    scriptlet!(Anybody, "json-prune-xhr-response", [], ["extras", "prune", "request", "responses"]),
    scriptlet!(Anybody, "jsonl-edit-fetch-response", [], ["jsoneditors", "responses"]),
    scriptlet!(Anybody, "jsonl-edit-xhr-response", [], ["jsoneditors", "responses"]),
    scriptlet!(Anybody, "m3u-prune", [], ["pattern", "request", "responses"]),
    scriptlet!(Anybody, "nobab", ["prevent-bab", "bab-defuser"], ["calls"]),
    scriptlet!(Anybody, "noeval", ["silent-noeval", "noeval-silent"], ["calls"]),
    scriptlet!(Anybody, "nofab", ["prevent-fab-3.2.0"], ["pin", "when"]),
    scriptlet!(Anybody, "nowebrtc", [], ["calls"]),
    scriptlet!(Anybody, "popads", ["popads.net", "prevent-popads-net"], ["abort", "chain"]),
    scriptlet!(Anybody, "popads-dummy", ["set-popads-dummy"], ["pin"]),
    scriptlet!(
        Anybody,
        "prevent-addEventListener",
        ["aeld", "addEventListener-defuser"],
        ["calls", "extras", "pattern", "when"]
    ),
    scriptlet!(Anybody, "prevent-canvas", [], ["calls", "pattern"]),
    scriptlet!(Anybody, "prevent-eval-if", ["noeval-if"], ["calls", "pattern"]),
    scriptlet!(Anybody, "prevent-fetch", ["no-fetch-if"], ["prevent"]),
    scriptlet!(Anybody, "prevent-innerHTML", [], ["pattern"]),
    scriptlet!(Anybody, "prevent-refresh", ["refresh-defuser"], ["when"]),
    scriptlet!(
        Anybody,
        "prevent-requestAnimationFrame",
        ["norafif", "no-requestAnimationFrame-if"],
        ["calls", "pattern"]
    ),
    scriptlet!(Anybody, "prevent-setInterval", ["nosiif", "no-setInterval-if", "setInterval-defuser"], ["timers"]),
    scriptlet!(Anybody, "prevent-setTimeout", ["nostif", "no-setTimeout-if", "setTimeout-defuser"], ["timers"]),
    scriptlet!(
        Anybody,
        "prevent-window-open",
        ["nowoif", "window.open-defuser", "no-window-open-if"],
        ["calls", "pattern", "when"]
    ),
    scriptlet!(Anybody, "prevent-xhr", ["no-xhr-if"], ["prevent"]),
    scriptlet!(Anybody, "remove-attr", ["ra"], ["elements"]),
    scriptlet!(Anybody, "remove-cache-storage-item", [], ["pattern"]),
    scriptlet!(Anybody, "remove-class", ["rc"], ["elements"]),
    scriptlet!(Anybody, "remove-cookie", ["cookie-remover"], ["cookies", "extras", "pattern", "when"]),
    scriptlet!(Anybody, "remove-node-text", ["rmnt"], ["extras", "nodes", "pattern"]),
    scriptlet!(Anybody, "set-attr", [], ["attributes"]),
    scriptlet!(Anybody, "set-constant", ["set"], ["constant", "pin"]),
    scriptlet!(Anybody, "set-cookie", [], ["cookies", "extras"]),
    scriptlet!(Anybody, "set-local-storage-item", [], ["storage"]),
    scriptlet!(Anybody, "set-session-storage-item", [], ["storage"]),
    scriptlet!(Anybody, "spoof-css", [], ["calls"]),
    scriptlet!(Trusted, "trusted-click-element", [], ["jsonpath", "pattern", "when"]),
    scriptlet!(Trusted, "trusted-create-html", [], ["when"]),
    scriptlet!(Trusted, "trusted-edit-inbound-object", [], ["calls", "chain", "jsonpath"]),
    scriptlet!(Trusted, "trusted-json-edit", [], ["jsoneditors"]),
    scriptlet!(Trusted, "trusted-json-edit-fetch-request", [], ["jsoneditors"]),
    scriptlet!(Trusted, "trusted-json-edit-fetch-response", [], ["jsoneditors", "responses"]),
    scriptlet!(Trusted, "trusted-json-edit-xhr-request", [], ["jsoneditors"]),
    scriptlet!(Trusted, "trusted-json-edit-xhr-response", [], ["jsoneditors", "responses"]),
    scriptlet!(Trusted, "trusted-override-element-method", [], ["abort", "calls", "constant"]),
    scriptlet!(Trusted, "trusted-prevent-dom-bypass", [], ["calls"]),
    scriptlet!(Trusted, "trusted-prevent-fetch", [], ["prevent"]),
    scriptlet!(Trusted, "trusted-prevent-xhr", [], ["prevent"]),
    scriptlet!(Trusted, "trusted-replace-argument", [], ["calls", "chain", "constant", "extras", "pattern"]),
    scriptlet!(Trusted, "trusted-replace-fetch-response", [], ["extras", "replace", "request", "responses"]),
    scriptlet!(
        Trusted,
        "trusted-replace-node-text",
        ["trusted-rpnt", "rpnt", "replace-node-text"],
        ["extras", "nodes", "pattern"]
    ),
    scriptlet!(Trusted, "trusted-replace-outbound-text", [], ["calls", "extras", "replace"]),
    scriptlet!(Trusted, "trusted-replace-xhr-response", [], ["extras", "replace", "request", "responses"]),
    scriptlet!(Trusted, "trusted-set-attr", [], ["attributes"]),
    scriptlet!(Trusted, "trusted-set-constant", ["trusted-set"], ["constant", "pin"]),
    scriptlet!(Trusted, "trusted-set-cookie", [], ["constant", "cookies", "extras"]),
    scriptlet!(Trusted, "trusted-set-cookie-reload", [], ["constant", "cookies"]),
    scriptlet!(Trusted, "trusted-set-local-storage-item", [], ["constant", "storage"]),
    scriptlet!(Trusted, "trusted-set-session-storage-item", [], ["constant", "storage"]),
    scriptlet!(Trusted, "trusted-suppress-native-method", [], ["abort", "calls", "chain", "pattern", "stack"]),
    scriptlet!(Anybody, "webrtc-if", [], ["calls", "pattern"]),
    scriptlet!(Anybody, "xml-prune", [], ["request", "responses", "when"]),
];

/// One call of a scriptlet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The place of the scriptlet among all.
    script: usize,
    /// `f("a", "b")`
    written: Box<str>,
}

/// Reads `name, argument, …`; none where nothing stands there.
///
/// # Errors
/// Why it is refused, for a person.
pub fn call(written: &str, trusted: bool) -> Result<Option<Call>, String> {
    if written.trim().is_empty() {
        return Ok(None);
    }
    let mut arguments = arguments(written).into_iter();
    let name = arguments.next().unwrap_or_default();
    let name = name.strip_suffix(".js").unwrap_or(&name);
    let by_name = |script: &Script| script.name == name || script.aliases.contains(&name);
    let known = SCRIPTLETS.iter().position(by_name);
    let script = known.ok_or_else(|| format!("no scriptlet here is called `{name}`"))?;
    let Some(Script { permission, source, .. }) = SCRIPTLETS.get(script) else { return Ok(None) };
    if *permission == Trusted && !trusted {
        return Err("only lists that are trusted may do this".into());
    }
    let texts: Vec<String> = arguments.map(|argument| serde_json::Value::from(argument).to_string()).collect();
    let written = format!("{}({})", function(source), texts.join(", ")).into();
    Ok(Some(Call { script, written }))
}

/// The name of the function that a scriptlet is.
fn function(source: &str) -> &str {
    let rest = source.lines().find_map(|line| line.strip_prefix("function "));
    rest.and_then(|rest| rest.split('(').next()).unwrap_or_default()
}

/// Arguments with commas between them; one may stand in quotes. A backslash before what would end it takes that as a part of it. A
/// quote that is not closed before a comma is a part of its argument.
fn arguments(written: &str) -> Vec<String> {
    let mut rest = written.trim_start();
    let mut arguments = Vec::new();
    loop {
        let (argument, behind) = quoted(rest).unwrap_or_else(|| {
            let (argument, end) = until(rest, ',');
            (argument.trim_end().to_owned(), rest.get(end..).unwrap_or_default())
        });
        arguments.push(argument);
        // An empty text too is an argument, at the end as well.
        match behind.strip_prefix(',') {
            Some(behind) => rest = behind.trim_start(),
            None => return arguments,
        }
    }
}

/// An argument in quotes and what follows it, from its comma on.
fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))?;
    let inner = text.get(quote.len_utf8()..)?;
    let (argument, end) = until(inner, quote);
    let behind = inner.get(end..)?.strip_prefix(quote)?.trim_start();
    (behind.is_empty() || behind.starts_with(',')).then_some((argument, behind))
}

/// The text before the first `ends` without a backslash that makes it a part of the text, and where that stands.
fn until(text: &str, ends: char) -> (String, usize) {
    let (mut out, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        if c == ends && !escaped {
            return (out, at);
        }
        if c == ends {
            out.pop();
        }
        out.push(c);
        escaped = c == '\\' && !escaped;
    }
    (out, text.len())
}

/// These calls one after the other, with what they need, in a scope of their own: the page sees none of its names. One that fails
/// keeps no other from being made.
pub fn enclosed<'a>(calls: impl IntoIterator<Item = &'a Call>) -> String {
    let (mut needed, mut script) = (Vec::new(), String::new());
    for call in calls {
        let Some(scriptlet) = SCRIPTLETS.get(call.script) else { continue };
        need(scriptlet, &mut needed);
        script += &format!("try {{\n{}\n}} catch ( e ) {{ }}\n", call.written);
    }
    if needed.is_empty() {
        return script;
    }
    let parts: String = needed.into_iter().map(|script| without_comments(script.source)).collect();
    format!("(() => {{\n'use strict';\n{parts}{script}}})();\n")
}

/// Takes in a script behind all that it needs, each once.
fn need(script: &'static Script, needed: &mut Vec<&'static Script>) {
    if needed.iter().any(|known| known.name == script.name) {
        return;
    }
    for part in PARTS.iter().filter(|part| script.needs.contains(&part.name)) {
        need(part, needed);
    }
    needed.push(script);
}

/// Pages need not carry our comments.
fn without_comments(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.fold(String::with_capacity(source.len()), |code, line| code + line.trim_start() + "\n")
}
