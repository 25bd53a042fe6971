//! The parts of a fault, together.

use super::{
    Fault, Garbage, Moment,
    text::{Checked, PARTS, invalid},
};
use crate::target;

/// The parts that say when a fault happens.
const WHEN: [&str; 5] = ["path", "method", "times", "every", "rate"];
/// The parts that say how far an answer comes.
const CUTS: [&str; 5] = ["reset", "close", "after_bytes", "truncate", "stall_after"];

/// The methods of operations, and those that browsers send before them and clients in their place.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Tells whether a client can be sent there.
fn is_place(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    text.starts_with('/') || uri.scheme().is_some() && uri.authority().is_some()
}

impl Fault {
    /// Checks that the parts make sense together.
    pub(crate) fn check(&self) -> Checked<()> {
        if let Some(path) = &self.path
            && !target::operations().any(|endpoint| endpoint.name == path)
            && !(path.contains(['/', '*']) && target::may_fit(path))
        {
            let near = target::near(path);
            return invalid(format!(
                "path must be the name of an operation, or a pattern that fits the path of one, such as /v1/chat or \
                 /v1/mem* (`--routes` of the local server's program lists both), not {path:?}{near}"
            ));
        }
        if let Some(method) = &self.method
            && !METHODS.contains(&method.as_str())
        {
            return invalid(format!("method must be one of {}, not {method:?}", METHODS.join(", ")));
        }
        if let (Some(path), Some(method)) = (&self.path, &self.method)
            && let Some(endpoint) = target::operations().find(|endpoint| endpoint.name == path)
            && endpoint.method != method
        {
            let own = endpoint.method;
            return invalid(format!("method must be that of the operation {path}, {own}, or left out, not {method:?}"));
        }
        let parts = self.parts();
        let one_of = |names: &[&str]| {
            let given: Vec<&str> = names.iter().copied().filter(|name| parts.contains_key(*name)).collect();
            if given.len() < 2 { Ok(()) } else { invalid(format!("{} exclude each other", given.join(" and "))) }
        };
        one_of(&["body", "html", "redirect", "envelope", "garbage"])?;
        one_of(&["reset", "close", "truncate", "stall_after"])?;
        if self.garbage == Some(Garbage::Http) {
            for name in ["status", "reset", "close", "truncate", "stall_after", "slow_bytes_per_s", "split_utf8"] {
                one_of(&["garbage", name])?;
            }
        }
        one_of(&["status", "html"])?;
        for (name, ends) in [("reset", self.reset), ("close", self.close)] {
            let answers = ["status", "body", "html", "redirect", "envelope", "garbage"];
            if let (Some(Moment::Before | Moment::Answer), Some(answer)) =
                (ends, answers.into_iter().find(|answer| parts.contains_key(*answer)))
            {
                let moment = &parts[name];
                return invalid(format!("{answer} and {name}={moment} exclude each other: no answer is sent"));
            }
        }
        if self.after_bytes.is_some() && self.ends() != Some(Moment::Body) {
            return invalid("after_bytes needs reset=body or close=body");
        }
        if self.redirect.is_some() && self.status.is_some_and(|status| !(300..400).contains(&status)) {
            return invalid("redirect needs a status from 300 to 399, or none");
        }
        if let Some(to) = &self.redirect
            && !is_place(to)
        {
            return invalid(format!(
                "redirect must be an absolute URL (https://...) or a path that begins with /, not {to:?}"
            ));
        }
        one_of(&["every", "rate"])?;
        // Also those of `Fault::every` and `Fault::rate`.
        if self.every == Some(0) || self.rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
            return invalid("every must be a whole number from 1, and rate a number from 0 to 1");
        }
        if parts.keys().all(|name| WHEN.contains(&name.as_str())) {
            return invalid(format!("nothing is to go wrong; possible are {PARTS}"));
        }
        Ok(())
    }

    /// Tells whether nothing but the end of the answer is to go wrong.
    pub(super) fn only_cuts(&self) -> bool {
        self.parts().keys().all(|name| WHEN.contains(&name.as_str()) || CUTS.contains(&name.as_str()))
    }
}
