//! Headless people. They do what a browser does and nothing less: sign in and press Join over HTTP, speak the signalling protocol, and send
//! and receive media through the async `webrtc` crate. The load scenarios and the tests of the whole executable share them.

pub mod api;
pub mod bench;
pub mod link;
pub mod media;
pub mod meeting;
pub mod node;
pub mod participant;
pub mod people;
pub mod relay;
