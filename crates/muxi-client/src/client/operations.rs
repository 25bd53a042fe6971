//! The clients' methods and the options of their calls: one method for each row of the tables.

/// Makes a method for each row, whose form `endpoints` describes.
macro_rules! methods {
    ($api:ident; $(
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
        impl<M> Client<$api, M> {
            $(
                $(#[doc = $doc])+
                #[doc = ""]
                #[doc = methods!(@list "Arguments": $([$arg, $($adoc)+, $at])*)]
                #[doc = methods!(@list "Options": $($([$oarg, $($odoc)+, $oat])+)?)]
                #[doc = concat!("# Returns\n\n", methods!(@returns $form $reply), ".\n\n# Errors\n\n")]
                #[doc = "An [`Error`](crate::Error); its kind says what failed and whether it is worth trying again.\n"]
                #[doc = concat!("HTTP: `", stringify!($method), " ", $path, "`, ", endpoints!(@key $auth), ".")]
                pub fn $name(
                    &self $(, $arg: methods!(@takes $ty))*
                ) -> Call<M, ops::$name> {
                    #[allow(unused_mut)]
                    let mut call = Call::new(self.shared().clone());
                    $(call.set(stringify!($arg), methods!(@arg $ty, $arg));)*
                    call
                }
            )*
        }

        $($(
            impl<M> Call<M, ops::$name> {
                $(
                    $(#[doc = $odoc])+
                    #[doc = concat!("\n\nHTTP: ", endpoints!(@goes_to $oat $oarg $($owire)?), ".")]
                    pub fn $oarg(mut self, $oarg: methods!(@takes $oty)) -> Self {
                        self.set(stringify!($oarg), methods!(@arg $oty, $oarg));
                        self
                    }
                )+
            }
        )?)*
    };

    (@areas $($area:ident)+) => { $($crate::api::table::formation::$area::rows!(methods);)+ };

    (@takes u32) => { u32 };
    (@takes bool) => { bool };
    (@takes Bytes) => { impl Into<Vec<u8>> };
    (@takes Value) => { impl serde::Serialize };
    (@takes Object) => { impl serde::Serialize };
    (@takes [String]) => { impl IntoIterator<Item = impl AsRef<str>> };
    (@takes [$item:ty]) => { impl IntoIterator<Item = impl Into<$item>> };
    (@takes $ty:ty) => { impl Into<$ty> };
    (@arg u32, $arg:ident) => { $arg };
    (@arg bool, $arg:ident) => { $arg };
    (@arg Bytes, $arg:ident) => { bytes::Bytes::from(Into::<Vec<u8>>::into($arg)) };
    (@arg Value, $arg:ident) => { Arg::json(&$arg) };
    (@arg Object, $arg:ident) => { Arg::json(&$arg) };
    (@arg [String], $arg:ident) => {
        Arg::json(&$arg.into_iter().map(|item| item.as_ref().to_owned()).collect::<Vec<_>>())
    };
    (@arg [$item:ty], $arg:ident) => {
        Arg::json(&$arg.into_iter().map(Into::into).collect::<Vec<$item>>())
    };
    (@arg $ty:ty, $arg:ident) => { Into::<$ty>::into($arg) };

    (@list $title:literal:) => { "" };
    (@list $title:literal: $([$arg:ident, $($doc:literal)+, $at:ident])+) => {
        concat!("# ", $title, "\n\n", $("* `", stringify!($arg), "`:", $($doc, "\n  "),+, "\n"),+)
    };
    (@returns json $reply:ident) => {
        concat!("[`", stringify!($reply), "`](crate::api::types::", stringify!($reply), ")")
    };
    (@returns text $reply:ident) => { "The text" };
    (@returns bytes $reply:ident) => { "The bytes" };
    (@returns sse $reply:ident) => {
        concat!("[`", stringify!($reply), "`](crate::api::types::", stringify!($reply), "), as they come")
    };
}

mod server {
    use crate::{
        api::{
            bundle::Bundle,
            table::{
                endpoints,
                server::{ops, rows},
            },
            types::*,
        },
        client::{call::Call, client::Client},
        config::Server,
    };

    rows!(methods);
}

mod formation {
    use crate::{
        api::{
            arg::Arg,
            params::*,
            table::{
                endpoints,
                formation::{ops, rows},
            },
            types::*,
        },
        client::{call::Call, client::Client},
        config::Formation,
    };

    rows!(methods);
}
