//! The macro that declares operations, and the one that joins the formation's areas.

/// Declares operations, one block for each:
///
/// ```text
/// /// Summary. More about it.
/// FORM NAME -> TYPE = METHOD "PATH", AUTH [, body|query "WIRE" = JSON]... [; FLAG, ...] {
///     /// Documentation of a required argument.
///     ARG: TYPE => PLACE [as "WIRE"],
/// } [with {
///     /// Documentation of an optional argument: `opt`, or `kw` where Python takes it by keyword only.
///     opt|kw ARG: TYPE => PLACE [as "WIRE"] [= JSON],
/// }]
/// ```
///
/// The rows, from which the clients' methods are made, can be had by the macro `rows` beside them.
///
/// `FORM` is `json`, `text`, `bytes` or `sse`; `PLACE`, `AUTH` and `FLAG` are those of [`Place`], [`Auth`] and
/// [`Flags`] in snake case. In Rust a method takes `u32` and `bool` as they are, whatever serialises for `Object` and
/// `Value`, an iterator for `[TYPE]`, and for every other `TYPE` whatever converts into it.
///
/// [`Place`]: super::Place
/// [`Auth`]: super::Auth
/// [`Flags`]: super::Flags
macro_rules! endpoints {
    ($api:ident; $($rows:tt)*) => {
        endpoints!(@declare $api; $($rows)*);
        endpoints!(@rows ($) $api; $($rows)*);
    };

    (@rows ($dollar:tt) $api:ident; $($rows:tt)*) => {
        /// Gives the rows to another macro.
        #[cfg(feature = "client")]
        macro_rules! rows {
            ($dollar callback:ident) => { $dollar callback! { $api; $($rows)* } };
        }
        #[cfg(feature = "client")]
        pub(crate) use rows;
    };

    (@declare $api:ident; $(
        $(#[doc = $doc:literal])+
        $form:ident $name:ident -> $reply:ident = $method:ident $path:literal, $auth:ident
            $(, $cat:ident $cwire:literal = $cval:literal)* $(; $($flag:ident $(($composite:ident))?),+)?
        {
            $($(#[doc = $adoc:literal])+ $arg:ident: $ty:tt => $at:ident $(as $wire:literal)?,)*
        }
        $(with {
            $(
                $(#[doc = $odoc:literal])+
                $mark:ident $oarg:ident: $oty:tt => $oat:ident $(as $owire:literal)? $(= $default:literal)?,
            )+
        })?
    )*) => {
        /// One type per operation, named like its method.
        #[allow(non_camel_case_types, unreachable_pub)]
        pub mod ops {
            $(
                #[doc = concat!("The operation `", stringify!($name), "`: `", stringify!($method), " ", $path, "`.")]
                #[derive(Debug)]
                pub enum $name {}
            )*
        }

        $(
            impl $crate::api::table::Operation for ops::$name {
                type Reply = $crate::api::table::reply::$form<$crate::api::types::$reply>;
                const ENDPOINT: &'static $crate::api::table::Endpoint = &$crate::api::table::Endpoint {
                    name: stringify!($name),
                    doc: concat!($($doc, "\n"),+),
                    api: $crate::api::table::Api::$api,
                    method: stringify!($method),
                    path: $path,
                    auth: endpoints!(@auth $auth),
                    key: endpoints!(@key $auth),
                    params: &[
                        $(endpoints!(@param $arg: $ty => $at $(as $wire)?, [$($adoc)+], true, false, None),)*
                        $($(endpoints!(
                            @param $oarg: $oty => $oat $(as $owire)?, [$($odoc)+], false, endpoints!(@keyword $mark),
                            endpoints!(@default $($default)?)
                        ),)+)?
                    ],
                    constants: &[$($crate::api::table::Constant {
                        place: endpoints!(@place $cat),
                        wire: $cwire,
                        json: $cval,
                    }),*],
                    reply: <Self::Reply as $crate::api::table::ReplyForm>::REPLY,
                    reply_type: stringify!($reply),
                    flags: $crate::api::table::Flags {
                        $($($flag: endpoints!(@flag $($composite)?),)+)?
                        ..$crate::api::table::Flags::NONE
                    },
                };
            }
        )*

        /// Every operation that is declared here.
        #[allow(unreachable_pub)]
        pub const ENDPOINTS: &[&$crate::api::table::Endpoint] =
            &[$(<ops::$name as $crate::api::table::Operation>::ENDPOINT),*];
    };

    (
        @param $arg:ident: $ty:tt => $at:ident $(as $wire:literal)?,
        [$($doc:literal)+], $required:expr, $keyword:expr, $default:expr
    ) => {
        $crate::api::table::Param {
            name: stringify!($arg),
            doc: concat!($($doc, "\n"),+),
            rust_type: stringify!($ty),
            kind: <$ty as $crate::api::table::ArgType>::KIND,
            fields: <$ty as $crate::api::table::ArgType>::FIELDS,
            place: endpoints!(@place $at),
            wire: endpoints!(@wire $at $arg $($wire)?),
            goes_to: endpoints!(@goes_to $at $arg $($wire)?),
            required: $required,
            nullable: <$ty as $crate::api::table::ArgType>::NULLABLE,
            keyword_only: $keyword,
            default: $default,
        }
    };
    (@keyword opt) => { false };
    (@keyword kw) => { true };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    (@wire user $arg:ident) => { "X-Muxi-User-ID" };
    (@wire any_user $arg:ident) => { "X-Muxi-User-ID" };
    (@wire $at:ident $arg:ident) => { stringify!($arg) };
    (@wire $at:ident $arg:ident $wire:literal) => { $wire };
    (@flag) => { true };
    (@flag $composite:ident) => { Some($crate::api::table::Composite::$composite) };

    (@auth none) => { $crate::api::table::Auth::None };
    (@auth client) => { $crate::api::table::Auth::Client };
    (@auth admin) => { $crate::api::table::Auth::Admin };
    (@auth client_or_admin) => { $crate::api::table::Auth::ClientOrAdmin };
    (@auth hmac) => { $crate::api::table::Auth::Hmac };
    (@key none) => { "no key" };
    (@key client) => { "client key" };
    (@key admin) => { "admin key" };
    (@key client_or_admin) => { "client or admin key" };
    (@key hmac) => { "signed with the server key" };

    (@place path) => { $crate::api::table::Place::Path };
    (@place query) => { $crate::api::table::Place::Query };
    (@place filters) => { $crate::api::table::Place::Filters };
    (@place body) => { $crate::api::table::Place::Body };
    (@place payload) => { $crate::api::table::Place::Payload };
    (@place turn) => { $crate::api::table::Place::Turn };
    (@place trigger) => { $crate::api::table::Place::Trigger };
    (@place raw) => { $crate::api::table::Place::Raw };
    (@place bundle) => { $crate::api::table::Place::Bundle };
    (@place header) => { $crate::api::table::Place::Header };
    (@place user) => { $crate::api::table::Place::User };
    (@place any_user) => { $crate::api::table::Place::AnyUser };
    (@place local) => { $crate::api::table::Place::Local };
    (@goes_to path $arg:ident) => { "path" };
    (@goes_to filters $arg:ident) => { "query" };
    (@goes_to payload $arg:ident) => { "the body" };
    (@goes_to turn $arg:ident) => { "the body" };
    (@goes_to trigger $arg:ident) => { "body `data`" };
    (@goes_to raw $arg:ident) => { "the body, byte for byte" };
    (@goes_to bundle $arg:ident) => { "the body, a gzipped tar archive" };
    (@goes_to local $arg:ident) => { "not sent" };
    (@goes_to query $($rest:tt)+) => { concat!("query `", endpoints!(@wire query $($rest)+), "`") };
    (@goes_to body $($rest:tt)+) => { concat!("body `", endpoints!(@wire body $($rest)+), "`") };
    (@goes_to $at:ident $($rest:tt)+) => { concat!("header `", endpoints!(@wire $at $($rest)+), "`") };
}
pub(crate) use endpoints;

/// Joins the tables of several files to one.
macro_rules! areas {
    ($($area:ident,)+) => {
        $(pub(crate) mod $area;)+

        /// One type per operation, named like its method.
        pub mod ops {
            $(pub use super::$area::ops::*;)+
        }

        const COUNT: usize = 0 $(+ $area::ENDPOINTS.len())+;

        /// Every operation of this API.
        pub static ENDPOINTS: &[&$crate::api::table::Endpoint] =
            &$crate::api::table::joined::<COUNT>(&[$($area::ENDPOINTS),+]);

        /// The name of each file, and the operations that it declares.
        pub static AREAS: &[(&str, &[&$crate::api::table::Endpoint])] = &[$((stringify!($area), $area::ENDPOINTS)),+];

        areas!(@rows ($) $($area)+);
    };

    (@rows ($dollar:tt) $($area:ident)+) => {
        /// Gives the names of the files to another macro, each of which has its `rows`.
        #[cfg(feature = "client")]
        macro_rules! rows {
            ($dollar callback:ident) => { $dollar callback! { @areas $($area)+ } };
        }
        #[cfg(feature = "client")]
        pub(crate) use rows;
    };
}
pub(super) use areas;
