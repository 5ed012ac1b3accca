//! The first message of a TLS client (RFC 8446 4.1.2), read before anything is decided, from bytes that are kept.
//!
//! rustls reads it again when we answer it. What is read here decides whether we do, and rustls does not show all of it.

/// What a client may send before its first message is complete, in bytes: records and all.
pub(crate) const HELLO_LIMIT: usize = 64 * 1024;

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// The largest record that TLS has (RFC 8446 5.1).
const LARGEST_RECORD: usize = 1 << 14;

mod extension {
    pub(super) const SERVER_NAME: u16 = 0;
    pub(super) const SUPPORTED_GROUPS: u16 = 10;
    pub(super) const SIGNATURE_ALGORITHMS: u16 = 13;
    pub(super) const ALPN: u16 = 16;
    pub(super) const SESSION_TICKET: u16 = 35;
    pub(super) const PRE_SHARED_KEY: u16 = 41;
    pub(super) const SUPPORTED_VERSIONS: u16 = 43;
}

/// What was seen of a client's first bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// So far it may be one.
    More,
    /// It is not TLS, or none that can be read.
    NotTls,
    /// All of it.
    Hello(Box<ClientHello>),
}

/// What matters of the message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientHello {
    /// The host that is asked for, in lower case (RFC 6066 3).
    pub(crate) server_name: Option<String>,
    /// Protocols, in the client's order (RFC 7301); none where it names none.
    pub(crate) alpn: Vec<Vec<u8>>,
    /// Versions, as numbers on the wire.
    pub(crate) versions: Vec<u16>,
    pub(crate) cipher_suites: Vec<u16>,
    pub(crate) groups: Vec<u16>,
    pub(crate) signature_schemes: Vec<u16>,
    /// What it would resume: identities of TLS 1.3, or the ticket of 1.2.
    pub(crate) tickets: Vec<Vec<u8>>,
}

/// Reads what has come so far.
pub(crate) fn read(bytes: &[u8]) -> Seen {
    match handshake(bytes) {
        Ok(Some(message)) => hello(&message).map_or(Seen::NotTls, |hello| Seen::Hello(Box::new(hello))),
        Ok(None) if bytes.len() < HELLO_LIMIT => Seen::More,
        Ok(None) | Err(NotTls) => Seen::NotTls,
    }
}

#[derive(Debug)]
struct NotTls;

/// The first handshake message, put together from its records (RFC 8446 5.1); none where some of it is missing.
fn handshake(bytes: &[u8]) -> Result<Option<Vec<u8>>, NotTls> {
    let mut rest = bytes;
    let mut message = Vec::new();
    while let Some((header, behind)) = rest.split_first_chunk::<5>() {
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        // Version 3.x, whatever x: RFC 8446 5.1 has it ignored, and older ones are not for us.
        if header[0] != HANDSHAKE || header[1] != 3 || length == 0 || length > LARGEST_RECORD {
            return Err(NotTls);
        }
        message.extend_from_slice(behind.get(..length).unwrap_or(behind));
        if let Some(whole) = whole(&message)? {
            return Ok(Some(whole.to_vec()));
        }
        rest = behind.get(length..).unwrap_or_default();
    }
    let may_begin_one = [HANDSHAKE, 3].iter().zip(rest).all(|(expected, byte)| expected == byte);
    if may_begin_one { Ok(None) } else { Err(NotTls) }
}

/// The message's content, once all of it is there.
fn whole(message: &[u8]) -> Result<Option<&[u8]>, NotTls> {
    let Some((&kind, rest)) = message.split_first() else { return Ok(None) };
    if kind != CLIENT_HELLO {
        return Err(NotTls);
    }
    let Some((length, rest)) = rest.split_first_chunk::<3>() else { return Ok(None) };
    let length = usize::from(length[0]) << 16 | usize::from(length[1]) << 8 | usize::from(length[2]);
    if length > HELLO_LIMIT {
        return Err(NotTls);
    }
    Ok(rest.get(..length))
}

fn hello(message: &[u8]) -> Option<ClientHello> {
    let mut reader = Reader(message);
    let legacy_version = reader.u16()?;
    let _random = reader.take(32)?;
    let _session = reader.short_vector()?;
    let cipher_suites = numbers(reader.vector()?)?;
    let _compression = reader.short_vector()?;
    let mut hello = ClientHello { versions: vec![legacy_version], cipher_suites, ..ClientHello::default() };
    // A client of old has none.
    let mut extensions = Reader(if reader.0.is_empty() { &[] } else { reader.vector()? });
    while !extensions.0.is_empty() {
        let (kind, content) = (extensions.u16()?, extensions.vector()?);
        hello.extension(kind, content)?;
    }
    reader.0.is_empty().then_some(hello)
}

