//! The `muxi-local` program.
fn main() {}
