//! The kinds of errors, each declared once: statuses, default code, retry rule, and its class in Python.

use std::fmt;

/// Declares the kinds of errors:
///
/// ```text
/// /// Documentation, for Rust, Python and the table of errors.
/// KIND = "DEFAULT_CODE" {
///     help: "TEXT",                             // what to do about it
///     statuses: [PATTERN, ...],                 // of replies that are errors of this kind
///     retried: Retried::...,                    // with `max_retries`
///     events: ["NAME", ...],                    // of failures in the server's progress streams
///     python: "CLASS" of "BASE" [and builtin "CLASS"] | builtin "CLASS",
/// }
/// ```
macro_rules! kinds {
    ($(
        $(#[doc = $doc:literal])+
        $kind:ident = $code:literal {
            help: $help:literal,
            statuses: [$($status:pat),*],
            retried: $retried:expr,
            events: [$($event:literal),*],
            python: $($class:literal of $base:literal)? $(and builtin $also:literal)? $(builtin $builtin:literal)?,
        }
    )+) => {
        /// The kind of an error, by what a caller can do about it. [`retried`](Self::retried) tells which failures of a
        /// kind are tried again, as often as `max_retries` allows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(
                $(#[doc = $doc])+
                #[doc = concat!("\n\n", $help)]
                #[doc = kinds!(@statuses $($status),*)]
                #[doc = concat!("\n\n`code()` is `", $code, "` unless the reply names another.")]
                $kind,
            )+
        }

        impl ErrorKind {
            /// Every kind, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The kind of an error reply with that status.
            pub fn of_status(status: u16) -> Self {
                match status {
                    $($($status => Self::$kind,)*)+
                    _ => Self::Api,
                }
            }

            /// The kind that lists that name among its events.
            fn of_listed_event(name: &str) -> Option<Self> {
                match name {
                    $($($event => Some(Self::$kind),)*)+
                    _ => None,
                }
            }

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($kind),)+
                }
            }

            /// The code of an error of this kind for which the server names none.
            pub fn default_code(self) -> &'static str {
                match self {
                    $(Self::$kind => $code,)+
                }
            }

            /// The failures of this kind after which a call is sent again.
            pub fn retried(self) -> Retried {
                match self {
                    $(Self::$kind => $retried,)+
                }
            }

            /// Its documentation.
            pub fn doc(self) -> &'static str {
                match self {
                    $(Self::$kind => concat!($($doc, "\n"),+),)+
                }
            }

            /// Advice for the caller.
            pub fn help(self) -> &'static str {
                match self {
                    $(Self::$kind => $help,)+
                }
            }

            /// The statuses of its replies, as Rust patterns.
            pub fn statuses(self) -> &'static [&'static str] {
                match self {
                    $(Self::$kind => &[$(stringify!($status)),*],)+
                }
            }

            /// Its exception in Python.
            pub fn python(self) -> PythonClass {
                match self {
                    $(Self::$kind => kinds!(@python $($class of $base)? $(and $also)? $(builtin $builtin)?),)+
                }
            }
        }
    };
    (@statuses) => { "" };
    (@statuses $($status:pat),+) => { concat!("\n\nHTTP status:", $(" `", stringify!($status), "`"),+, ".") };
    (@python builtin $name:literal) => { PythonClass { name: $name, base: None, builtin: None } };
    (@python $name:literal of $base:literal) => { PythonClass { name: $name, base: Some($base), builtin: None } };
    (@python $name:literal of $base:literal and $also:literal) => {
        PythonClass { name: $name, base: Some($base), builtin: Some($also) }
    };
}

/// The failures after which a call is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    /// None.
    Never,
    /// All.
    Always,
    /// Replies with one of these statuses.
    Statuses(&'static [u16]),
}

/// An exception class of the Python package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PythonClass {
    /// Its name.
    pub name: &'static str,
    /// Its base class in `muxi.errors`; a builtin exception has none.
    pub base: Option<&'static str>,
    /// A builtin exception that it is, too.
    pub builtin: Option<&'static str>,
}

