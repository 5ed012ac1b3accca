//! What rules may put into pages (`##+js(set-constant, a.b, true)`), for the engine's own store of resources.
//!
//! A scriptlet is one function in a file of its own under `scriptlets/`; what several share is under `scriptlets/lib/`. The engine
//! puts the parts that a page's scriptlets need before them, each once, and calls each with its arguments as strings.

use adblock::resources::{MimeType, PermissionMask, Resource, ResourceType};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// What a list must be allowed for the scriptlets that could hurt in strange hands, which are called `trusted-…`.
pub const TRUSTED: PermissionMask = PermissionMask::from_bits(1);

const ANYBODY: PermissionMask = PermissionMask::from_bits(0);

/// A scriptlet, or a part that scriptlets share.
pub(super) struct Script {
    pub(super) name: &'static str,
    /// Other names that lists use.
    pub(super) aliases: &'static [&'static str],
    /// The parts that it calls itself.
    pub(super) needs: &'static [&'static str],
    permission: PermissionMask,
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
            permission: ANYBODY,
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
        ANYBODY,
        "abort-current-script",
        ["acs", "abort-current-inline-script", "acis"],
        ["abort", "chain", "pattern"]
    ),
    scriptlet!(ANYBODY, "abort-on-property-read", ["aopr"], ["abort", "chain"]),
    scriptlet!(ANYBODY, "abort-on-property-write", ["aopw"], ["abort", "chain"]),
    scriptlet!(ANYBODY, "abort-on-stack-trace", ["aost"], ["abort", "chain", "stack"]),
    scriptlet!(ANYBODY, "adjust-setInterval", ["nano-sib", "nano-setInterval-booster"], ["timers"]),
    scriptlet!(ANYBODY, "adjust-setTimeout", ["nano-stb", "nano-setTimeout-booster"], ["timers"]),
    scriptlet!(ANYBODY, "alert-buster", [], ["calls"]),
    scriptlet!(ANYBODY, "call-nothrow", [], ["calls"]),
    scriptlet!(ANYBODY, "close-window", ["window-close-if"], ["pattern"]),
    scriptlet!(ANYBODY, "disable-newtab-links", [], []),
    scriptlet!(ANYBODY, "evaldata-prune", [], ["calls", "prune"]),
    scriptlet!(ANYBODY, "fingerprint2", ["fingerprintjs2"], ["pin", "when"]),
    scriptlet!(ANYBODY, "href-sanitizer", [], ["elements", "pattern"]),
    scriptlet!(ANYBODY, "json-edit", [], ["jsoneditors"]),
    scriptlet!(ANYBODY, "json-edit-fetch-request", [], ["jsoneditors"]),
    scriptlet!(ANYBODY, "json-edit-fetch-response", [], ["jsoneditors", "responses"]),
    scriptlet!(ANYBODY, "json-edit-xhr-request", [], ["jsoneditors"]),
    scriptlet!(ANYBODY, "json-edit-xhr-response", [], ["jsoneditors", "responses"]),
    scriptlet!(ANYBODY, "json-prune", [], ["calls", "prune"]),
    scriptlet!(ANYBODY, "json-prune-fetch-response", [], ["extras", "prune", "request", "responses"]),
    scriptlet!(ANYBODY, "json-prune-xhr-response", [], ["extras", "prune", "request", "responses"]),
    scriptlet!(ANYBODY, "jsonl-edit-fetch-response", [], ["jsoneditors", "responses"]),
    scriptlet!(ANYBODY, "jsonl-edit-xhr-response", [], ["jsoneditors", "responses"]),
    scriptlet!(ANYBODY, "m3u-prune", [], ["pattern", "request", "responses"]),
    scriptlet!(ANYBODY, "nobab", ["prevent-bab", "bab-defuser"], ["calls"]),
    scriptlet!(ANYBODY, "noeval", ["silent-noeval", "noeval-silent"], ["calls"]),
    scriptlet!(ANYBODY, "nofab", ["prevent-fab-3.2.0"], ["pin", "when"]),
    scriptlet!(ANYBODY, "nowebrtc", [], ["calls"]),
    scriptlet!(ANYBODY, "popads", ["popads.net", "prevent-popads-net"], ["abort", "chain"]),
    scriptlet!(ANYBODY, "popads-dummy", ["set-popads-dummy"], ["pin"]),
    scriptlet!(
        ANYBODY,
        "prevent-addEventListener",
        ["aeld", "addEventListener-defuser"],
        ["calls", "extras", "pattern", "when"]
    ),
    scriptlet!(ANYBODY, "prevent-canvas", [], ["calls", "pattern"]),
    scriptlet!(ANYBODY, "prevent-eval-if", ["noeval-if"], ["calls", "pattern"]),
    scriptlet!(ANYBODY, "prevent-fetch", ["no-fetch-if"], ["prevent"]),
    scriptlet!(ANYBODY, "prevent-innerHTML", [], ["pattern"]),
    scriptlet!(ANYBODY, "prevent-refresh", ["refresh-defuser"], ["when"]),
    scriptlet!(
        ANYBODY,
        "prevent-requestAnimationFrame",
        ["norafif", "no-requestAnimationFrame-if"],
        ["calls", "pattern"]
    ),
    scriptlet!(ANYBODY, "prevent-setInterval", ["nosiif", "no-setInterval-if", "setInterval-defuser"], ["timers"]),
    scriptlet!(ANYBODY, "prevent-setTimeout", ["nostif", "no-setTimeout-if", "setTimeout-defuser"], ["timers"]),
    scriptlet!(
        ANYBODY,
        "prevent-window-open",
        ["nowoif", "window.open-defuser", "no-window-open-if"],
        ["calls", "pattern", "when"]
    ),
    scriptlet!(ANYBODY, "prevent-xhr", ["no-xhr-if"], ["prevent"]),
    scriptlet!(ANYBODY, "remove-attr", ["ra"], ["elements"]),
    scriptlet!(ANYBODY, "remove-cache-storage-item", [], ["pattern"]),
    scriptlet!(ANYBODY, "remove-class", ["rc"], ["elements"]),
    scriptlet!(ANYBODY, "remove-cookie", ["cookie-remover"], ["cookies", "extras", "pattern", "when"]),
    scriptlet!(ANYBODY, "remove-node-text", ["rmnt"], ["extras", "nodes", "pattern"]),
    scriptlet!(ANYBODY, "set-attr", [], ["attributes"]),
    scriptlet!(ANYBODY, "set-constant", ["set"], ["constant", "pin"]),
    scriptlet!(ANYBODY, "set-cookie", [], ["cookies", "extras"]),
    scriptlet!(ANYBODY, "set-local-storage-item", [], ["storage"]),
    scriptlet!(ANYBODY, "set-session-storage-item", [], ["storage"]),
    scriptlet!(ANYBODY, "spoof-css", [], ["calls"]),
    scriptlet!(TRUSTED, "trusted-click-element", [], ["jsonpath", "pattern", "when"]),
    scriptlet!(TRUSTED, "trusted-create-html", [], ["when"]),
    scriptlet!(TRUSTED, "trusted-edit-inbound-object", [], ["calls", "chain", "jsonpath"]),
    scriptlet!(TRUSTED, "trusted-json-edit", [], ["jsoneditors"]),
    scriptlet!(TRUSTED, "trusted-json-edit-fetch-request", [], ["jsoneditors"]),
    scriptlet!(TRUSTED, "trusted-json-edit-fetch-response", [], ["jsoneditors", "responses"]),
    scriptlet!(TRUSTED, "trusted-json-edit-xhr-request", [], ["jsoneditors"]),
    scriptlet!(TRUSTED, "trusted-json-edit-xhr-response", [], ["jsoneditors", "responses"]),
    scriptlet!(TRUSTED, "trusted-override-element-method", [], ["abort", "calls", "constant"]),
    scriptlet!(TRUSTED, "trusted-prevent-dom-bypass", [], ["calls"]),
    scriptlet!(TRUSTED, "trusted-prevent-fetch", [], ["prevent"]),
    scriptlet!(TRUSTED, "trusted-prevent-xhr", [], ["prevent"]),
    scriptlet!(TRUSTED, "trusted-replace-argument", [], ["calls", "chain", "constant", "extras", "pattern"]),
    scriptlet!(TRUSTED, "trusted-replace-fetch-response", [], ["extras", "replace", "request", "responses"]),
    scriptlet!(
        TRUSTED,
        "trusted-replace-node-text",
        ["trusted-rpnt", "rpnt", "replace-node-text"],
        ["extras", "nodes", "pattern"]
    ),
    scriptlet!(TRUSTED, "trusted-replace-outbound-text", [], ["calls", "extras", "replace"]),
    scriptlet!(TRUSTED, "trusted-replace-xhr-response", [], ["extras", "replace", "request", "responses"]),
    scriptlet!(TRUSTED, "trusted-set-attr", [], ["attributes"]),
    scriptlet!(TRUSTED, "trusted-set-constant", ["trusted-set"], ["constant", "pin"]),
    scriptlet!(TRUSTED, "trusted-set-cookie", [], ["constant", "cookies", "extras"]),
    scriptlet!(TRUSTED, "trusted-set-cookie-reload", [], ["constant", "cookies"]),
    scriptlet!(TRUSTED, "trusted-set-local-storage-item", [], ["constant", "storage"]),
    scriptlet!(TRUSTED, "trusted-set-session-storage-item", [], ["constant", "storage"]),
    scriptlet!(TRUSTED, "trusted-suppress-native-method", [], ["abort", "calls", "chain", "pattern", "stack"]),
    scriptlet!(ANYBODY, "webrtc-if", [], ["calls", "pattern"]),
    scriptlet!(ANYBODY, "xml-prune", [], ["request", "responses", "when"]),
];

