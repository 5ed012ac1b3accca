//! Bodies in content codings, as origins send them.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use zstd_safe::zstd_sys::ZSTD_EndDirective::{ZSTD_e_end, ZSTD_e_flush};
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer};

/// The codings that Tamis takes off; `raw deflate` is the bare format that some servers send as `deflate`.
pub const CODINGS: [&str; 5] = ["gzip", "deflate", "raw deflate", "br", "zstd"];

/// What `Content-Encoding` says for one of [`CODINGS`].
pub fn name_of(coding: &str) -> &str {
    coding.trim_start_matches("raw ")
}

/// A whole body in one piece.
pub fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    flushed(coding, &[body]).concat()
}

/// A body that was flushed after each of its `parts`: what is decoded from the first pieces is the first parts.
pub fn flushed(coding: &str, parts: &[&[u8]]) -> Vec<Vec<u8>> {
    match coding {
        "gzip" => {
            written(parts, GzEncoder::new(Vec::new(), Compression::default()), GzEncoder::get_mut, |e| e.finish())
        }
        "deflate" => {
            written(parts, ZlibEncoder::new(Vec::new(), Compression::default()), ZlibEncoder::get_mut, |e| e.finish())
        }
        "raw deflate" => {
            let encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            written(parts, encoder, DeflateEncoder::get_mut, |e| e.finish())
        }
        "br" => {
            let encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
            written(parts, encoder, brotli::CompressorWriter::get_mut, |e| Ok(e.into_inner()))
        }
        "zstd" => zstd(parts, 0),
        other => panic!("an unknown coding: {other}"),
    }
}

fn written<Encoder: Write>(
    parts: &[&[u8]],
    mut encoder: Encoder,
    out: impl Fn(&mut Encoder) -> &mut Vec<u8>,
    finish: impl Fn(Encoder) -> std::io::Result<Vec<u8>>,
) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    for part in parts {
        encoder.write_all(part).expect("memory takes everything");
        encoder.flush().expect("memory takes everything");
        pieces.push(std::mem::take(out(&mut encoder)));
    }
    pieces.push(finish(encoder).expect("memory takes everything"));
    pieces
}

/// zstd with a window of 2^`window_log` bytes; 0 leaves it to the library.
pub fn zstd(parts: &[&[u8]], window_log: u32) -> Vec<Vec<u8>> {
    let mut context = CCtx::create();
    context.set_parameter(CParameter::WindowLog(window_log)).expect("a window");
    let mut step = |part: &[u8], end| {
        let mut piece = Vec::with_capacity(2 * part.len() + 1024);
        let mut output = OutBuffer::around(&mut piece);
        context.compress_stream2(&mut output, &mut InBuffer::around(part), end).expect("room enough");
        piece
    };
    let mut pieces: Vec<Vec<u8>> = parts.iter().map(|part| step(part, ZSTD_e_flush)).collect();
    pieces.push(step(b"", ZSTD_e_end));
    pieces
}
