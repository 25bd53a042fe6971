//! The turn of others.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll},
};
use tokio::task::yield_now;

/// Ends a poll early. The runtime looks for what has come from the network, and lets its other tasks and timers have their
/// turn, before it polls this task again.
pub(crate) fn give_way<T>(cx: &mut Context<'_>) -> Poll<T> {
    // Its first poll asks for another one; the second would be ready.
    let _ = pin!(yield_now()).poll(cx);
    Poll::Pending
}
