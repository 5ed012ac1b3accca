//! Dates of cookies (RFC 6265 5.1.1), which are dates of HTTP too, in seconds since 1970.

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// When this is, however it is written; none where it is no date.
pub(crate) fn seconds(text: &[u8]) -> Option<i64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|&byte| is_delimiter(byte)).filter_map(|token| std::str::from_utf8(token).ok()) {
        if time.is_none() && token.contains(':') {
            time = time_of_day(token);
        } else if day.is_none()
            && let Some(number) = number(token, 2)
        {
            day = Some(number);
        } else if month.is_none()
            && let Some(number) = month_of(token)
        {
            month = Some(number);
        } else if year.is_none() {
            year = number(token, 4).filter(|_| token.len() >= 2);
        }
    }
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let (day, time) = (day?, time?);
    let sensible = (1..=31).contains(&day) && year >= 1601;
    sensible.then(|| days_since_1970(year, month?, day).checked_mul(86_400)?.checked_add(time)).flatten()
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'/' | b';'..=b'@' | b'['..=b'`' | b'{'..=b'~')
}

/// The number that a token begins with, where it has at most so many digits.
fn number(token: &str, digits: usize) -> Option<i64> {
    let end = token.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(token.len());
    token.get(..end).filter(|found| (1..=digits).contains(&found.len()))?.parse().ok()
}

fn month_of(token: &str) -> Option<i64> {
    let begin = token.get(..3)?;
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(begin))?;
    i64::try_from(at + 1).ok()
}

fn time_of_day(token: &str) -> Option<i64> {
    let mut parts = token.splitn(3, ':').map(|part| number(part, 2));
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    (hours < 24 && minutes < 60 && seconds < 60).then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Days from the first of 1970 in the Gregorian calendar. The year is counted from March, so that the leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // The months from March have 153 days in each five.
    365 * year + leap_days + (153 * month + 2) / 5 + day - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_every_form_that_servers_write_rfc6265_5_1_1() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "6 november 1994 8:49:37",
        ] {
            assert_eq!(seconds(text.as_bytes()), Some(784_111_777), "{text}");
        }
        for (text, want) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ] {
            assert_eq!(seconds(text.as_bytes()), Some(want), "{text}");
        }
        for text in
            ["", "0", "soon", "Sun, 06 Nov 1994", "06 Nov 1994 25:00:00", "00 Nov 1994 08:49:37", "1 x 1994 1:1:1"]
        {
            assert_eq!(seconds(text.as_bytes()), None, "{text}");
        }
    }
}
