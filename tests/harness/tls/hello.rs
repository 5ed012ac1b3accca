//! What a client says first (RFC 8446 4.1.2), as far as tests ask about it.

/// A ClientHello.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hello {
    /// The name that it asks for.
    pub name: Option<String>,
    /// Protocols that it offers to speak, best first.
    pub protocols: Vec<String>,
    /// Versions of TLS, as numbers: 0x0304 is 1.3.
    pub versions: Vec<u16>,
    /// Cipher suites by number.
    pub suites: Vec<u16>,
    /// Groups for the key exchange by number.
    pub groups: Vec<u16>,
    /// Those of them that it sends a share for.
    pub shares: Vec<u16>,
    /// Every extension by number, in order.
    pub extensions: Vec<u16>,
}

/// The key exchange that browsers prefer, half of which no quantum computer breaks.
pub const X25519MLKEM768: u16 = 0x11ec;

/// TLS 1.2.
pub const TLS12: u16 = 0x0303;

/// TLS 1.3.
pub const TLS13: u16 = 0x0304;

impl Hello {
    /// Reads the one at the beginning of a connection, however many records it is in; none where there is none, or not
    /// all of it.
    pub fn read(mut records: &[u8]) -> Option<Self> {
        let mut message = Vec::new();
        while let [22, _, _, high, low, rest @ ..] = records {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            message.extend_from_slice(&rest[..length.min(rest.len())]);
            records = rest.get(length..).unwrap_or_default();
        }
        let mut reader = Reader(&message);
        let 1 = reader.number(1)? else { return None };
        let length = reader.number(3)?;
        Self::parse(Reader(reader.take(length)?))
    }

    fn parse(mut reader: Reader<'_>) -> Option<Self> {
        let legacy = reader.number(2)?;
        let _random = reader.take(32)?;
        let _session = reader.vector(1)?;
        let suites = reader.vector(2)?.numbers();
        let _compression = reader.vector(1)?;
        let mut hello = Self { suites, versions: vec![u16::try_from(legacy).ok()?], ..Self::default() };
        let mut extensions = reader.vector(2).unwrap_or(Reader(&[]));
        while let Some(kind) = extensions.number(2) {
            hello.extension(u16::try_from(kind).ok()?, extensions.vector(2)?)?;
        }
        Some(hello)
    }

    fn extension(&mut self, kind: u16, mut body: Reader<'_>) -> Option<()> {
        self.extensions.push(kind);
        match kind {
            0 => {
                let mut names = body.vector(2)?;
                names.number(1)?;
                self.name = Some(names.vector(2)?.text());
            }
            10 => self.groups = body.vector(2)?.numbers(),
            16 => {
                let mut protocols = body.vector(2)?;
                while let Some(protocol) = protocols.vector(1) {
                    self.protocols.push(protocol.text());
                }
            }
            43 => self.versions = body.vector(1)?.numbers(),
            51 => {
                let mut shares = body.vector(2)?;
                while let Some(group) = shares.number(2) {
                    self.shares.push(u16::try_from(group).ok()?);
                    shares.vector(2)?;
                }
            }
            _ => {}
        }
        Some(())
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of so many bytes.
    fn number(&mut self, bytes: usize) -> Option<usize> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// What follows a length of so many bytes.
    fn vector(&mut self, bytes: usize) -> Option<Self> {
        let length = self.number(bytes)?;
        self.take(length).map(Reader)
    }

    fn numbers(&self) -> Vec<u16> {
        self.0.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.0).into_owned()
    }
}
