//! One connection's proxy setting as WinINET keeps it in the registry: a binary value below `Connections`.
//!
//! | bytes | meaning |
//! |---|---|
//! | 4 | form: 60 or 70 |
//! | 4 | a count that goes up with each change |
//! | 4 | flags |
//! | 4 and so many | the proxies, as text |
//! | 4 and so many | the hosts that are reached directly, as text |
//! | 4 and so many | the address of the PAC file, as text |
//! | the rest | what automatic detection remembers |
//!
//! Numbers have their lowest byte first. Text is in a code page that we need not know: what is not ours goes back byte by
//! byte.

/// What the flags say: no proxy is needed, one is named, a PAC file is, or the network is asked for one.
pub(super) const DIRECT: u32 = 1;
pub(super) const PROXY: u32 = 2;
pub(super) const ADDRESS: u32 = 4;
pub(super) const DETECT: u32 = 8;

/// The forms that look as described.
const FORMS: [u32; 2] = [60, 70];

/// What a value that Windows makes has at its end.
const REST: usize = 32;

/// A connection's setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Connection {
    form: u32,
    count: u32,
    pub(super) flags: u32,
    proxies: Vec<u8>,
    direct: Vec<u8>,
    address: Vec<u8>,
    rest: Vec<u8>,
}

impl Connection {
    /// A setting that says nothing; Windows' own say `DIRECT` at least.
    pub(super) fn empty() -> Self {
        let text = Vec::new;
        Self { form: 70, count: 0, flags: 0, proxies: text(), direct: text(), address: text(), rest: vec![0; REST] }
    }

    /// Reads the registry's bytes; none where they are not of a form that we know.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let form = number(&mut bytes).filter(|form| FORMS.contains(form))?;
        let (count, flags) = (number(&mut bytes)?, number(&mut bytes)?);
        let (proxies, direct, address) = (text(&mut bytes)?, text(&mut bytes)?, text(&mut bytes)?);
        Some(Self { form, count, flags, proxies, direct, address, rest: bytes.to_owned() })
    }

    /// The bytes for the registry, counted as one change more; none where nothing is left to say.
    pub(super) fn changed(&self) -> Option<Vec<u8>> {
        let texts = [&self.proxies, &self.direct, &self.address];
        if self.flags == 0 && texts.iter().all(|text| text.is_empty()) {
            return None;
        }
        let mut bytes = Vec::new();
        for number in [self.form, self.count.wrapping_add(1), self.flags] {
            bytes.extend(number.to_le_bytes());
        }
        for text in texts {
            bytes.extend(u32::try_from(text.len()).ok()?.to_le_bytes());
            bytes.extend(text);
        }
        bytes.extend(&self.rest);
        Some(bytes)
    }

    pub(super) fn address(&self) -> String {
        shown(&self.address)
    }

    pub(super) fn set_address(&mut self, address: &str) {
        self.address = address.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
    }

    pub(super) fn proxies(&self) -> String {
        shown(&self.proxies)
    }

    pub(super) fn direct(&self) -> String {
        shown(&self.direct)
    }
}

/// One character for each byte, so that it can be undone.
fn shown(text: &[u8]) -> String {
    text.iter().map(|byte| char::from(*byte)).collect()
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}

fn text(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let length = number(bytes)?.try_into().ok()?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Windows 10 wrote it: a proxy by hand, hosts reached directly, automatic detection; 4 changes.
    const WINDOWS_10: &[u8] = b"\x46\0\0\0\x04\0\0\0\x0b\0\0\0\x15\0\0\0proxy.corp.test:31288\x09\0\0\0*.local;a\
        \0\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

    #[test]
    fn a_value_comes_back_byte_for_byte_but_for_the_count() {
        let connection = Connection::read(WINDOWS_10).unwrap();
        assert_eq!(connection.flags, DIRECT | PROXY | DETECT);
        assert_eq!((connection.proxies(), connection.direct()), ("proxy.corp.test:31288".into(), "*.local;a".into()));
        let mut want = WINDOWS_10.to_owned();
        want[4] = 5;
        assert_eq!(connection.changed().unwrap(), want);
    }

    #[test]
    fn an_address_is_put_in_and_taken_out_whatever_its_code_page() {
        let before = Connection::read(WINDOWS_10).unwrap();
        let mut connection = before.clone();
        for address in ["http://127.0.0.1:8118/tamis.pac?g=1", "http://b\u{fc}ro.test/\u{80}", ""] {
            connection.set_address(address);
            connection = Connection::read(&connection.changed().unwrap()).unwrap();
            assert_eq!(connection.address(), address);
        }
        assert_eq!(Connection { count: before.count, ..connection }, before);
    }

    #[test]
    fn a_value_that_is_cut_off_or_of_another_form_is_not_read_and_does_no_harm() {
        let whole = WINDOWS_10.len() - 31;
        for end in 0..=whole - 2 {
            assert_eq!(Connection::read(&WINDOWS_10[..end]), None, "{end}");
        }
        let mut other = WINDOWS_10.to_owned();
        other[0] = 71;
        assert_eq!(Connection::read(&other), None);
        let mut endless = WINDOWS_10.to_owned();
        endless[12..16].fill(0xff);
        assert_eq!(Connection::read(&endless), None);
    }

    #[test]
    fn a_setting_that_says_nothing_is_none() {
        assert_eq!(Connection::empty().changed(), None);
        assert_eq!(Connection { flags: DIRECT, ..Connection::empty() }.changed().unwrap().len(), 24 + REST);
    }
}
