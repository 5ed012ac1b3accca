//! How long cookies last.

use http::header::{DATE, HeaderValue};

use super::edits::Answered;
use super::{QuietLevel, QuietRow, Work};
use crate::cookies::without_value;
use crate::{Line, date};

/// The longest that a cookie lasts from when it is set, in seconds: seven days.
const LONGEST: i64 = 7 * 24 * 60 * 60;

pub(super) const THIRD_PARTIES: QuietRow = QuietRow {
    id: "third-party-cookie-lifetime",
    title: "Seven days for cookies of other sites",
    summary: "Cookies that other sites set in a page last seven days at most from when they were last set.",
    level: Some(QuietLevel::Basic),
    adds: &[],
    request: Work::None,
    response: Work::On(&["set-cookie"], |answered| {
        if answered.is_third_party() == Some(true) {
            shorten(answered);
        }
    }),
};

pub(super) const ALL: QuietRow = QuietRow {
    id: "cookie-lifetime",
    title: "Seven days for every cookie",
    summary: "No cookie lasts more than seven days from when it was last set. A site that you do not visit for a week has you \
              sign in again, and forgets what you chose there.",
    level: Some(QuietLevel::Strict),
    adds: &[],
    request: Work::None,
    response: Work::On(&["set-cookie"], shorten),
};

fn shorten(answered: &mut Answered<'_>) {
    let Answered { response, edits, .. } = answered;
    // What the origin takes for now; there is no clock here. Without it only `Max-Age` can be judged.
    let now = response.fields.get(DATE).and_then(|value| date::seconds(value.as_bytes()));
    edits.edit(&mut response.fields, "set-cookie", |cookie| {
        if !outlives(cookie.as_bytes(), now) {
            return (Line::Kept, String::new(), None);
        }
        match HeaderValue::from_bytes(&shortened(cookie.as_bytes())) {
            Ok(written) => {
                let after = without_value(&written);
                (Line::Written(written), without_value(cookie), Some(after))
            }
            Err(_) => (Line::Kept, String::new(), None),
        }
    });
}

/// Whether a cookie lasts longer than it should. `Max-Age` overrules `Expires`, and the last of each counts (RFC 6265 5.3).
fn outlives(cookie: &[u8], now: Option<i64>) -> bool {
    let attributes = || cookie.split(|&byte| byte == b';').skip(1).map(attribute);
    let last = |read: &dyn Fn(&[u8]) -> Option<i64>, wanted: &[u8]| {
        attributes().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).filter_map(|(_, value)| read(value)).last()
    };
    match last(&max_age, b"max-age") {
        Some(seconds) => seconds > LONGEST,
        None => last(&date::seconds, b"expires").zip(now).is_some_and(|(end, now)| end.saturating_sub(now) > LONGEST),
    }
}

/// The cookie with the longest life there is, in the place of the first word about it; all else stays to the octet.
fn shortened(cookie: &[u8]) -> Vec<u8> {
    let mut parts = cookie.split(|&byte| byte == b';');
    let mut kept = vec![parts.next().unwrap_or_default().to_vec()];
    let mut is_said = false;
    for part in parts {
        let (name, _) = attribute(part);
        if !name.eq_ignore_ascii_case(b"max-age") && !name.eq_ignore_ascii_case(b"expires") {
            kept.push(part.to_vec());
        } else if !std::mem::replace(&mut is_said, true) {
            let space = part.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            kept.push([part.get(..space).unwrap_or_default(), format!("Max-Age={LONGEST}").as_bytes()].concat());
        }
    }
    kept.join(&b';')
}

fn attribute(part: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = part.splitn(2, |&byte| byte == b'=').map(<[u8]>::trim_ascii);
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}

/// The value of `Max-Age` (RFC 6265 5.2.2); one beyond all numbers is long, or long past.
fn max_age(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty();
    is_number.then(|| text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}
