//! Differential updates: from one version of a list to the next by what changed, as lists offer it in `! Diff-Path:`. A patch is in
//! the form of RCS: `d3 1` takes out a line from the third on, `a5 2` puts the two lines that follow behind the fifth. Several
//! may be in one file, each behind a line `diff name:… checksum:… lines:…`.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::header::said;
use super::parts::is_below;
use super::text::{TEXT_LIMIT, too_large};

/// How many digits of a checksum there have to be.
const DIGITS: usize = 10;

/// Where the next patch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatchPath {
    pub(crate) url: String,
    /// Which one in the file.
    name: Option<String>,
}

impl PatchPath {
    /// As a list says that was fetched from `url`; none where it offers no patches beside itself.
    pub(crate) fn of(text: &str, url: &str) -> Option<Self> {
        let path = said(text, "diff-path")?;
        let (path, name) = path.split_once('#').map_or((path, None), |(path, name)| (path, Some(name.to_owned())));
        if !is_below(path) {
            return None;
        }
        let (mut folder, _) = url.split(['?', '#']).next()?.rsplit_once('/')?;
        let mut path = path;
        while let Some(rest) = path.strip_prefix("../") {
            (folder, path) = (folder.rsplit_once('/')?.0, rest);
        }
        // Not above the server.
        (folder.matches('/').count() >= 2 && !path.contains(".."))
            .then(|| Self { url: format!("{folder}/{path}"), name })
    }

    /// The next version of `text` by a file of patches; none where there is none in it yet.
    ///
    /// # Errors
    /// Why the patch does not fit, as a clause.
    pub(crate) fn apply(&self, text: &str, file: &str) -> Result<Option<String>, String> {
        let Some((checksum, patch)) = self.find(file) else { return Ok(None) };
        let next = applied(text, &patch).ok_or("its patch does not fit")?;
        if next.len() > TEXT_LIMIT {
            return Err(too_large());
        }
        if let Some(told) = checksum {
            let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, next.as_bytes());
            let digits: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            if told.len() < DIGITS || !digits.starts_with(&told.to_ascii_lowercase()) {
                return Err("what its patch makes of it is not as the checksum says".into());
            }
        }
        Ok(Some(next))
    }

    /// The patch of this list in a file, with its checksum.
    fn find<'a>(&self, file: &'a str) -> Option<(Option<&'a str>, Vec<&'a str>)> {
        let mut lines = file.lines();
        let first = lines.clone().next()?;
        if !first.starts_with("diff ") {
            return Some((None, lines.collect()));
        }
        loop {
            let directive = lines.next()?.strip_prefix("diff ")?;
            let value = |key: &str| directive.split(' ').find_map(|word| word.strip_prefix(key));
            let count = value("lines:")?.parse().ok()?;
            let patch: Vec<&str> = lines.by_ref().take(count).collect();
            if self.name.is_none() || value("name:") == self.name.as_deref() {
                return (!patch.is_empty()).then(|| (value("checksum:"), patch));
            }
        }
    }
}

fn applied(text: &str, patch: &[&str]) -> Option<String> {
    let lines: Vec<&str> = text.split('\n').collect();
    let (mut next, mut at) = (Vec::with_capacity(lines.len()), 0);
    let mut patch = patch.iter();
    while let Some(command) = patch.next() {
        let (kind, numbers) = command.split_at_checked(1)?;
        let (line, count) = numbers.split_once(' ')?;
        let (line, count): (usize, usize) = (line.parse().ok()?, count.parse().ok()?);
        match kind {
            "d" => {
                let begin = line.checked_sub(1)?;
                next.extend_from_slice(lines.get(at..begin)?);
                at = begin.checked_add(count).filter(|end| *end <= lines.len())?;
            }
            "a" => {
                next.extend_from_slice(lines.get(at..line)?);
                at = line;
                for _ in 0..count {
                    next.push(patch.next()?);
                }
            }
            _ => return None,
        }
    }
    next.extend_from_slice(lines.get(at..)?);
    Some(next.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "! Title: x\n! Diff-Path: ../p/1.patch#mine\n||a.test^\n||b.test^\n";
    const NEW: &str = "! Title: x\n! Diff-Path: ../p/2.patch#mine\n||b.test^\n||c.test^\n||d.test^\n";
    // diff -n old new
    const PATCH: &str = "d2 2\na3 1\n! Diff-Path: ../p/2.patch#mine\na4 2\n||c.test^\n||d.test^\n";

    fn path() -> PatchPath {
        PatchPath::of(OLD, "https://a.test/lists/all/l.txt?x=1").unwrap()
    }

    #[test]
    fn a_patch_is_found_by_its_name_and_makes_the_next_version() {
        assert_eq!(path().url, "https://a.test/lists/p/1.patch");
        let sum: String = digest(&SHA1_FOR_LEGACY_USE_ONLY, NEW.as_bytes()).as_ref()[..5]
            .iter()
            .map(|it| format!("{it:02x}"))
            .collect();
        let other = "diff name:other checksum:0000000000 lines:1\nd1 1\n";
        let file = format!("{other}diff name:mine checksum:{sum} lines:6\n{PATCH}{other}");
        assert_eq!(path().apply(OLD, &file).unwrap().unwrap(), NEW);
        assert_eq!(path().apply(OLD, PATCH).unwrap().unwrap(), NEW);
        assert_eq!(path().apply(OLD, other), Ok(None));
        assert_eq!(path().apply(OLD, ""), Ok(None));
        path().apply(OLD, &file.replace(&sum, "0123456789")).unwrap_err();
        path().apply(OLD, &file.replace(&sum, "")).unwrap_err();
    }

    #[test]
    fn what_is_no_patch_for_this_list_is_refused() {
        for patch in [
            "d9 1",
            "d1 99",
            "d0 1",
            "a99 1\nx",
            "a1 3\nx",
            "d3 1\nd1 1",
            "<html>",
            "x1 1",
            "a1",
            "d18446744073709551615 1",
        ] {
            path().apply(OLD, patch).unwrap_err();
        }
    }

    #[test]
    fn patches_are_beside_the_list_on_its_own_server() {
        for said in
            ["https://b.test/p", "//b.test/p", "/p", "", "../../../p", "../../../../p", "x/../p", "%2e%2e/%2e%2e/p"]
        {
            let text = format!("! Diff-Path: {said}\n");
            assert_eq!(PatchPath::of(&text, "https://a.test/lists/all/l.txt"), None, "{said}");
        }
    }
}
