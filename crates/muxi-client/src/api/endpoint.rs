//! The form of an operation, and the macro that declares a table of them.

/// Which of the two MUXI APIs an operation belongs to.
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

/// Where an argument goes.
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
    /// Not sent: the operation's rule uses it.
    Local,
}

/// What an argument may hold.
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

/// One argument of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// The argument's name.
    pub name: &'static str,
    /// Its type as written in the table.
    pub rust_type: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// Where it goes.
    pub place: Place,
    /// Its name on the wire.
    pub wire: &'static str,
    /// Whether the caller must give it.
    pub required: bool,
    /// Whether one that the caller must give may be null.
    pub nullable: bool,
    /// Whether Python takes it by keyword only.
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

/// How a stream says that it is over.
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

/// What an operation does beyond sending one request and reading one reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Nothing.
    Plain,
    /// May take minutes: waits [`Endpoint::SLOW_SECONDS`] unless told otherwise.
    Slow,
    /// The reply is not unwrapped: fields beside `data` matter.
    Bare,
    /// Exactly one of the optional arguments must be given.
    OneOf,
    /// At least one of the optional arguments must be given.
    AnyOf,
    /// On 404 the operation `create_secret` is sent with the same arguments.
    Upsert,
    /// The reply is one entry of the secret list.
    PickSecret,
    /// Without `create_user` the operation `lookup_user` is sent instead.
    LookupUser,
    /// The shipped runtime clears, then answers 500 `MEMORY_BUFFER_CLEARED`, or 503 when they are empty: that is success.
    BuffersCleared,
    /// Python returns the length of the text, as the official SDK does.
    Length,
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// The method's name in every language.
    pub name: &'static str,
    /// What it does; the first line is a summary.
    pub doc: &'static str,
    /// The API it belongs to.
    pub api: Api,
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the base URL; `{name}` stands for the path argument of that name.
    pub path: &'static str,
    /// The credentials it needs.
    pub auth: Auth,
    /// Its arguments, required ones first.
    pub params: &'static [Param],
    /// The parts that are always the same.
    pub constants: &'static [Constant],
    /// The form of its reply.
    pub reply: Reply,
    /// The type of its reply.
    pub reply_type: &'static str,
    /// What else it does.
    pub rule: Rule,
}

impl Endpoint {
    /// Seconds that an operation with [`Rule::Slow`] may take by default.
    pub const SLOW_SECONDS: u64 = 600;

    /// The argument of that name.
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        self.params.iter().find(|p| p.name == name)
    }

    /// Whether the reply is a stream of events.
    pub fn is_stream(&self) -> bool {
        matches!(self.reply, Reply::Events(_))
    }
}

/// An operation as a type: what the table derives for each row.
pub trait Operation: Send + Sync + 'static {
    /// The form and type of the reply.
    type Reply: ReplyForm;
    /// The row.
    const ENDPOINT: &'static Endpoint;
}

/// A form of reply, by type.
pub trait ReplyForm: Send + Sync + 'static {
    /// The same, as data.
    const REPLY: Reply;
}

/// The forms of reply, named as the table names them.
#[allow(non_camel_case_types)]
pub mod reply {
    use super::{Reply, ReplyForm, StreamEnd};
    use crate::api::events::StreamEvent;
    use std::marker::PhantomData;

    /// A JSON reply of type `T`.
    #[derive(Debug)]
    pub struct json<T>(PhantomData<T>);
    /// A text reply.
    #[derive(Debug)]
    pub struct text<T>(PhantomData<T>);
    /// A reply of bytes.
    #[derive(Debug)]
    pub struct bytes<T>(PhantomData<T>);
    /// A stream of events.
    #[derive(Debug)]
    pub struct sse<T>(PhantomData<T>);

    impl<T: Send + Sync + 'static> ReplyForm for json<T> {
        const REPLY: Reply = Reply::Json;
    }
    impl<T: Send + Sync + 'static> ReplyForm for text<T> {
        const REPLY: Reply = Reply::Text;
    }
    impl<T: Send + Sync + 'static> ReplyForm for bytes<T> {
        const REPLY: Reply = Reply::Bytes;
    }
    impl<T: EventsOf> ReplyForm for sse<T> {
        const REPLY: Reply = Reply::Events(T::END);
    }

    /// A kind of event stream.
    pub trait EventsOf: Send + Sync + 'static {
        /// What its events are.
        type Event: StreamEvent;
        /// How such a stream ends.
        const END: StreamEnd;
    }
}

/// What a Rust argument type may hold; lets the table derive [`Param::kind`] from the type.
pub trait ArgType {
    /// The kind.
    const KIND: Kind;
    /// Whether it may be null.
    const NULLABLE: bool = false;
}

macro_rules! arg_types {
    ($($ty:ty => $kind:ident),* $(,)?) => {
        $(impl ArgType for $ty { const KIND: Kind = Kind::$kind; })*
    };
}

arg_types! {
    &str => Str,
    u32 => Int,
    bool => Bool,
    serde_json::Value => Json,
    crate::api::types::Object => Object,
    &[&str] => List,
    &[u8] => Bytes,
    crate::api::bundle::Bundle => Bundle,
}

