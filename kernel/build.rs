//! The schema is embedded in the executable: a changed or added migration must build this crate anew.

fn main() {
    println!("cargo:rerun-if-changed=../migrations/sqlite");
    println!("cargo:rerun-if-changed=../migrations/postgres");
}
