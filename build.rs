//! Embeds the built browser client into the executable.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=web/dist");
    assert!(Path::new("web/dist/index.html").exists(), "the browser client is not built yet: run `make web` first");
    memory_serve::load_directory("web/dist");
}
