//! The command line, as a function: the program and `python -m muxi.local` both call it.

mod announce;
mod arguments;

use announce::{announce, explain, list_quirks, list_routes, warn};
use arguments::Arguments;
use clap::Parser;
use std::{ffi::OsString, io};

/// Runs the command line `args` (the program's name first) until a signal stops it. Returns the exit code.
pub fn cli(args: impl IntoIterator<Item = OsString>) -> i32 {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too; a closed pipe is no error of ours.
            let _ = error.print();
            return error.exit_code();
        }
    };
    if arguments.routes {
        // `muxi-local --routes | head` closes the pipe early.
        let _ = list_routes(&mut io::stdout().lock());
        return 0;
    }
    if arguments.lists_quirks() {
        let _ = list_quirks(&mut io::stdout().lock());
        return 0;
    }
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("muxi-local: {}", explain(&arguments, &error));
            1
        }
    }
}

/// The exit code of a program that a second interrupt ends at once.
const INTERRUPTED: i32 = 130;

/// Serves until a signal comes. Returns the exit code.
fn run(arguments: &Arguments) -> io::Result<i32> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        let server = arguments.builder().start().await?;
        match announce(&mut io::stdout().lock(), arguments.json, &server) {
            // The parent process may have closed the other end; the server is of use all the same.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                return Err(io::Error::new(error.kind(), format!("cannot print where the server is: {error}")));
            }
            _ => {}
        }
        let _ = warn(&mut io::stderr().lock(), &server);
        signals.wait().await;
        tokio::select! {
            () = server.stopped() => Ok(0),
            () = signals.wait() => Ok(INTERRUPTED),
        }
    })
}

/// The signals that end the program; registered before the server starts, so that none is missed.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The events of a console for the programs in it. Another program can send the second only.
#[cfg(windows)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    terminate: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
}

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
        Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_break()?, close: ctrl_close()? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.close.recv() => {}
        }
    }
}
