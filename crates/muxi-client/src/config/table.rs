//! The settings of the clients, each declared once.
//!
//! A row makes the field of [`Settings`], the method of [`Builder`], the reading of its variable, the checked field of
//! [`Config`], the Python keyword with its documentation, and the value that `muxi-python` takes by its name.

use super::{
    api_kind::{Formation, Server},
    attempt::{Attempt, OnAttempt, OnUpdate},
    macros::settings,
    setting::{Language, ProxySetting, Setting, SettingFlags, SettingKind, SettingValue, Slot, Usage},
    url::BaseUrl,
    value,
};
use crate::{
    api::{auth::Signer, error::Result, retry::Retry, table::Api},
    http_service::HttpService,
};
use http::{HeaderMap, HeaderValue};
use std::{marker::PhantomData, path::PathBuf, sync::Arc, time::Duration};

settings! {
    all {
        /// Id of the formation behind `server_url`.
        formation_id: text, config { formation "MUXI_FORMATION_ID" }

        /// URL of the server, such as `http://localhost:7890`.
        url: text, config, address {
            server "MUXI_SERVER_URL",
            formation "MUXI_FORMATION_URL": "URL of the formation itself; `/v1` is added.",
        }

        /// Id of the server's HMAC key.
        key_id: text, config { server "MUXI_KEY_ID" }

        /// Secret of the server's HMAC key.
        secret_key: text, config, secret { server "MUXI_SECRET_KEY" }

        /// URL of the server in front of the formation; needs `formation_id`.
        server_url: text, config, address { formation "MUXI_SERVER_URL" }

        /// URL of the formation's API, taken as it is.
        base_url: text, config, address { formation }

        /// Admin key of the formation.
        admin_key: key, config, secret { formation "MUXI_ADMIN_KEY" }

        /// Client key of the formation.
        client_key: key, config, secret { formation "MUXI_CLIENT_KEY" }

        /// Number of further attempts after a temporary failure.
        max_retries: count = 0, config { both "MUXI_MAX_RETRIES" }

        /// Timeout of one attempt. Operations that take long, such as deploying, have 600 s instead of the default.
        /// Streams have none.
        timeout: seconds = 30, config { both "MUXI_TIMEOUT" }

        /// A log line for each attempt: on stderr in Rust, by the logger `muxi` in Python.
        debug: truth = false, config { both "MUXI_DEBUG" }
    }

    python {
        /// Logger for all lines, instead of the logger `muxi`.
        logger: logger, config { both }

        /// Called before each attempt at a call with its `muxi.Attempt`.
        on_request: hook { both }

        /// Called after each attempt, also a failed one, with its `muxi.Attempt`. That of a stream ends when its headers
        /// have come.
        on_response: hook { both }

        /// Called before the wait for a further attempt, with the `muxi.Attempt` that failed.
        on_retry: hook { both }

        /// Spans and the header `traceparent` by OpenTelemetry, where a program has loaded it.
        telemetry: flag = true { both }
    }

    all {
        /// Version of the formation behind `server_url`: `live` or `draft`.
        mode: text = "live", config { formation }

        /// Timeout for opening a connection: name lookup, TCP, proxy and TLS together.
        connect_timeout: seconds = 10, connection { both }

        /// Longest silence of a stream, after which it fails. The wait for its beginning counts; keepalives end a
        /// silence.
        stream_idle_timeout: seconds = no_limit { both }

        /// Timeout of a whole call: all its attempts, the waits between them, and the whole of its stream.
        deadline: seconds = no_limit { both }

        /// Largest size of a reply, in bytes: a larger one is an error. Streams have no such limit.
        max_reply_bytes: count = 268435456 { both }

        /// Time after which an unused connection is closed. The shipped runtime closes its own after 5 s.
        pool_idle_timeout: seconds = 4, connection { both }

        /// Headers for every request.
        headers: headers { both }

        /// URL of a proxy (`http`, `https`, `socks5`, or `socks5h` where the proxy looks names up), instead of the one
        /// that the environment's proxy variables name. Without a proxy, whatever they say: `False` in Python,
        /// `no_proxy()` in Rust.
        proxy: proxy, connection { both }

        /// PEM file with certificates to trust beside the system's.
        ca_file: path, connection { both }

        // The builder has `danger_accept_any_certificate`.
        /// Verification of the server's certificate. Without it any certificate is accepted: for tests only.
        verify: flag = true, by_hand, connection { both }

        /// The client's own certificate, for a server that asks for one: the PEM file with the certificates, its own
        /// first, and the PEM file with their private key.
        client_certificate: certificate, connection { both }

        /// HTTP/2 over TLS, where the server offers it. All calls share its connection.
        http2: flag = false, connection { both }

        /// Rule for further attempts, instead of `max_retries`: their number, the pauses between them, and the statuses
        /// of replies after which there are any.
        retry: retry, config { both }

        /// Name of the application, for telemetry.
        app: text, config, internal { both }
    }

    rust {
        /// The service that sends requests instead of the client's own connections. See
        /// [`http_service`](crate::http_service).
        http_service: service { both }

        /// Called after each attempt, for logs; takes the place of the lines of `debug`.
        on_attempt: attempt_hook { both }

        /// Called with the version when a server knows a newer one of this SDK, once in a process; by default a line on
        /// stderr says so.
        on_update: version_hook { both }

        /// Notice of a newer version of this SDK, once in a process.
        update_notice: truth = true { both "MUXI_SDK_VERSION_NOTIFICATION" }

        // For wrappers in other languages.
        /// Name and version of the SDK, then the platform.
        sdk: pair, by_hand, internal { both }
    }
}
