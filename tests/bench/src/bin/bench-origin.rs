//! The origin: canned responses, so that it costs as little as an origin can.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tamis_bench::pages::{Pages, Script};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// Between two pieces of the page that drips.
const DRIP: Duration = Duration::from_millis(50);
/// The longest request head.
const HEAD: usize = 16 * 1024;

fn main() -> io::Result<()> {
    tamis_bench::raise_open_files()?;
    let pages = Rc::new(Pages::new()?);
    tamis_bench::run(LocalSet::new().run_until(async {
        let listener = tamis_bench::listen().await?;
        loop {
            let (connection, _) = listener.accept().await?;
            let pages = Rc::clone(&pages);
            // A client that goes away is no concern of an origin's.
            tokio::task::spawn_local(async move { drop(serve(connection, &pages).await) });
        }
        #[expect(unreachable_code, reason = "tells the type")]
        Ok::<(), io::Error>(())
    }))
}

async fn serve(mut connection: TcpStream, pages: &Pages) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut read = BytesMut::with_capacity(HEAD);
    loop {
        while let Some((path, length)) = request(&read)? {
            let script = pages.script(path);
            read.advance(length);
            answer(&mut connection, script).await?;
        }
        if read.len() >= HEAD || connection.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
}

/// The path of a request without a body, and the length of its head; nothing if it is not whole yet.
fn request(read: &[u8]) -> io::Result<Option<(&str, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(read).map_err(io::Error::other)? {
        httparse::Status::Complete(length) => Ok(request.path.map(|path| (path, length))),
        httparse::Status::Partial => Ok(None),
    }
}

async fn answer(connection: &mut TcpStream, script: &Script) -> io::Result<()> {
    match script {
        Script::Whole(message) => connection.write_all(message).await?,
        Script::Pieces(pieces) => {
            for piece in pieces {
                connection.write_all(piece).await?;
            }
        }
        Script::Drip(pieces) => {
            for (index, piece) in pieces.iter().enumerate() {
                if index > 0 {
                    tokio::time::sleep(DRIP).await;
                }
                connection.write_all(piece).await?;
            }
        }
    }
    Ok(())
}