/// The scriptlets that rules may put into pages, and what they need; those for [`TRUSTED`] lists say so.
pub fn scriptlets() -> Vec<Resource> {
    let parts = PARTS.iter().map(|part| resource(part, part_name(part.name), MimeType::FnJavascript));
    let scriptlets = SCRIPTLETS.iter().map(|it| resource(it, file_name(it.name), MimeType::ApplicationJavascript));
    parts.chain(scriptlets).collect()
}

/// What the engine made of a page's scriptlets, in a scope of its own: the page sees none of its names.
pub fn enclosed(script: &str) -> String {
    if script.is_empty() { String::new() } else { format!("(() => {{\n'use strict';\n{script}}})();\n") }
}

fn resource(script: &Script, name: String, kind: MimeType) -> Resource {
    Resource {
        name,
        aliases: script.aliases.iter().map(|alias| file_name(alias)).collect(),
        kind: ResourceType::Mime(kind),
        content: BASE64_STANDARD.encode(without_comments(script.source)),
        dependencies: script.needs.iter().map(|part| part_name(part)).collect(),
        permission: script.permission,
    }
}

/// Rules name scriptlets with or without `.js`; the engine looks for those with it.
fn file_name(name: &str) -> String {
    if name.ends_with(".js") { name.to_owned() } else { format!("{name}.js") }
}

/// No rule can name a part.
fn part_name(name: &str) -> String {
    format!("{name}.fn")
}

/// Pages need not carry our comments; and the engine knows a scriptlet by `function` at its very beginning.
fn without_comments(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.fold(String::with_capacity(source.len()), |code, line| code + line.trim_start() + "\n")
}