kinds! {
    /// A wrong argument or setting; nothing was sent.
    InvalidArgument = "INVALID_ARGUMENT" {
        help: "Correct the argument or the setting that the message names.",
        statuses: [],
        retried: Retried::Never,
        events: [],
        python: builtin "ValueError",
    }

    /// The client is closed, and nothing was sent; or the stream was closed before its end.
    Closed = "CLIENT_CLOSED" {
        help: "Keep the client or the stream open for as long as it is used.",
        statuses: [],
        retried: Retried::Never,
        events: [],
        python: builtin "RuntimeError",
    }

    /// The connection could not be opened, or broke.
    Connection = "CONNECTION_ERROR" {
        help: "Check the URL and the network. Allow retries for calls that may be carried out twice.",
        statuses: [],
        retried: Retried::Always,
        events: [],
        python: "ConnectionError" of "MuxiError" and builtin "ConnectionError",
    }

    /// No reply in time.
    Timeout = "TIMEOUT" {
        help: "Raise the limit that the message names, or allow retries for calls that may be carried out twice.",
        statuses: [],
        retried: Retried::Always,
        events: [],
        python: "TimeoutError" of "ConnectionError" and builtin "TimeoutError",
    }

    /// The key is missing or wrong.
    Authentication = "UNAUTHORIZED" {
        help: "Check the keys of the client, and for a server the clock of this machine.",
        statuses: [401],
        retried: Retried::Never,
        events: [],
        python: "AuthenticationError" of "MuxiError",
    }

    /// The key does not allow the operation.
    Authorization = "FORBIDDEN" {
        help: "Use a key that allows it, or act on behalf of a user who may do it.",
        statuses: [403],
        retried: Retried::Never,
        events: [],
        python: "AuthorizationError" of "MuxiError",
    }

    /// The resource does not exist.
    NotFound = "NOT_FOUND" {
        help: "Check the id, and the user on whose behalf the call is made. With a path of your own, check the base URL.",
        statuses: [404],
        retried: Retried::Never,
        events: ["NotFound"],
        python: "NotFoundError" of "MuxiError",
    }

    /// The resource exists already, or is in use.
    Conflict = "CONFLICT" {
        help: "Read its state again, then decide what to do.",
        statuses: [409],
        retried: Retried::Never,
        events: ["FormationExists", "AlreadyRunning", "NoChange"],
        python: "ConflictError" of "MuxiError",
    }

    /// The request is invalid; see `details`.
    Validation = "VALIDATION_ERROR" {
        help: "Correct the fields that the message and `details` name.",
        statuses: [400, 413, 422],
        retried: Retried::Never,
        events: [
            "MissingHeader", "InvalidFormationID", "ExtractError", "ParseError", "SecretsError", "IDMismatch",
            "VersionMismatch", "NoPreviousVersion", "InvalidRuntime"
        ],
        python: "ValidationError" of "MuxiError",
    }

    /// Too many requests; see `retry_after`.
    RateLimit = "RATE_LIMITED" {
        help: "Wait for `retry_after` seconds, or allow retries.",
        statuses: [429],
        retried: Retried::Statuses(&[429]),
        events: [],
        python: "RateLimitError" of "RateLimitBase",
    }

    /// The server or the formation failed.
    Server = "SERVER_ERROR" {
        help: "Try again later, or allow retries. The `request_id` finds the failure in its logs.",
        statuses: [500..],
        retried: Retried::Statuses(&[500, 502, 503, 504]),
        events: ["HealthCheckFailed"],
        python: "ServerError" of "MuxiError",
    }

    /// Any other error that the server or the formation reports, and a reply that is not what the operation promises.
    Api = "ERROR" {
        help: "Read the code and the message. A reply that is not MUXI's comes from a wrong URL or a proxy.",
        statuses: [],
        retried: Retried::Statuses(&[408]),
        events: [],
        python: "MuxiError" of "Exception",
    }
}

impl fmt::Display for ErrorKind {
    /// Writes the [`name`](Self::name).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl ErrorKind {
    /// Tells whether a call that failed so is sent again. `status` is that of the reply, if there is one.
    pub fn is_retried(self, status: Option<u16>) -> bool {
        match self.retried() {
            Retried::Never => false,
            Retried::Always => true,
            Retried::Statuses(statuses) => status.is_some_and(|status| statuses.contains(&status)),
        }
    }

    /// The code of an error reply that names none.
    pub fn code_of_status(status: u16) -> &'static str {
        match status {
            300..400 => "REDIRECT",
            405 => "METHOD_NOT_ALLOWED",
            _ => Self::of_status(status).default_code(),
        }
    }

    /// The kind of a failure with that name in the server's progress streams; none for an unknown name.
    pub(super) fn of_event(name: &str) -> Option<Self> {
        let is_exception = || name.ends_with("Error") && name.starts_with(char::is_uppercase);
        Self::of_listed_event(name).or_else(|| is_exception().then_some(Self::Server))
    }
}
