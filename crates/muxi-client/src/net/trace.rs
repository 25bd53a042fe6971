//! Spans of calls and attempts, by OpenTelemetry's conventions for HTTP clients. Without the feature `tracing` all of
//! this is nothing. No key, signature, query or body is recorded.

#[cfg(feature = "tracing")]
mod on {
    use crate::{
        api::{error::Error, request::Request},
        config::Config,
    };
    use tracing::{Instrument, field::Empty};

    /// The span of a call: all its attempts.
    #[derive(Clone, Debug)]
    pub(crate) struct CallSpan(tracing::Span);

    impl CallSpan {
        pub(crate) fn new(request: &Request, config: &Config) -> Self {
            let operation = request.endpoint.map(|endpoint| endpoint.name);
            // A path with ids would give each call a name of its own.
            let template = request.endpoint.map(|endpoint| endpoint.path);
            let name = [request.method.as_str(), template.unwrap_or_default()].join(" ");
            Self(tracing::info_span!(
                "muxi.call",
                otel.kind = "client",
                otel.name = name.trim_end(),
                muxi.operation = operation,
                http.request.method = request.method.as_str(),
                url.template = template,
                server.address = config.base.host(),
                server.port = config.base.port(),
                http.response.status_code = Empty,
                error.r#type = Empty,
                otel.status_code = Empty,
            ))
        }

        /// Runs an attempt, which gives the status of the reply and the outcome, in a span of its own.
        pub(crate) async fn attempt<T>(
            &self,
            number: u32,
            path: &str,
            work: impl Future<Output = (Option<u16>, Result<T, Error>)>,
        ) -> (Option<u16>, Result<T, Error>) {
            let span = tracing::debug_span!(
                parent: &self.0,
                "muxi.attempt",
                http.request.resend_count = (number > 1).then(|| number - 1),
                url.path = path,
                http.response.status_code = Empty,
                error.r#type = Empty,
                otel.status_code = Empty,
            );
            let (status, outcome) = work.instrument(span.clone()).await;
            for span in [&span, &self.0] {
                if let Some(status) = status {
                    span.record("http.response.status_code", status);
                }
            }
            if let Err(error) = &outcome {
                failed(&span, error);
            }
            (status, outcome)
        }

        /// Notes how the call ended.
        pub(crate) fn end<T>(&self, outcome: &Result<T, Error>) {
            if let Err(error) = outcome {
                failed(&self.0, error);
            }
        }
    }

    fn failed(span: &tracing::Span, error: &Error) {
        span.record("error.type", error.code());
        span.record("otel.status_code", "ERROR");
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use crate::{
        api::{error::Error, request::Request},
        config::Config,
    };

    /// Nothing.
    #[derive(Clone, Debug)]
    pub(crate) struct CallSpan;

    #[allow(clippy::unused_self)]
    impl CallSpan {
        pub(crate) fn new(_: &Request, _: &Config) -> Self {
            Self
        }

        pub(crate) fn attempt<W>(&self, _: u32, _: &str, work: W) -> W {
            work
        }

        pub(crate) fn end<T>(&self, _: &Result<T, Error>) {}
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) use off::CallSpan;
#[cfg(feature = "tracing")]
pub(crate) use on::CallSpan;
