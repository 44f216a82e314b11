//! Changing the box: plan, apply, history, undo, confirm.

mod apply;
mod history;
mod plan;
mod show;

pub(crate) use apply::{Apply, Confirm, Undo};
pub(crate) use history::History;
pub(crate) use plan::Plan;
