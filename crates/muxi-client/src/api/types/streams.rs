//! The kinds of event streams.

#[cfg(doc)]
use super::{
    ChatFrame, FormationLogLine, LifecycleComplete, LifecycleError, LifecycleProgress, LogEvent, Token, UserEvent,
};
use crate::api::{
    event::Event,
    events::{ActivityEvent, ChatEvent, LifecycleEvent, LogEntryEvent, OutputEvent, RequestEvent},
    table::{StreamEnd, reply::EventsOf},
};

macro_rules! streams {
    ($($(#[doc = $doc:literal])+ $name:ident: $end:ident, $event:ident;)*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug)]
            pub enum $name {}

            impl EventsOf for $name {
                type Event = $event;
                const END: StreamEnd = StreamEnd::$end;
            }
        )*
    };
}

streams! {
    /// A chat turn, live. Each event is a [`ChatFrame`]: tokens without an event name, then at most one `ui`, then `done`
    /// or `error`. Events may follow the token `completed`.
    ChatEvents: Done, ChatEvent;
    /// A change of a formation, live: any number of `progress` ([`LifecycleProgress`]), then `complete`
    /// ([`LifecycleComplete`]) or `error` ([`LifecycleError`]).
    LifecycleEvents: Complete, LifecycleEvent;
    /// A formation's output, live: `connected`, then `log` for each new line, both a [`FormationLogLine`].
    FormationLogEvents: Open, OutputEvent;
    /// The activity of a user, live: a [`UserEvent`] each, without an event name.
    UserEvents: Open, ActivityEvent;
    /// The events of a request, live: a [`Token`] each, without an event name, between the types `stream_open` and
    /// `stream_completed`.
    RequestEvents: Open, RequestEvent;
    /// Log entries, live: `log` with a [`LogEvent`] each.
    LogEvents: Open, LogEntryEvent;
    /// The events of a route that is not in the table, as they come.
    RawEvents: Open, Event;
}
