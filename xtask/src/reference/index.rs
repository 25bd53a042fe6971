//! The list of all operations.

use super::{Page, client};
use crate::text::{self, cell};
use anyhow::Result;
use muxi_client::api::table::Api;
use std::fmt::Write as _;

const HEAD: &str = "# Reference: all operations

Every operation of a MUXI server and of a formation: the call in each language, arguments, reply, errors, and an example
that runs against [the local server](../local.md).

| | a server | a formation |
|---|---|---|
| Python | `muxi.ServerClient` | `muxi.FormationClient` |
| Python, asynchronous | `muxi.AsyncServerClient` | `muxi.AsyncFormationClient` |
| Rust | `muxi_client::ServerClient` | `muxi_client::FormationClient` |
| Rust, blocking | `muxi_client::blocking::ServerClient` | `muxi_client::blocking::FormationClient` |

All have the same methods. In Rust, optional arguments are set on the call, which is sent by `.await`, or by `.send()` of
the blocking clients. A Python reply is a dict whose fields can be read as attributes, too (`async_` and `items_` for
fields named `async` and `items`). A field that a type does not list is kept. A reply may have `request_id`,
`idempotency_key` and `timestamp` of its envelope beside its own fields.

## Arguments of every method

| Python | Rust | meaning |
|---|---|---|
| `timeout` | `.timeout(duration)` | limit of one attempt, or of the wait for the beginning of a stream; seconds in Python |
| `deadline` | `.deadline(duration)` | limit of the whole call: attempts, pauses and the whole stream |
| `headers` | `.header(name, value)` | more headers |
| `idempotency_key` | `.idempotency_key(key)` | the key to send instead of a fresh one |
| `with_options(max_retries=...)` | `.max_retries(times)` | how often to try again |

## Errors of every method

The sections of the operations list the errors that are theirs. Beside these, any call may fail because of an argument
(`ValueError` and `TypeError` in Python, nothing was sent), the network (`ConnectionError`, `TimeoutError`), its key
(`AuthenticationError`, `AuthorizationError`), too many requests (`RateLimitError`) or a failure of the server or the formation (`ServerError`).
[The table of errors](../errors-table.md) has them all.
";

/// The page.
pub(super) fn page(pages: &[Page]) -> Result<String> {
    let mut out = HEAD.to_owned();
    for (api, title) in [(Api::Server, "Operations of a server"), (Api::Formation, "Operations of a formation")] {
        write!(out, "\n## {title}\n\nMethods of `{}`.\n", client(api))?;
        for page in pages.iter().filter(|page| page.api == api) {
            if api == Api::Formation {
                write!(out, "\n### {}\n\n{}\n", page.title, page.about)?;
            }
            out.push_str("\n| operation | does | route |\n|---|---|---|\n");
            for endpoint in page.endpoints {
                let (does, _) = text::summary(endpoint.doc);
                let name = endpoint.name;
                let row = format!("| [`{name}`]({}.md#{name}) | {} |", page.name, cell(&does));
                writeln!(out, "{row} `{} {}` |", endpoint.method, endpoint.path)?;
            }
        }
    }
    out.push_str("\n```{toctree}\n:hidden:\n\n");
    for page in pages {
        writeln!(out, "{}", page.name)?;
    }
    writeln!(out, "{}\n```", super::SHARED)?;
    Ok(out)
}
