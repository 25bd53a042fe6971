//! The `muxi-local` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    match muxi_local::cli(std::env::args_os()) {
        0 => ExitCode::SUCCESS,
        code => ExitCode::from(u8::try_from(code).unwrap_or(1)),
    }
}
