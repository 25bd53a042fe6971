//! The behaviour cases of `contract/cases/`, through the async and the blocking client. One test per case and face.
#![allow(clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "cases/calls.rs"]
mod calls;
#[path = "cases/case.rs"]
mod case;
#[path = "cases/check.rs"]
mod check;

use calls::{Face, Ran};
use case::Case;
use libtest_mimic::{Arguments, Failed, Trial};
use muxi_client::{
    Error,
    api::table::Api,
    blocking::Blocking,
    client::{Async, Builder, Client, Formation, Server},
};
use std::{fs, path::Path, time::Instant};

fn main() {
    let mut trials = Vec::new();
    for (area, case) in all() {
        for face in ["rust", "rust-blocking"] {
            if !case.excludes(face) {
                let case = case.clone();
                trials.push(Trial::test(format!("{area}::{}::{face}", case.name), move || run(&case, face)));
            }
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Every case with its area.
fn all() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contract/cases");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("contract/cases").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "json"));
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let area = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a readable file");
        let read: Vec<Case> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        cases.extend(read.into_iter().map(|case| (area.clone(), case)));
    }
    cases
}

fn run(case: &Case, face: &str) -> Result<(), Failed> {
    let server = scripted::Server::start(case.replies.clone())?;
    let settings = case.settings(server.url());
    let kept = match (case.api, face) {
        (Api::Formation, "rust") => go::<Client<Formation, Async>>(case, settings.into()),
        (Api::Formation, _) => go::<Client<Formation, Blocking>>(case, settings.into()),
        (Api::Server, "rust") => go::<Client<Server, Async>>(case, settings.into()),
        (Api::Server, _) => go::<Client<Server, Blocking>>(case, settings.into()),
    };
    let (ran, _client) = kept;
    check::check(&case.expect, &ran, &server)?;
    Ok(())
}

/// Makes the calls. The client comes along, so that its connections live until all is checked.
fn go<C: Face + 'static>(case: &Case, builder: Builder<C::Api, C::Mode>) -> (Ran, Option<Box<dyn std::any::Any>>)
where
    Builder<C::Api, C::Mode>: calls::Build<C>,
{
    let client = match calls::Build::<C>::make(builder) {
        Ok(client) => client,
        Err(error) => return (Ran::failed(error), None),
    };
    for earlier in &case.earlier {
        let ran = client.call(earlier);
        if let Some(error) = ran.error {
            let error = Error::new(error.kind(), error.code(), format!("an earlier call failed: {}", error.message()));
            return (Ran::failed(error), None);
        }
    }
    let started = Instant::now();
    let mut ran = client.call(&case.call);
    ran.seconds = started.elapsed().as_secs_f64();
    (ran, Some(Box::new(client)))
}
