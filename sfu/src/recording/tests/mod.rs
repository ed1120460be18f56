//! A recording from packets to the file that a player is given, in virtual time wherever no thread is under test.

mod recorder;
mod recovery;
mod scene;
mod transmission;

mod playback;
