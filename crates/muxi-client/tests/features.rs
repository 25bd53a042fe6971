//! The packages that each set of features adds to a program's dependency tree.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeSet, process::Command};

/// The names of all crates that `muxi-client` needs with these options.
fn tree(options: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "tree",
        "--locked",
        "--package",
        "muxi-client",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let output = cargo.args(options).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn lacks(tree: &BTreeSet<String>, names: &[&str]) {
    let found: Vec<_> = names.iter().filter(|name| tree.contains(**name)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_api_alone_does_no_io() {
    let tree = tree(&["--no-default-features"]);
    assert!(tree.contains("serde_json"));
    lacks(&tree, &["tokio", "hyper", "hyper-util", "reqwest", "rustls", "mio", "socket2", "tempfile"]);
}

#[test]
fn the_client_has_one_stack_of_each_kind() {
    let all = ["blocking,native-roots,webpki-roots,tracing"];
    for options in [vec![], vec!["--features", all[0]]] {
        let tree = tree(&options);
        assert!(tree.contains("hyper") && tree.contains("rustls") && tree.contains("ring"));
        lacks(&tree, &["reqwest", "openssl", "native-tls", "aws-lc-rs", "ureq", "async-std", "smol", "isahc"]);
    }
}

#[test]
fn what_is_optional_is_absent_by_default() {
    let default = tree(&[]);
    lacks(&default, &["tracing-subscriber"]);
    // Mozilla's certificates, for systems that have none.
    assert!(default.contains("rustls-native-certs") && default.contains("webpki-roots"));
    lacks(&tree(&["--no-default-features", "--features", "client"]), &["rustls-native-certs", "webpki-roots"]);
}

#[test]
fn who_only_chats_can_leave_bundles_out() {
    let tree = tree(&["--no-default-features", "--features", "client,native-roots"]);
    assert!(tree.contains("hyper"));
    lacks(&tree, &["flate2", "ignore", "serde-saphyr", "tar", "tempfile"]);
}
