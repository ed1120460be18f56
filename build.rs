//! Embeds the built browser client into the executable, out of a copy, so that a client built anew meanwhile does not pull files away.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo:rerun-if-changed=web/dist");
    assert!(Path::new("web/dist/index.html").exists(), "the browser client is not built yet: run `make web` first");
    let copy = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names OUT_DIR")).join("client");
    if copy.exists() {
        fs::remove_dir_all(&copy).expect("the copy of an earlier build can be removed");
    }
    copy_folder(Path::new("web/dist"), &copy).expect("the browser client can be copied");
    memory_serve::load_directory(copy);
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
