//! What forwarding costs, as ratios in one run: our media node beside the floor (the least that it can cost) and beside Janus.
//!
//! ```text
//! plan        what is measured               contestants   who: floor, node, Janus
//! run         round by round                 generator     people by the hundred on one thread
//! figures     what was found                 floor         decrypt once, encrypt for each, send
//! process     CPU, memory, cores             sdp           descriptions
//! bars        what was promised              compare       beside a stored run
//! html        the result as one page
//! ```

pub mod bars;
pub mod compare;
pub mod contestants;
pub mod figures;
pub mod floor;
pub mod generator;
pub mod html;
pub mod plan;
pub mod process;
pub mod run;
mod sdp;
