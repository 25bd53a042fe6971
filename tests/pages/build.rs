//! Says where the programs are: in the file that `RUST_BLOCKS` names; without it there are none.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-env-changed=RUST_BLOCKS");
    let path = env::var("RUST_BLOCKS").unwrap_or_else(|_| {
        let none = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("none.rs");
        fs::write(&none, "fn main() {}\n").expect("the folder is there");
        none.to_str().expect("the path is text").to_owned()
    });
    println!("cargo::rustc-env=RUST_BLOCKS={path}");
}
