//! What a filter list says of itself, and its way from one version to the next: any bytes are text or refused, within bounds;
//! whatever a list says, its patches are beside it on its own server, and what a patch makes is made of the list's lines and its
//! own.
#![no_main]

#[allow(dead_code, reason = "the product's own file, of which not all is needed here")]
#[path = "../../../crates/control/src/lists/header.rs"]
mod header;
#[allow(dead_code, reason = "the product's own file, of which not all is needed here")]
#[path = "../../../crates/control/src/lists/parts.rs"]
mod parts;
#[allow(dead_code, reason = "the product's own file, of which not all is needed here")]
#[path = "../../../crates/control/src/lists/patch.rs"]
mod patch;
#[allow(dead_code, reason = "the product's own file, of which not all is needed here")]
#[path = "../../../crates/control/src/lists/text.rs"]
mod text;

use std::collections::HashSet;
use std::time::Duration;

use header::{Header, is_whole};
use libfuzzer_sys::fuzz_target;
use patch::PatchPath;
use text::{TEXT_LIMIT, decoded};

/// Where the list is.
const URL: &str = "https://a.test/lists/all/l.txt?x=1";
const FOLDERS: [&str; 3] = ["https://a.test/lists/all/", "https://a.test/lists/", "https://a.test/"];

const HOUR: Duration = Duration::from_secs(3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

// The list, and behind a line that is empty but for a tab the file with its patches.
fuzz_target!(|input: &[u8]| {
    let border = b"\n\t\n";
    let at = input.windows(border.len()).position(|window| window == border).unwrap_or(input.len());
    let (list, patches) = (&input[..at], input.get(at + border.len()..).unwrap_or_default());
    let Ok(text) = decoded(list.to_vec()) else { return };
    assert!(text.len() <= TEXT_LIMIT && !text.contains('\0'));
    assert_eq!(decoded(text.clone().into_bytes()).map(|again| again.len() <= text.len()), Ok(true));

    let Header { title, version, expires, patched_after } = Header::of(&text);
    assert!([title, version].iter().flatten().all(|said| (1..=80).contains(&said.chars().count())));
    assert!([Some(expires), patched_after].into_iter().flatten().all(|period| (HOUR..=MONTH).contains(&period)));
    let _whole_or_not = is_whole(&text);

    let Some(path) = PatchPath::of(&text, URL) else { return };
    assert!(FOLDERS.iter().any(|folder| path.url.starts_with(folder)), "{}", path.url);
    assert!(!path.url.contains(".."), "{}", path.url);
    let Ok(patches) = std::str::from_utf8(patches) else { return };
    if let Ok(Some(next)) = path.apply(&text, patches) {
        let lines: HashSet<&str> = text.split('\n').chain(patches.lines()).collect();
        // A patch may take all lines out.
        assert!(next.is_empty() || next.split('\n').all(|line| lines.contains(line)), "{next:?} of {text:?}");
        assert!(next.len() <= text.len() + patches.len() + 1, "{} bytes", next.len());
    }
});
