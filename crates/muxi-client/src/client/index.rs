//! The lists of methods in the documentation of the clients, whose pages show none of their own.

/// Makes a table of all rows, as documentation.
macro_rules! index {
    ($api:ident; $(
        $(#[doc = $doc:literal])+
        $form:ident $name:ident -> $reply:ident = $method:ident $path:literal, $auth:ident
            $(, $cat:ident $cwire:literal = $cval:literal)* $(; $($flag:ident $(($composite:ident))?),+)?
            { $($args:tt)* } $(with { $($options:tt)* })?
    )*) => {
        concat!("| method | sends |\n|---|---|\n", $(
            "| [`", stringify!($name), "`](crate::client::Client::", stringify!($name), ") | `",
            stringify!($method), " ", $path, "` |\n"
        ),*)
    };
    (@areas $($area:ident)+) => {
        concat!($("\n", $crate::api::table::formation::$area::rows!(index), "\n"),+)
    };
}
pub(crate) use index;
