//! JSON as it is written (RFC 8259): what a path names is cut out of the text, and every other octet stays.

use super::json_prune::Segment;

/// How deep values may stand within values; a text that goes deeper stays as it is.
const DEPTH_LIMIT: usize = 256;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// The text without what the path names, and how much that was; none where it names nothing, or this is no JSON.
pub(super) fn without(text: &[u8], path: &[Segment]) -> Option<(Vec<u8>, usize)> {
    let at = if text.starts_with(MARK) { MARK.len() } else { 0 };
    let mut reader = Reader { text, at, path, out: Vec::new(), copied: 0, count: 0 };
    reader.space();
    let start = reader.with_below(1);
    reader.value(start, 0)?;
    reader.space();
    if reader.at < text.len() || reader.count == 0 {
        return None;
    }
    reader.out.extend_from_slice(text.get(reader.copied..)?);
    Some((reader.out, reader.count))
}

/// Which segments of the path the members of a value may fit, a bit each: where `..` stands, these are several.
type Next = u32;

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    path: &'t [Segment],
    /// What is left of the text up to `copied`.
    out: Vec<u8>,
    copied: usize,
    count: usize,
}

impl<'t> Reader<'t> {
    fn value(&mut self, next: Next, depth: usize) -> Option<()> {
        match self.peek()? {
            b'{' => self.container(b'}', next, depth),
            b'[' => self.container(b']', next, depth),
            b'"' => self.string().map(|_| ()),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    /// An object or an array. What goes takes one comma with it: that before it, or where nothing before it stays, that behind.
    fn container(&mut self, close: u8, next: Next, depth: usize) -> Option<()> {
        if depth == DEPTH_LIMIT {
            return None;
        }
        self.at += 1;
        self.space();
        if self.peek()? == close {
            self.at += 1;
            return Some(());
        }
        let (mut index, mut end, mut stays_before, mut cut_from) = (0, self.at, false, None);
        loop {
            let begin = self.at;
            let (below, goes) = if close == b'}' {
                let name = self.string()?;
                self.space();
                self.sign(b':')?;
                self.space();
                self.step(next, |segment| segment.fits_member(name))
            } else {
                self.step(next, |segment| segment.fits_element(index))
            };
            if goes {
                self.count += 1;
                cut_from = cut_from.or(Some(if stays_before { end } else { begin }));
            } else if let Some(from) = cut_from.take() {
                self.cut(from, if stays_before { end } else { begin })?;
            }
            stays_before |= !goes;
            self.value(below, depth + 1)?;
            (index, end) = (index + 1, self.at);
            self.space();
            let sign = self.peek()?;
            self.at += 1;
            match sign {
                b',' => self.space(),
                sign if sign == close => break,
                _ => return None,
            }
        }
        cut_from.map_or(Some(()), |from| self.cut(from, end))
    }

    /// What the members of a member may fit, and whether the member itself goes.
    fn step(&self, next: Next, fits: impl Fn(&Segment) -> bool) -> (Next, bool) {
        let (mut below, mut goes) = (0, false);
        for (at, segment) in self.path.iter().enumerate().filter(|(at, _)| next & 1 << at != 0) {
            if *segment == Segment::Below {
                below |= 1 << at;
            } else if fits(segment) {
                goes |= at + 1 == self.path.len();
                below |= 1 << (at + 1);
            }
        }
        // Within what goes there is nothing more to look for.
        (if goes { 0 } else { self.with_below(below) }, goes)
    }

    /// Any depth is none, too.
    fn with_below(&self, next: Next) -> Next {
        let segments = self.path.iter().enumerate();
        segments.fold(next, |next, (at, segment)| match segment {
            Segment::Below if next & 1 << at != 0 => next | 1 << (at + 1),
            _ => next,
        })
    }

    fn cut(&mut self, from: usize, to: usize) -> Option<()> {
        self.out.extend_from_slice(self.text.get(self.copied..from)?);
        self.copied = to;
        Some(())
    }

    /// A string with its quotes, as it is written.
    fn string(&mut self) -> Option<&'t [u8]> {
        let begin = self.at;
        self.sign(b'"')?;
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return self.text.get(begin..self.at),
                b'\\' => self.escape()?,
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let sign = self.peek()?;
        self.at += 1;
        match sign {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let found = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        found.then_some(())
    }

    fn sign(&mut self, sign: u8) -> Option<()> {
        let found = self.peek() == Some(sign);
        self.at += 1;
        found.then_some(())
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}
