//! Bulk through a tunnel without copying it into this program: Linux moves the pages through a pipe (splice(2)).

use std::io;
use std::os::fd::OwnedFd;

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::activity::Activity;
use super::pump::FIRST_READ;

/// Directions of tunnels that may have a pipe at a time, in this process: each takes two files. The others copy.
const PIPES: usize = 64;

static PLACES: Semaphore = Semaphore::const_new(PIPES);

/// What a pipe is asked to hold; a user's pipes have a limit together, beyond which it holds 64 KiB.
const PIPE_BYTES: usize = 256 * 1024;

/// So many small reads in a row end the bulk: the pipe goes to somebody else.
const CALM: usize = 8;

/// A pipe that belongs to one direction of a tunnel while it carries bulk.
pub(super) struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    _place: SemaphorePermit<'static>,
}

/// How a pipe's work ended.
pub(super) enum Carried {
    /// Little came for a while.
    UntilCalm,
    /// The sender closed.
    UntilClosed,
    /// The system cannot do this with these sockets.
    Nothing,
}

impl Pipe {
    /// A pipe, while there are places and files for one.
    pub(super) fn open() -> Option<Self> {
        let place = PLACES.try_acquire().ok()?;
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).ok()?;
        if let Err(error) = fcntl_setpipe_size(&write, PIPE_BYTES) {
            tracing::debug!(%error, "a pipe stays small");
        }
        Some(Self { read, write, _place: place })
    }

    /// Moves bytes until they come in small pieces or the sender closes; the pipe is empty then.
    pub(super) async fn carry(
        &self,
        from: &TcpStream,
        to: &TcpStream,
        activity: &Activity,
        count: &mut u64,
    ) -> io::Result<Carried> {
        let mut small = 0;
        while small < CALM {
            let filled = from.async_io(Interest::READABLE, || splice_some(from, &self.write, PIPE_BYTES)).await;
            let filled = match filled {
                Ok(0) => return Ok(Carried::UntilClosed),
                Ok(filled) => filled,
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(Carried::Nothing),
                Err(error) => return Err(error),
            };
            activity.happened();
            let mut left = filled;
            while left > 0 {
                let moved = to.async_io(Interest::WRITABLE, || splice_some(&self.read, to, left)).await?;
                left -= moved.min(left);
                *count += moved as u64;
                activity.happened();
            }
            small = if filled < FIRST_READ { small + 1 } else { 0 };
        }
        Ok(Carried::UntilCalm)
    }
}

fn splice_some(from: impl std::os::fd::AsFd, to: impl std::os::fd::AsFd, bytes: usize) -> io::Result<usize> {
    Ok(splice(from, None, to, None, bytes, SpliceFlags::MOVE | SpliceFlags::NONBLOCK)?)
}
