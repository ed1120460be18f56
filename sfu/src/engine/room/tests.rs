//! The rules of a meeting as tables in virtual time. A number in a test's name is that of the abuse case it shows refused.

mod abuse;
mod breakouts;
mod chairing;
mod chat;
mod door;
mod polls;
mod presence;
mod recording;
mod room_systems;
pub(crate) mod scene;