/// Declares a table: one row per operation.
///
/// ```text
/// /// Summary.
/// FORM fn NAME(ARG: TYPE => PLACE [as "WIRE"], ...; opt|kw ARG: TYPE => PLACE [as "WIRE"] [= DEFAULT], ...)
///     -> TYPE = METHOD "PATH", AUTH [, body|query "WIRE" = VALUE]... [; RULE];
/// ```
///
/// `FORM` is `json`, `text`, `bytes` or `sse`. Arguments before the first `;` are required; `opt` ones are
/// optional, `kw` ones are optional and keyword-only in Python. `PLACE` also says what Rust takes: whatever converts
/// into `TYPE` at `turn`, `payload`, `bundle`, `typed` (the same place as `body`), `word` (the same as `query`);
/// whatever serialises at `trigger`, `filters` and `open` (the same place as `body`); a `TYPE` everywhere else.
macro_rules! endpoints {
    ($api:ident, $place:ident; $(
        $(#[doc = $doc:literal])+
        $form:ident fn $name:ident(
            $($arg:ident: $ty:ty => $at:ident $(as $wire:literal)?),*
            $(; $($mark:ident $oarg:ident: $oty:ty => $oat:ident $(as $owire:literal)? $(= $default:literal)?),*)?
        ) -> $reply:ident = $method:ident $path:literal, $auth:ident $(, $cat:ident $cwire:literal = $cval:literal)* $(; $rule:ident)?
    )*) => {
        /// One type per operation, named like its method.
        #[allow(non_camel_case_types)]
        pub mod $place {
            $(
                #[doc = concat!("The operation `", stringify!($name), "`: `", stringify!($method), " ", $path, "`.")]
                #[derive(Debug)]
                pub enum $name {}
            )*
        }

        $(
            impl $crate::api::endpoint::Operation for $place::$name {
                type Reply = $crate::api::endpoint::reply::$form<$crate::api::types::$reply>;
                const ENDPOINT: &'static $crate::api::endpoint::Endpoint = &$crate::api::endpoint::Endpoint {
                    name: stringify!($name),
                    doc: concat!($($doc, "\n"),+),
                    api: $crate::api::endpoint::Api::$api,
                    method: stringify!($method),
                    path: $path,
                    auth: $crate::api::endpoint::endpoints!(@auth $auth),
                    params: &[
                        $($crate::api::endpoint::Param {
                            name: $crate::api::endpoint::endpoints!(@name $arg),
                            rust_type: stringify!($ty),
                            kind: <$ty as $crate::api::endpoint::ArgType>::KIND,
                            place: $crate::api::endpoint::endpoints!(@place $at),
                            wire: $crate::api::endpoint::endpoints!(@wire $arg $($wire)?),
                            required: true,
                            nullable: <$ty as $crate::api::endpoint::ArgType>::NULLABLE,
                            keyword_only: false,
                            default: None,
                        },)*
                        $($($crate::api::endpoint::Param {
                            name: $crate::api::endpoint::endpoints!(@name $oarg),
                            rust_type: stringify!($oty),
                            kind: <$oty as $crate::api::endpoint::ArgType>::KIND,
                            place: $crate::api::endpoint::endpoints!(@place $oat),
                            wire: $crate::api::endpoint::endpoints!(@wire $oarg $($owire)?),
                            required: false,
                            nullable: <$oty as $crate::api::endpoint::ArgType>::NULLABLE,
                            keyword_only: $crate::api::endpoint::endpoints!(@mark $mark),
                            default: $crate::api::endpoint::endpoints!(@default $($default)?),
                        },)*)?
                    ],
                    constants: &[$($crate::api::endpoint::Constant {
                        place: $crate::api::endpoint::endpoints!(@place $cat),
                        wire: $cwire,
                        json: $cval,
                    }),*],
                    reply: <$crate::api::endpoint::reply::$form<$crate::api::types::$reply>
                        as $crate::api::endpoint::ReplyForm>::REPLY,
                    reply_type: stringify!($reply),
                    rule: $crate::api::endpoint::endpoints!(@rule $($rule)?),
                };
            }
        )*

        /// Every operation of this API.
        pub static ENDPOINTS: &[&$crate::api::endpoint::Endpoint] = &[
            $(<$place::$name as $crate::api::endpoint::Operation>::ENDPOINT),*
        ];

        #[cfg(feature = "client")]
        impl<M> $crate::client::Client<$crate::client::$api, M> {
            $(
                $(#[doc = $doc])+
                #[doc = concat!("\n\n`", stringify!($method), " ", $path, "`")]
                pub fn $name(
                    &self $(, $arg: $crate::api::endpoint::endpoints!(@takes $at $ty))*
                ) -> $crate::call::Call<'_, M, $place::$name> {
                    #[allow(unused_mut)]
                    let mut call = $crate::call::Call::new(self.shared());
                    $(call.set(stringify!($arg), $crate::api::endpoint::endpoints!(@given $at $ty, $arg));)*
                    call
                }
            )*
        }

        $($(
            #[cfg(feature = "client")]
            impl<M> $crate::call::Call<'_, M, $place::$name> {
                $(
                    #[doc = concat!(
                        "Sets `",
                        stringify!($oarg),
                        "`: ",
                        $crate::api::endpoint::endpoints!(@about $oat),
                        $crate::api::endpoint::endpoints!(@named $oat $oarg $($owire)?),
                    )]
                    pub fn $oarg(mut self, $oarg: $crate::api::endpoint::endpoints!(@takes $oat $oty)) -> Self {
                        self.set(stringify!($oarg), $crate::api::endpoint::endpoints!(@given $oat $oty, $oarg));
                        self
                    }
                )*
            }
        )?)*
    };
    (@auth none) => { $crate::api::endpoint::Auth::None };
    (@auth client) => { $crate::api::endpoint::Auth::Client };
    (@auth admin) => { $crate::api::endpoint::Auth::Admin };
    (@auth client_or_admin) => { $crate::api::endpoint::Auth::ClientOrAdmin };
    (@auth hmac) => { $crate::api::endpoint::Auth::Hmac };
    (@place path) => { $crate::api::endpoint::Place::Path };
    (@place query) => { $crate::api::endpoint::Place::Query };
    (@place filters) => { $crate::api::endpoint::Place::Filters };
    (@place body) => { $crate::api::endpoint::Place::Body };
    (@place payload) => { $crate::api::endpoint::Place::Payload };
    (@place turn) => { $crate::api::endpoint::Place::Turn };
    (@place trigger) => { $crate::api::endpoint::Place::Trigger };
    (@place typed) => { $crate::api::endpoint::Place::Body };
    (@place open) => { $crate::api::endpoint::Place::Body };
    (@place word) => { $crate::api::endpoint::Place::Query };
    (@place raw) => { $crate::api::endpoint::Place::Raw };
    (@place bundle) => { $crate::api::endpoint::Place::Bundle };
    (@place header) => { $crate::api::endpoint::Place::Header };
    (@place user) => { $crate::api::endpoint::Place::User };
    (@place any_user) => { $crate::api::endpoint::Place::AnyUser };
    (@place local) => { $crate::api::endpoint::Place::Local };
    (@about user) => { "the user on whose behalf the call is made" };
    (@about any_user) => { "the user on whose behalf the call is made" };
    (@about local) => { "not sent, but decides what is" };
    (@about filters) => { "each field of the object is a query parameter" };
    (@about path) => { "in the path" };
    (@about header) => { "the header" };
    (@about query) => { "the query parameter" };
    (@about word) => { "the query parameter" };
    (@about $at:ident) => { "the field of the body" };
    (@named user $($rest:tt)*) => { " (header `X-Muxi-User-ID`)." };
    (@named any_user $($rest:tt)*) => { " (header `X-Muxi-User-ID`)." };
    (@named local $($rest:tt)*) => { "." };
    (@named filters $($rest:tt)*) => { "." };
    (@named path $($rest:tt)*) => { "." };
    (@named $at:ident $arg:ident) => { concat!(" `", stringify!($arg), "`.") };
    (@named $at:ident $arg:ident $wire:literal) => { concat!(" `", $wire, "`.") };
    (@takes turn $ty:ty) => { impl Into<$ty> };
    (@takes payload $ty:ty) => { impl Into<$ty> };
    (@takes bundle $ty:ty) => { impl Into<$ty> };
    (@takes typed $ty:ty) => { impl Into<$ty> };
    (@takes word $ty:ty) => { impl Into<$ty> };
    (@takes filters $ty:ty) => { impl serde::Serialize };
    (@takes open $ty:ty) => { impl serde::Serialize };
    (@takes trigger $ty:ty) => { impl serde::Serialize };
    (@takes $at:ident $ty:ty) => { $ty };
    (@given turn $ty:ty, $arg:ident) => { Into::<$ty>::into($arg) };
    (@given payload $ty:ty, $arg:ident) => { Into::<$ty>::into($arg) };
    (@given bundle $ty:ty, $arg:ident) => { Into::<$ty>::into($arg) };
    (@given typed $ty:ty, $arg:ident) => { Into::<$ty>::into($arg) };
    (@given word $ty:ty, $arg:ident) => { Into::<$ty>::into($arg) };
    (@given filters $ty:ty, $arg:ident) => { $crate::api::arg::Open($arg) };
    (@given open $ty:ty, $arg:ident) => { $crate::api::arg::Open($arg) };
    (@given trigger $ty:ty, $arg:ident) => { $crate::api::arg::Open($arg) };
    (@given $at:ident $ty:ty, $arg:ident) => { $arg };
    (@name $arg:ident) => { stringify!($arg) };
    (@wire $arg:ident) => { stringify!($arg) };
    (@wire $arg:ident $wire:literal) => { $wire };
    (@mark opt) => { false };
    (@mark kw) => { true };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    (@rule) => { $crate::api::endpoint::Rule::Plain };
    (@rule $rule:ident) => { $crate::api::endpoint::Rule::$rule };
}
pub(crate) use endpoints;
