//! A limit to measure tunnels against: a relay that never looks at a byte, by splice(2). Its argument is the origin.

use std::io;
use std::net::SocketAddr;

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// The size of the pipe between two sockets, in bytes.
const PIPE: usize = 256 * 1024;

fn main() -> io::Result<()> {
    tamis_bench::raise_open_files()?;
    let origin = std::env::args().nth(1).ok_or_else(|| io::Error::other("give the origin as ADDRESS:PORT"))?;
    let origin: SocketAddr = origin.parse().map_err(io::Error::other)?;
    tamis_bench::run(async {
        let listener = tamis_bench::listen().await?;
        loop {
            let (connection, _) = listener.accept().await?;
            // What goes wrong is counted by the load generator.
            tokio::spawn(async move { drop(relay(connection, origin).await) });
        }
        #[expect(unreachable_code, reason = "tells the type")]
        Ok::<(), io::Error>(())
    })
}

async fn relay(client: TcpStream, origin: SocketAddr) -> io::Result<()> {
    let origin = TcpStream::connect(origin).await?;
    client.set_nodelay(true)?;
    origin.set_nodelay(true)?;
    tokio::try_join!(pour(&client, &origin), pour(&origin, &client))?;
    Ok(())
}

/// One direction, to its end.
async fn pour(from: &TcpStream, to: &TcpStream) -> io::Result<()> {
    let (out, inlet) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?;
    fcntl_setpipe_size(&inlet, PIPE)?;
    let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
    loop {
        let fill = || Ok(splice(from, None, &inlet, None, PIPE, flags)?);
        let mut filled = from.async_io(Interest::READABLE, fill).await?;
        if filled == 0 {
            return rustix::net::shutdown(to, rustix::net::Shutdown::Write).map_err(Into::into);
        }
        while filled > 0 {
            filled -= to.async_io(Interest::WRITABLE, || Ok(splice(&out, None, to, None, filled, flags)?)).await?;
        }
    }
}
