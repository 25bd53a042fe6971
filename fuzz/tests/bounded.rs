//! Every target, with its seeds, with what was found before, and with a bounded number of inputs made from both.

#![allow(clippy::unwrap_used)]

use muxi_fuzz_targets::{Mutator, TARGETS, Target, seeds};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

/// The inputs that a fuzzer has found once, kept in files of a folder for each target.
fn found(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("found").join(target.name);
    let paths = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    paths.map(|path| fs::read(path).unwrap()).collect()
}

fn try_out(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let given = [seeds(name).unwrap(), found(target)].concat();
    assert!(!given.is_empty(), "a target has seeds");
    let mut mutator = Mutator::new(7, given.clone());
    let made = std::iter::repeat_with(|| mutator.input()).take(target.inputs);
    for input in given.into_iter().chain(made) {
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
        assert!(outcome.is_ok(), "{name} fails for b\"{}\"", input.escape_ascii());
    }
}

macro_rules! try_all {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            try_out(stringify!($name));
        })*

        #[test]
        fn each_target_is_tried() {
            assert_eq!(TARGETS.map(|target| target.name), [$(stringify!($name)),*]);
        }
    };
}

try_all!(sse reply retry_after url proxy webhook bundle formation script);