impl ClientHello {
    fn extension(&mut self, kind: u16, content: &[u8]) -> Option<()> {
        let mut reader = Reader(content);
        match kind {
            extension::SERVER_NAME => self.server_name = server_name(reader.vector()?)?,
            extension::ALPN => {
                let mut names = Reader(reader.vector()?);
                while !names.0.is_empty() {
                    self.alpn.push(names.short_vector()?.to_vec());
                }
            }
            extension::SUPPORTED_VERSIONS => self.versions = numbers(reader.short_vector()?)?,
            extension::SUPPORTED_GROUPS => self.groups = numbers(reader.vector()?)?,
            extension::SIGNATURE_ALGORITHMS => self.signature_schemes = numbers(reader.vector()?)?,
            extension::SESSION_TICKET if !content.is_empty() => self.tickets.push(content.to_vec()),
            extension::PRE_SHARED_KEY => {
                let mut identities = Reader(reader.vector()?);
                while !identities.0.is_empty() {
                    self.tickets.push(identities.vector()?.to_vec());
                    let _age = identities.take(4)?;
                }
            }
            _ => {}
        }
        Some(())
    }

    /// Whether it names this number among its versions.
    pub(crate) fn speaks(&self, version: u16) -> bool {
        self.versions.contains(&version)
    }
}

/// The host name among the names; there is one of each sort at most.
fn server_name(list: &[u8]) -> Option<Option<String>> {
    let mut names = Reader(list);
    let mut host = None;
    while !names.0.is_empty() {
        let (kind, name) = (names.u8()?, names.vector()?);
        if kind == 0 {
            host = Some(std::str::from_utf8(name).ok()?.to_ascii_lowercase());
        }
    }
    Some(host)
}

fn numbers(list: &[u8]) -> Option<Vec<u16>> {
    let (pairs, odd) = list.as_chunks::<2>();
    odd.is_empty().then(|| pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect())
}

/// Reads numbers and vectors (RFC 8446 3); nothing where the bytes end too early.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk::<2>().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// One whose length is told in a byte.
    fn short_vector(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    /// One whose length is told in two.
    fn vector(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{ClientConfig, ClientConnection, RootCertStore};

    use super::*;

    /// What rustls says first.
    fn said(alpn: &[&[u8]]) -> Vec<u8> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let mut client = ClientConnection::new(Arc::new(config), "A.test".try_into().unwrap()).unwrap();
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        bytes
    }

    /// The same message in records of `size` bytes.
    fn in_records(bytes: &[u8], size: usize) -> Vec<u8> {
        let message = &bytes[5..];
        message
            .chunks(size)
            .flat_map(|piece| [&[22, 3, 1], &u16::try_from(piece.len()).unwrap().to_be_bytes()[..], piece].concat())
            .collect()
    }

    #[test]
    fn all_that_decides_is_read() {
        let Seen::Hello(hello) = read(&said(&[b"h2", b"http/1.1"])) else { panic!("not read") };
        assert_eq!(hello.server_name.as_deref(), Some("a.test"));
        assert_eq!(hello.alpn, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        assert!(hello.speaks(0x0304) && hello.speaks(0x0303) && !hello.speaks(0x0302));
        assert!(hello.groups.contains(&0x11ec) && hello.signature_schemes.contains(&0x0403));
        assert!(!hello.cipher_suites.is_empty() && hello.tickets.is_empty());
    }

    #[test]
    fn however_it_is_cut_it_is_the_same_and_never_too_early_rfc8446_5_1() {
        let whole = said(&[b"h2"]);
        let expected = read(&whole);
        for size in [1, 2, 3, 7, 100, 511] {
            let cut = in_records(&whole, size);
            assert_eq!(read(&cut), expected, "records of {size}");
            for end in 0..cut.len() {
                assert_eq!(read(&cut[..end]), Seen::More, "{end} bytes of records of {size}");
            }
        }
    }

    #[test]
    fn what_is_not_tls_is_seen_at_its_first_bytes() {
        for bytes in [&b"GET / HTTP/1.1\r\n"[..], b"SSH-2.0-x", &[22, 2], &[22, 3, 1, 0, 0], &[23, 3, 3, 0, 5]] {
            assert_eq!(read(bytes), Seen::NotTls, "{bytes:?}");
        }
        // Another message than the first one of a client.
        assert_eq!(read(&[22, 3, 1, 0, 4, 2, 0, 0, 0]), Seen::NotTls);
    }

    #[test]
    fn broken_ones_are_none_and_never_a_panic() {
        let whole = said(&[b"h2"]);
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = whole.clone();
                broken[at] = value;
                let _read_or_not = read(&broken);
            }
        }
        let endless = in_records(&[&[0; 5][..], &[1, 0xff, 0xff, 0xff]].concat(), 9);
        assert_eq!(read(&endless), Seen::NotTls, "longer than we wait for");
    }
}
