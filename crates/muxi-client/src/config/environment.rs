//! Settings from the environment.

use super::{
    setting::{Setting, SettingKind, SettingValue},
    table::{Settings, rows},
};
use crate::api::{
    error::{Error, Result},
    table::Api,
};
use std::env::{self, VarError};

/// The name of each setting in errors: its variable when it came from the environment.
#[derive(Default)]
pub(super) struct Names(Vec<(&'static str, &'static str)>);

impl Names {
    pub(super) fn of(&self, setting: &Setting) -> &'static str {
        let found = self.0.iter().find(|(name, _)| *name == setting.name);
        found.map_or(setting.name, |(_, variable)| variable)
    }
}

/// Reads an environment variable; a blank one counts as unset.
pub(super) fn variable(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Error::invalid(format!("{name} must be UTF-8 text"))),
    }
}

/// Fills in the settings of `api` that are not given; `read` reads a variable.
pub(super) fn fill(settings: &mut Settings, api: Api, read: impl Fn(&str) -> Result<Option<String>>) -> Result<Names> {
    let mut names = Names::default();
    let has_address = Setting::all().any(|row| row.flags.address && settings.is_given(row));
    // The two name a formation behind a server: the URL of another formation must not take its place.
    let is_behind_server = api == Api::Formation && (settings.formation_id.is_some() || settings.mode.is_some());
    let is_unwanted =
        |row: &Setting| row.flags.address && (has_address || (is_behind_server && row.name != rows::server_url.name));
    for row in Setting::all() {
        let Some(variable) = row.variable(api) else { continue };
        let is_replaced = row.name == rows::max_retries.name && settings.retry.is_some();
        if settings.is_given(row) || is_unwanted(row) || is_replaced {
            continue;
        }
        if let Some(text) = read(variable)? {
            settings.set(row, parse(row.kind, variable, text)?)?;
            names.0.push((row.name, variable));
        }
    }
    Ok(names)
}

/// The value that the text of a variable stands for.
fn parse(kind: SettingKind, variable: &str, text: String) -> Result<SettingValue> {
    let wrong = |what: &str| Error::invalid(format!("{variable} must be {what}, got {text:?}"));
    Ok(match kind {
        SettingKind::Text | SettingKind::Proxy => SettingValue::Text(text),
        SettingKind::Count => SettingValue::Count(text.parse().map_err(|_| wrong("a whole number from 0"))?),
        SettingKind::Seconds => SettingValue::Seconds(text.parse().map_err(|_| wrong("a number of seconds"))?),
        SettingKind::Flag | SettingKind::Truth => SettingValue::Flag(is_true(&text)),
        SettingKind::Path => SettingValue::Path(text.into()),
        _ => return Err(Error::invalid(format!("{variable}: this setting cannot come from the environment"))),
    })
}

fn is_true(text: &str) -> bool {
    !matches!(text.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no" | "off")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::retry::Retry;

    fn filled(settings: &mut Settings, api: Api, variables: &[(&str, &str)]) -> Result<Names> {
        fill(settings, api, |name| {
            Ok(variables.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned()))
        })
    }

    #[test]
    fn every_variable_can_be_read() -> Result<()> {
        for api in [Api::Server, Api::Formation] {
            for row in Setting::all() {
                let Some(variable) = row.variable(api) else { continue };
                let mut settings = Settings::default();
                let names = filled(&mut settings, api, &[(variable, "1")])?;
                assert!(settings.is_given(row), "{variable}");
                assert_eq!(names.of(row), variable);
            }
        }
        Ok(())
    }

    #[test]
    fn an_argument_beats_a_variable() -> Result<()> {
        let mut settings = Settings { max_retries: Some(0), debug: Some(false), ..Settings::default() };
        filled(&mut settings, Api::Server, &[("MUXI_MAX_RETRIES", "3"), ("MUXI_DEBUG", "1"), ("MUXI_TIMEOUT", "7")])?;
        assert_eq!((settings.max_retries, settings.debug, settings.timeout), (Some(0), Some(false), Some(7.0)));
        Ok(())
    }

    #[test]
    fn a_rule_for_retries_beats_the_variable_of_their_number() -> Result<()> {
        let mut settings = Settings { retry: Some(Retry::new(1)), ..Settings::default() };
        filled(&mut settings, Api::Server, &[("MUXI_MAX_RETRIES", "3")])?;
        assert_eq!((settings.max_retries, settings.retry), (None, Some(Retry::new(1))));
        Ok(())
    }

    #[test]
    fn one_address_as_an_argument_beats_all_variables() -> Result<()> {
        let variables = [("MUXI_FORMATION_URL", "http://f"), ("MUXI_SERVER_URL", "http://s")];
        let mut settings = Settings { server_url: Some("http://own".to_owned()), ..Settings::default() };
        filled(&mut settings, Api::Formation, &variables)?;
        assert_eq!((settings.url, settings.server_url.as_deref()), (None, Some("http://own")));
        Ok(())
    }

    #[test]
    fn a_formation_that_is_given_is_behind_a_server() -> Result<()> {
        let variables =
            [("MUXI_FORMATION_URL", "http://f"), ("MUXI_SERVER_URL", "http://s"), ("MUXI_FORMATION_ID", "i")];
        let id = Settings { formation_id: Some("own".to_owned()), ..Settings::default() };
        let mode = Settings { mode: Some("draft".to_owned()), ..Settings::default() };
        for mut settings in [id, mode] {
            filled(&mut settings, Api::Formation, &variables)?;
            assert_eq!((settings.url, settings.server_url.as_deref()), (None, Some("http://s")));
        }
        Ok(())
    }

    #[test]
    fn a_truth_is_anything_but_nothing_zero_and_false() {
        assert_eq!(["", "0", "false", "False", "no", "Off"].map(is_true), [false; 6]);
        assert_eq!(["1", "true", "yes", "2"].map(is_true), [true; 4]);
    }

    #[test]
    fn a_wrong_value_names_its_variable() {
        for (name, text, why) in [
            ("MUXI_MAX_RETRIES", "-1", "must be a whole number from 0, got \"-1\""),
            ("MUXI_TIMEOUT", "soon", "must be a number of seconds, got \"soon\""),
        ] {
            let error = filled(&mut Settings::default(), Api::Server, &[(name, text)]).err();
            assert_eq!(error.map(|e| e.message().to_owned()), Some(format!("{name} {why}")));
        }
    }
}
