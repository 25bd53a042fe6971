//! The macro that declares settings.

/// Declares settings, in groups by the languages that have them: `all`, `rust` or `python`.
///
/// ```text
/// GROUP {
///     /// Documentation, for all languages.
///     NAME: KIND [= DEFAULT] [, FLAG]... { CLIENT ["VARIABLE"] [: "OTHER DOCUMENTATION"], ... }
/// }
/// ```
///
/// `KIND` and `FLAG` are those of [`SettingKind`] and [`SettingFlags`] in snake case (`by_hand` first), where `key` is
/// a secret text that is sent as a header, and the kinds `service`, `attempt_hook` and `version_hook` are objects;
/// `CLIENT` is `server`, `formation` or `both`. The order is that of the Python keywords. A default is in seconds, or
/// `no_limit`.
///
/// [`SettingKind`]: super::setting::SettingKind
/// [`SettingFlags`]: super::setting::SettingFlags
macro_rules! settings {
    ($($group:ident $rows:tt)+) => {
        /// The row of each setting, by its name.
        #[allow(non_upper_case_globals)]
        pub mod rows {
            use super::*;
            $(settings!(@statics $group $rows);)+
        }

        impl Setting {
            /// Every setting, in the order of the table.
            pub fn all() -> impl Iterator<Item = &'static Self> {
                const GROUPS: &[&[&Setting]] = &[$(settings!(@list $rows)),+];
                GROUPS.iter().copied().flatten().copied()
            }
        }

        settings!(@fields [] $($group $rows)+);
    };

    (@statics $group:ident {
        $($(#[doc = $doc:literal])+ $name:ident: $kind:ident $(= $default:tt)? $(, $flag:ident)* { $($usage:tt)+ })+
    }) => {
        $(
            $(#[doc = $doc])+
            pub static $name: Setting = Setting {
                name: stringify!($name),
                kind: settings!(@kind $kind),
                default: settings!(@shown $($default)?),
                language: settings!(@language $group),
                flags: SettingFlags { $($flag: true,)* ..SettingFlags::NONE },
                usages: settings!(@usages [$($doc),+] { $($usage)+ }),
            };
        )+
    };
    (@list {
        $($(#[doc = $doc:literal])+ $name:ident: $kind:ident $(= $default:tt)? $(, $flag:ident)* { $($usage:tt)+ })+
    }) => {
        &[$(&rows::$name),+]
    };

    // The fields of Rust: those of all groups but `python`.
    (@fields [$($row:tt)*] python $rows:tt $($rest:tt)*) => { settings!(@fields [$($row)*] $($rest)*); };
    (@fields [$($row:tt)*] $group:ident { $($more:tt)* } $($rest:tt)*) => {
        settings!(@fields [$($row)* $($more)*] $($rest)*);
    };
    (@fields [
        $($(#[doc = $doc:literal])+ $name:ident: $kind:ident $(= $default:tt)? $(, $flag:ident)* { $($usage:tt)+ })+
    ]) => {
        /// The values that a program gives. Each is optional: `check` fills in the environment's.
        #[derive(Clone, Default)]
        pub struct Settings {
            $(
                $(#[doc = $doc])+
                #[doc = settings!(@facts $kind [$($default)?] [])]
                pub $name: settings!(@field $kind),
            )+
        }

        impl Settings {
            /// Sets the value of `setting`. Returns whether it has the form that the setting's kind asks for.
            pub(super) fn put(&mut self, setting: &Setting, value: SettingValue) -> bool {
                $(if setting.name == stringify!($name) {
                    return Slot::put(&mut self.$name, value);
                })+
                false
            }

            /// Checks each value by itself, and takes the defaults; `name` is the name of a setting in errors.
            pub(super) fn checked(
                self,
                base: BaseUrl,
                signer: Option<Signer>,
                name: &dyn Fn(&Setting) -> &'static str,
            ) -> Result<Config> {
                Ok(Config {
                    base,
                    signer,
                    timeout_is_default: self.timeout.is_none(),
                    $($name: settings!(@check $kind $name [$($default)?] self name),)+
                })
            }

            /// Tells whether `setting` has a value.
            pub fn is_given(&self, setting: &Setting) -> bool {
                $(if setting.name == stringify!($name) {
                    return Slot::is_given(&self.$name);
                })+
                false
            }
        }

        /// A configuration that has been checked.
        #[derive(Clone)]
        // Some settings are read before they get here.
        #[allow(dead_code)]
        pub struct Config {
            pub(crate) base: BaseUrl,
            pub(crate) signer: Option<Signer>,
            /// True if the timeout is the default, which slow operations exceed.
            pub(crate) timeout_is_default: bool,
            $(pub(crate) $name: settings!(@checked $kind $($default)?),)+
        }

        /// The defaults, by the name of the setting.
        #[allow(non_upper_case_globals)]
        pub(super) mod defaults {
            use super::settings;
            $($(pub(in super::super) const $name: settings!(@constant $kind) = settings!(@default $kind $default);)?)+
        }

        /// Makes a client.
        pub struct Builder<A, M> {
            pub(crate) settings: Settings,
            pub(super) kind: PhantomData<fn() -> (A, M)>,
        }

        impl<M> Builder<Server, M> {
            $(settings!(@methods server [$($doc),+] $name $kind [$($default)?] [$($flag)*] { $($usage)+ });)+
        }

        impl<M> Builder<Formation, M> {
            $(settings!(@methods formation [$($doc),+] $name $kind [$($default)?] [$($flag)*] { $($usage)+ });)+
        }

        impl<A, M> Builder<A, M> {
            $(settings!(@methods both [$($doc),+] $name $kind [$($default)?] [$($flag)*] { $($usage)+ });)+
        }
    };

    (@methods $api:ident $doc:tt $name:ident $kind:ident $default:tt [by_hand $($flag:ident)*] $usages:tt) => {};
    (@methods $api:ident $doc:tt $name:ident $kind:ident $default:tt $flags:tt {
        $($client:ident $($variable:literal)? $(: $own:literal)?),+ $(,)?
    }) => {
        $(settings!(@method $api $client $kind $name
            [settings!(@doc $doc $($own)?)] [settings!(@facts $kind $default [$($variable)?])]);)+
    };
    (@method server server $($rest:tt)+) => { settings!(@setter $($rest)+); };
    (@method formation formation $($rest:tt)+) => { settings!(@setter $($rest)+); };
    (@method both both $($rest:tt)+) => { settings!(@setter $($rest)+); };
    (@method $api:ident $client:ident $($rest:tt)+) => {};

    (@setter headers $name:ident [$doc:expr] [$facts:expr]) => {
        #[doc = $doc]
        #[doc = $facts]
        #[must_use]
        pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.settings.$name.push((name.into(), value.into()));
            self
        }
    };
    (@setter certificate $name:ident [$doc:expr] [$facts:expr]) => {
        #[doc = $doc]
        #[doc = $facts]
        #[must_use]
        pub fn $name(mut self, certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
            self.settings.$name = Some((certificates.into(), key.into()));
            self
        }
    };
    (@setter $kind:ident $name:ident [$doc:expr] [$facts:expr]) => {
        #[doc = $doc]
        #[doc = $facts]
        #[must_use]
        pub fn $name(mut self, $name: settings!(@takes $kind)) -> Self {
            self.settings.$name = Some(settings!(@store $kind $name));
            self
        }
    };

    (@usages $doc:tt { $($client:ident $($variable:literal)? $(: $own:literal)?),+ $(,)? }) => {
        &[$(Usage {
            apis: settings!(@apis $client),
            variable: settings!(@variable $($variable)?),
            doc: settings!(@doc $doc $($own)?),
        }),+]
    };
    (@apis server) => { &[Api::Server] };
    (@apis formation) => { &[Api::Formation] };
    (@apis both) => { &[Api::Server, Api::Formation] };
    (@variable) => { None };
    (@variable $variable:literal) => { Some($variable) };
    (@doc [$($doc:literal),+]) => { concat!($($doc, "\n"),+) };
    (@doc $doc:tt $own:literal) => { $own };

    (@language all) => { Language::All };
    (@language rust) => { Language::Rust };
    (@language python) => { Language::Python };

    (@shown) => { None };
    (@shown no_limit) => { Some("no limit") };
    (@shown $default:literal) => { Some(stringify!($default)) };
    (@facts $kind:ident [] []) => { "" };
    (@facts $kind:ident [$($default:tt)?] [$($variable:literal)?]) => {
        concat!("\n", settings!(@default_doc $kind $($default)?) $(, "Environment variable: `", $variable, "`.")?)
    };
    (@default_doc $kind:ident) => { "" };
    (@default_doc $kind:ident no_limit) => { "Default: no limit. " };
    (@default_doc seconds $default:literal) => { concat!("Default: ", stringify!($default), " s. ") };
    (@default_doc $kind:ident $default:literal) => { concat!("Default: `", stringify!($default), "`. ") };
    (@constant count) => { u32 };
    (@constant seconds) => { f64 };
    (@constant flag) => { bool };
    (@constant truth) => { bool };
    (@constant text) => { &str };
    (@default seconds no_limit) => { f64::INFINITY };
    (@default seconds $default:literal) => { $default as f64 };
    (@default $kind:ident $default:literal) => { $default };

    (@kind text) => { SettingKind::Text };
    (@kind key) => { SettingKind::Text };
    (@kind count) => { SettingKind::Count };
    (@kind seconds) => { SettingKind::Seconds };
    (@kind flag) => { SettingKind::Flag };
    (@kind truth) => { SettingKind::Truth };
    (@kind path) => { SettingKind::Path };
    (@kind certificate) => { SettingKind::Certificate };
    (@kind proxy) => { SettingKind::Proxy };
    (@kind headers) => { SettingKind::Headers };
    (@kind pair) => { SettingKind::Pair };
    (@kind retry) => { SettingKind::Retry };
    (@kind logger) => { SettingKind::Logger };
    (@kind hook) => { SettingKind::Hook };
    (@kind $kind:ident) => { SettingKind::Object };

    (@field text) => { Option<String> };
    (@field key) => { Option<String> };
    (@field count) => { Option<u32> };
    (@field seconds) => { Option<f64> };
    (@field flag) => { Option<bool> };
    (@field truth) => { Option<bool> };
    (@field path) => { Option<PathBuf> };
    (@field certificate) => { Option<(PathBuf, PathBuf)> };
    (@field proxy) => { Option<ProxySetting> };
    (@field headers) => { Vec<(String, String)> };
    (@field pair) => { Option<(String, String)> };
    (@field retry) => { Option<Retry> };
    (@field service) => { Option<Arc<dyn HttpService>> };
    (@field attempt_hook) => { Option<OnAttempt> };
    (@field version_hook) => { Option<OnUpdate> };

    (@checked text $default:tt) => { String };
    (@checked count $default:tt) => { u32 };
    (@checked flag $default:tt) => { bool };
    (@checked truth $default:tt) => { bool };
    (@checked seconds $($default:tt)?) => { Option<Duration> };
    (@checked key) => { Option<HeaderValue> };
    (@checked headers) => { HeaderMap };
    (@checked retry) => { Retry };
    (@checked $kind:ident) => { settings!(@field $kind) };
    (@check seconds $field:ident [$default:tt] $settings:ident $name:ident) => {
        value::seconds($name(&rows::$field), $settings.$field.unwrap_or(defaults::$field))?
    };
    (@check key $field:ident [] $settings:ident $name:ident) => {
        value::key($name(&rows::$field), $settings.$field.as_deref())?
    };
    (@check retry $field:ident [] $settings:ident $name:ident) => {
        value::retry($name(&rows::$field), $settings.$field, $settings.max_retries.unwrap_or(defaults::max_retries))?
    };
    (@check headers $field:ident [] $settings:ident $name:ident) => { value::header_map(&$settings.$field)? };
    (@check $kind:ident $field:ident [$default:tt] $settings:ident $name:ident) => {
        $settings.$field.unwrap_or(defaults::$field.into())
    };
    (@check $kind:ident $field:ident [] $settings:ident $name:ident) => { $settings.$field };

    (@takes key) => { impl Into<String> };
    (@takes text) => { impl Into<String> };
    (@takes count) => { u32 };
    (@takes seconds) => { Duration };
    (@takes flag) => { bool };
    (@takes truth) => { bool };
    (@takes retry) => { Retry };
    (@takes proxy) => { impl Into<String> };
    (@takes path) => { impl Into<PathBuf> };
    (@takes service) => { impl HttpService };
    (@takes attempt_hook) => { impl Fn(&Attempt) + Send + Sync + 'static };
    (@takes version_hook) => { impl Fn(&str) + Send + Sync + 'static };
    (@store key $value:ident) => { $value.into() };
    (@store text $value:ident) => { $value.into() };
    (@store proxy $value:ident) => { ProxySetting::Url($value.into()) };
    (@store path $value:ident) => { $value.into() };
    (@store seconds $value:ident) => { $value.as_secs_f64() };
    (@store service $value:ident) => { Arc::new($value) };
    (@store attempt_hook $value:ident) => { Arc::new($value) };
    (@store version_hook $value:ident) => { Arc::new($value) };
    (@store $kind:ident $value:ident) => { $value };
}
pub(super) use settings;
