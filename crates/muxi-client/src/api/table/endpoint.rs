//! An operation as data: one row of the table.

/// The MUXI API that an operation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// The control plane: a MUXI server.
    Server,
    /// An agent runtime: a formation.
    Formation,
}

/// The credentials that an operation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// No credentials.
    None,
    /// The formation's client key.
    Client,
    /// The formation's admin key.
    Admin,
    /// The client key, or the admin key where no user is named or no client key is configured.
    ClientOrAdmin,
    /// The server's HMAC signature.
    Hmac,
}

/// The place of an argument in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A path segment.
    Path,
    /// A query parameter.
    Query,
    /// A map of query parameters.
    Filters,
    /// A field of the JSON body.
    Body,
    /// The whole JSON body.
    Payload,
    /// The whole JSON body of a chat turn: `session_id` and `request_id` are made when absent.
    Turn,
    /// The `data` field of a trigger body, unless the value already is such a body.
    Trigger,
    /// The whole body, sent as the caller's bytes.
    Raw,
    /// A formation bundle, sent as the body.
    Bundle,
    /// A header.
    Header,
    /// The user header; must name a user.
    User,
    /// The user header; an empty value sends none.
    AnyUser,
    /// Not sent: the operation's [`Composite`] uses it.
    Local,
}

/// The kind of value that an argument holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Str,
    /// A whole number.
    Int,
    /// `true` or `false`.
    Bool,
    /// Any JSON value.
    Json,
    /// A JSON object.
    Object,
    /// A JSON list.
    List,
    /// Bytes.
    Bytes,
    /// A formation bundle.
    Bundle,
}

/// A declared field of a request.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its type as written in the declaration.
    pub rust_type: &'static str,
    /// True if the caller must give it.
    pub required: bool,
}

/// One argument of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The argument's name.
    pub name: &'static str,
    /// Its documentation.
    pub doc: &'static str,
    /// Its type as written in the table; `[T]` for a list.
    pub rust_type: &'static str,
    /// The kind of value that it holds.
    pub kind: Kind,
    /// The declared fields of its type, or of the type of its entries; none for all other types.
    pub fields: &'static [Field],
    /// Its place in the request.
    pub place: Place,
    /// Its name on the wire.
    pub wire: &'static str,
    /// Its place, in words.
    pub goes_to: &'static str,
    /// True if the caller must give it.
    pub required: bool,
    /// True if a required one may be null.
    pub nullable: bool,
    /// True if Python takes it by keyword only.
    pub keyword_only: bool,
    /// The value sent when the caller gives none, as JSON.
    pub default: Option<&'static str>,
}

/// A part of the request that is the same in every call.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    /// [`Place::Query`] or [`Place::Body`].
    pub place: Place,
    /// Its name on the wire.
    pub wire: &'static str,
    /// Its value as JSON.
    pub json: &'static str,
}

/// The way in which a stream says that it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// `event: done`; a stream that ends without it was cut.
    Done,
    /// `event: complete`; a stream that ends without it was cut.
    Complete,
    /// Never by itself: it may be closed at any time.
    Open,
}

/// The form of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// JSON, in the API's envelope or bare.
    Json,
    /// Plain text.
    Text,
    /// Bytes.
    Bytes,
    /// Server-sent events.
    Events(StreamEnd),
}

/// An operation that is more than one request and its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Composite {
    /// On 404 the operation `create_secret` is sent with the same arguments.
    Upsert,
    /// The reply is one entry of the secret list.
    PickSecret,
    /// Without `create_user` the operation `lookup_user` is sent instead.
    LookupUser,
}

/// Properties that few operations have. Each is independent of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// May take minutes: waits [`Endpoint::SLOW_SECONDS`] unless told otherwise.
    pub slow: bool,
    /// The reply has no envelope. Should one come all the same, its `data` is taken.
    pub bare: bool,
    /// The reply has fields beside `data` that belong to it, so that it is no envelope.
    pub whole: bool,
    /// Exactly one of the optional arguments must be given.
    pub one_of: bool,
    /// At least one of the optional arguments must be given.
    pub any_of: bool,
    /// Python returns the length of the text, as the official SDK does.
    pub length: bool,
    /// The shipped runtime clears, then answers 500 `MEMORY_BUFFER_CLEARED`, or 503 when there is nothing to clear:
    /// both are success.
    pub buffers_cleared: bool,
    /// More than one request, or a reply that is made from another.
    pub composite: Option<Composite>,
}

impl Flags {
    /// No flag set.
    pub const NONE: Self = Self {
        slow: false,
        bare: false,
        whole: false,
        one_of: false,
        any_of: false,
        length: false,
        buffers_cleared: false,
        composite: None,
    };
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// The method's name in every language.
    pub name: &'static str,
    /// Its documentation; the first sentence is a summary.
    pub doc: &'static str,
    /// The API it belongs to.
    pub api: Api,
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the base URL; `{name}` stands for the path argument of that name.
    pub path: &'static str,
    /// The credentials it needs.
    pub auth: Auth,
    /// The same in words.
    pub key: &'static str,
    /// Its arguments, required ones first.
    pub params: &'static [Param],
    /// The parts that are always the same.
    pub constants: &'static [Constant],
    /// The form of its reply.
    pub reply: Reply,
    /// The type of its reply.
    pub reply_type: &'static str,
    /// Properties that few operations have.
    pub flags: Flags,
}

impl Param {
    /// The name of its type, or of the type of its entries.
    pub fn type_name(&self) -> &'static str {
        self.rust_type.trim_matches(['[', ']'])
    }
}

impl Endpoint {
    /// Seconds that an operation with [`Flags::slow`] may take by default.
    pub const SLOW_SECONDS: u64 = 600;

    /// The argument of that name.
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|p| p.name == name)
    }

    /// True if the reply is a stream of events.
    pub fn is_stream(&self) -> bool {
        matches!(self.reply, Reply::Events(_))
    }
}

/// The rows of several tables in one.
pub(super) const fn joined<const N: usize>(tables: &[&[&'static Endpoint]]) -> [&'static Endpoint; N] {
    let mut rows = [tables[0][0]; N];
    let (mut table, mut row, mut at) = (0, 0, 0);
    while at < N {
        if row == tables[table].len() {
            (table, row) = (table + 1, 0);
        } else {
            rows[at] = tables[table][row];
            (row, at) = (row + 1, at + 1);
        }
    }
    rows
}
