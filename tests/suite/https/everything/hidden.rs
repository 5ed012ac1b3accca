//! What rules hide on the page, take out of it and run in it.

use serde_json::{Value, json};

/// Elements that are not shown, or gone, and what scripts did.
pub(super) const LOOKS: &str = "const ids = ['kept', 'generic', 'generic-id', 'specific', 'stubborn', 'sponsored', 'wrapped', \
     'removed', 'banner', 'aside', 'elsewhere', 'excepted', 'late', 'later']; \
     const looks = ids.map(id => { const it = document.getElementById(id); return [id, it ? getComputedStyle(it).display : 'gone'] }); \
     const colour = getComputedStyle(document.getElementById('styled')).color; \
     return { ...Object.fromEntries(looks.filter(look => look[1] !== 'block')), colour, framed: window.framed, \
     tracked: window.tracked, planted: window.planted }";

/// What they are on the page, or on the strict one, where nothing of the page's own runs or loads.
pub(super) fn looks(rules: bool, strict: bool) -> Value {
    let mut looks = match rules {
        false => json!({ "colour": "rgb(0, 0, 0)" }),
        true => json!({
            "generic": "none", "generic-id": "none", "specific": "none", "stubborn": "none", "sponsored": "none",
            "wrapped": "none", "removed": "gone", "banner": "gone", "colour": "rgb(1, 2, 3)", "planted": true,
        }),
    };
    let more = match (rules, strict) {
        (_, true) => json!({ "late": "gone", "later": "gone" }),
        (false, false) => json!({ "framed": "block block track=yes", "tracked": 1 }),
        (true, false) => json!({ "framed": "none none ", "late": "none", "later": "none" }),
    };
    looks.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    looks
}
