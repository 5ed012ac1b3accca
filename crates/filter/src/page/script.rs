//! What is put into a page to run there, written so that it runs in any page.

use std::fmt::Write as _;
use std::sync::LazyLock;

/// What the parts need: a style sheet of our own, and work after changes of the page, within bounds.
const COMMON: &str = include_str!("common.js");
/// Rules beyond CSS.
const PROCEDURAL: &str = include_str!("procedural.js");
/// Asks about new classes and ids.
const SURVEY: &str = include_str!("survey.js");
/// Hides what our sheets cannot hide.
const FORCED: &str = include_str!("forced.js");

/// How many procedural rules work on one page, and how long they are together, in bytes; the first ones.
const PROCEDURAL_LIMIT: usize = 512;
const PROCEDURAL_SIZE: usize = 128 * 1024;

/// How long the scriptlets of one page may be, in bytes; none of longer ones are put in, for half of a script is none.
const SCRIPTLETS_LIMIT: usize = 1 << 20;

/// What runs in one page.
#[derive(Debug, Default)]
pub(crate) struct Script {
    scriptlets: String,
    procedural: Vec<String>,
    survey: Option<String>,
    forced: bool,
}

impl Script {
    /// `scriptlets` run first and by themselves; `procedural` are rules in JSON; `survey` is the path, on the page's own origin,
    /// at which Tamis tells what generic rules hide. Where a sheet `hides` something, what forces itself to be shown is hidden too.
    pub(crate) fn new(scriptlets: &str, procedural: &[String], survey: Option<String>, hides: bool) -> Self {
        let scriptlets = if scriptlets.len() <= SCRIPTLETS_LIMIT { scriptlets.to_owned() } else { String::new() };
        let mut room = PROCEDURAL_SIZE;
        let fitting = procedural.iter().filter(|rule| is_object(rule)).take_while(|rule| {
            room = room.saturating_sub(rule.len());
            room > 0
        });
        let procedural = fitting.take(PROCEDURAL_LIMIT).cloned().collect();
        let forced = hides || survey.is_some();
        Self { scriptlets, procedural, survey, forced }
    }

    /// How many procedural rules there are.
    pub(crate) fn procedural(&self) -> usize {
        self.procedural.len()
    }

    /// Whether scriptlets are among it.
    pub(crate) fn has_scriptlets(&self) -> bool {
        !self.scriptlets.trim().is_empty()
    }

    /// The elements, in ASCII; empty where there is nothing to run.
    pub(crate) fn elements(&self, nonce: &str) -> String {
        let mut elements = String::new();
        if self.has_scriptlets() {
            push_element(&mut elements, nonce, &self.scriptlets);
        }
        if self.has_ours() {
            push_element(&mut elements, nonce, &self.ours());
        }
        elements
    }

    /// Whether anything of ours runs beside the scriptlets.
    pub(crate) fn has_ours(&self) -> bool {
        !self.procedural.is_empty() || self.forced
    }

    fn ours(&self) -> String {
        static PARTS: LazyLock<[String; 4]> = LazyLock::new(|| [COMMON, PROCEDURAL, SURVEY, FORCED].map(compact));
        let [common, procedural, survey, forced] = &*PARTS;
        let mut script = format!("(()=>{{{common}");
        if !self.procedural.is_empty() {
            script += &format!("{procedural}procedural([{}]);", self.procedural.join(","));
        }
        if let Some(path) = &self.survey {
            script += &format!("{survey}survey(\"{path}\");");
        }
        if self.forced {
            script += &format!("{forced}forced();");
        }
        script + "})();"
    }
}

/// Whether this is one object of JSON, which is an expression in JavaScript, too.
fn is_object(text: &str) -> bool {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
}

/// A script without comments and indentation. Both stand on lines of their own in ours.
fn compact(script: &str) -> String {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Writes a script in ASCII, and so that it ends where its element does (HTML 4.12.1.3): what looks like the tags or the comment
/// that an HTML parser would see is escaped, which within strings and expressions means the same.
fn push_element(out: &mut String, nonce: &str, script: &str) {
    let _strings_take_all = write!(out, "<script nonce=\"{nonce}\">");
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        if c == '<'
            && ["!--", "/script", "script"].iter().any(|word| begins_with(rest.get(1..).unwrap_or_default(), word))
        {
            out.push_str("\\x3c");
        } else if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _strings_take_all = write!(out, "\\u{unit:04x}");
            }
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    out.push_str("</script>");
}

fn begins_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_script_gets_out_of_its_element() {
        let scriptlets = "run('</SCRIPT><!--<script>', 'é😀', 1<2)";
        let poisoned = r#"{"selector":[{"type":"css-selector","arg":"</script><img src=x>"}]}"#.to_owned();
        let broken = ["{}]);alert(1);([".to_owned(), "[1]".to_owned(), "{".to_owned()];
        let script = Script::new(scriptlets, &[[poisoned].as_slice(), &broken].concat(), None, false);
        assert_eq!(script.procedural(), 1);
        let elements = script.elements("n");
        assert!(elements.is_ascii());
        assert_eq!(elements.matches("</script").count(), 2, "{elements}");
        assert_eq!(elements.matches("<script").count(), 2, "{elements}");
        assert!(elements.contains(r"run('\x3c/SCRIPT>\x3c!--\x3cscript>', '\u00e9\ud83d\ude00', 1<2)"), "{elements}");
        assert_eq!(Script::default().elements("n"), "");
    }

    #[test]
    fn the_survey_is_small_and_rules_are_bounded() {
        let survey = Script::new("", &[], Some("/0123456789abcdef0123456789abcdef".into()), true).elements("n");
        assert!(survey.len() < 4096, "{} bytes", survey.len());
        let rule = r#"{"selector":[{"type":"css-selector","arg":".a"}]}"#.to_owned();
        assert_eq!(Script::new("", &vec![rule; 2000], None, false).procedural(), PROCEDURAL_LIMIT);
        assert_eq!(Script::new(&"x".repeat(SCRIPTLETS_LIMIT + 1), &[], None, false).elements("n"), "");
    }
}
