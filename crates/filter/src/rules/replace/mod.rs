//! `$replace=/FROM/TO/`: text that is exchanged for other text while a body flows.

mod automata;
mod expression;
mod joined;
mod literal;
mod records;
mod replacement;
mod stream;

use std::sync::Arc;

use automata::{Alphabet, Automata, Flags};
use literal::{Literal, LiteralStream};
use replacement::Replacement;
use stream::Stream;

use crate::BodyTransform;

pub(crate) use expression::translated;

/// What one `$replace` rule exchanges, and for what.
///
/// FROM is a regular expression in JavaScript's words, TO may name its groups (`$1` or `\$1`, `$&`, `$<name>`; `$$` is
/// a dollar). Every match is replaced, with or without the flag `g`, as in AdGuard.
#[derive(Debug)]
pub(crate) struct Substitution {
    utf8: Automata,
    /// For charsets of one byte a character; only where FROM and TO are ASCII.
    bytes: Option<Automata>,
    to: Replacement,
    /// The same where FROM is nothing but text: the automata are not asked then.
    literal: Option<Arc<Literal>>,
}

impl Substitution {
    /// Reads the value of `replace=`.
    ///
    /// # Errors
    /// Why it cannot be used, for a person.
    pub(crate) fn parse(value: &str) -> Result<Self, String> {
        let [from, to, letters] = parts(value)?;
        if from.is_empty() {
            return Err("`replace` has nothing to search for".into());
        }
        let (mut flags, mut dot_all) = (Flags::default(), false);
        for letter in letters.chars() {
            match letter {
                'i' => flags.ignore_case = true,
                'm' => flags.multi_line = true,
                's' => dot_all = true,
                // Every match is replaced anyway, and text is always Unicode.
                'g' | 'u' => {}
                other => return Err(format!("`replace` does not know the flag `{other}`")),
            }
        }
        let in_expression = |why| format!("the regular expression of `replace` cannot be used: {why}");
        let expression = translated(&from, dot_all).map_err(in_expression)?;
        let utf8 = Automata::new(&expression, flags, Alphabet::Utf8).map_err(in_expression)?;
        let to = Replacement::parse(&to, utf8.groups.group_info())?;
        // A rule that cannot be read for bytes, or speaks of more than ASCII, is for UTF-8 alone.
        let ascii = expression.is_ascii() && !expression.contains("\\u") && to.is_ascii();
        let bytes = ascii.then(|| Automata::new(&expression, flags, Alphabet::Bytes).ok()).flatten();
        let literal = utf8.text().and_then(|from| {
            let to = to.instead_of(&from)?;
            Some(Arc::new(Literal::new(from, to)))
        });
        Ok(Self { utf8, bytes, to, literal })
    }

    /// The memory it takes, in bytes.
    pub(crate) fn memory(&self) -> usize {
        let literal = self.literal.as_ref().map_or(0, |literal| literal.memory());
        self.utf8.memory() + self.bytes.as_ref().map_or(0, Automata::memory) + literal
    }
}

/// One rule's substitution made ready for a charset.
pub(crate) struct Ready {
    substitution: Arc<Substitution>,
    alphabet: Alphabet,
}

impl Ready {
    /// For text in UTF-8.
    pub(crate) fn utf8(substitution: Arc<Substitution>) -> Self {
        Self { substitution, alphabet: Alphabet::Utf8 }
    }

    /// For text in a charset of one byte a character; none for a rule that speaks of more than ASCII.
    pub(crate) fn bytes(substitution: Arc<Substitution>) -> Option<Self> {
        substitution.bytes.is_some().then_some(Self { substitution, alphabet: Alphabet::Bytes })
    }

    /// What replaces in one body; `rule` is what its records show.
    pub(crate) fn transform(self, rule: String) -> Box<dyn BodyTransform> {
        match &self.substitution.literal {
            Some(literal) => Box::new(LiteralStream::new(rule, Arc::clone(literal))),
            None => Box::new(Stream::new(rule, self)),
        }
    }

    fn automata(&self) -> &Automata {
        match (self.alphabet, &self.substitution.bytes) {
            (Alphabet::Bytes, Some(bytes)) => bytes,
            _ => &self.substitution.utf8,
        }
    }

    fn to(&self) -> &Replacement {
        &self.substitution.to
    }
}

/// The three parts between and behind the slashes of `/FROM/TO/flags`, with `\/` and `\,` as the characters themselves.
fn parts(value: &str) -> Result<[String; 3], String> {
    const SHAPE: &str = "`replace` is written as `replace=/FROM/TO/`";
    let mut parts = [String::new(), String::new(), String::new()];
    let mut at = 0;
    let mut rest = value.strip_prefix('/').ok_or(SHAPE)?.chars();
    while let Some(c) = rest.next() {
        let part = parts.get_mut(at).ok_or(SHAPE)?;
        match c {
            '\\' => match rest.next() {
                Some(c @ ('/' | ',')) => part.push(c),
                Some(c) => part.extend(['\\', c]),
                None => part.push('\\'),
            },
            '/' => at += 1,
            c => part.push(c),
        }
    }
    if at == 2 { Ok(parts) } else { Err(SHAPE.into()) }
}

/// How long `/FROM/TO/flags` at the beginning of `text` is; none where it is not that. A comma within does not end it.
pub(crate) fn length(text: &str) -> Option<usize> {
    let mut slashes = 0;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '/' => slashes += 1,
            _ if at == 0 => return None,
            ',' if slashes == 3 => return Some(at),
            _ => {}
        }
    }
    (slashes == 3).then_some(text.len())
}
