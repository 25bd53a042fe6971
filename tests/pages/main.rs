//! The Rust programs of the pages, each in a module; the first argument says which one to run.

include!(env!("RUST_BLOCKS"));
