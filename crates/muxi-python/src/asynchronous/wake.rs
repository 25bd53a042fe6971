//! A pair of sockets, by which the background thread wakes an event loop.

use std::io::{self, Read, Write};

#[cfg(windows)]
use std::{
    net::{TcpListener, TcpStream as Stream},
    os::windows::io::{AsRawSocket, IntoRawSocket},
};
#[cfg(unix)]
use std::{
    os::fd::{AsRawFd, IntoRawFd},
    os::unix::net::UnixStream as Stream,
};

/// The end that an event loop waits for.
pub(super) struct Woken(Stream);

/// The end of the background thread.
pub(super) struct Waker(Stream);

/// Makes a pair.
pub(super) fn pair() -> io::Result<(Woken, Waker)> {
    let (woken, waker) = stream_pair()?;
    woken.set_nonblocking(true)?;
    waker.set_nonblocking(true)?;
    Ok((Woken(woken), Waker(waker)))
}

#[cfg(unix)]
fn stream_pair() -> io::Result<(Stream, Stream)> {
    Stream::pair()
}

/// Windows has no pairs: a connection of the machine with itself. One that another program made meanwhile is not taken.
#[cfg(windows)]
fn stream_pair() -> io::Result<(Stream, Stream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let waker = Stream::connect(listener.local_addr()?)?;
    waker.set_nodelay(true)?;
    loop {
        let (woken, from) = listener.accept()?;
        if from == waker.local_addr()? {
            return Ok((woken, waker));
        }
    }
}

impl Waker {
    /// Wakes the event loop.
    pub(super) fn wake(&self) {
        // A full pipe means that the loop is going to wake up anyway; a closed one, that it is gone.
        let _ = (&self.0).write(&[1]);
    }
}

impl Woken {
    /// The descriptor, which stays with this object.
    pub(super) fn raw(&self) -> u64 {
        #[cfg(unix)]
        return self.0.as_raw_fd() as u64;
        #[cfg(windows)]
        return self.0.as_raw_socket();
    }

    /// The descriptor, which belongs to the caller from now on.
    pub(super) fn into_raw(self) -> u64 {
        #[cfg(unix)]
        return self.0.into_raw_fd() as u64;
        #[cfg(windows)]
        return self.0.into_raw_socket();
    }

    /// Takes the bytes that have come.
    pub(super) fn clear(&self) -> io::Result<()> {
        match (&self.0).read(&mut [0; 16]) {
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => Err(e),
            _ => Ok(()),
        }
    }
}
