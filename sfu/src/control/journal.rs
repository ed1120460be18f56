//! What a restart must not forget: removals, ends, raised classifications and replaced grants, as a file of JSON lines in the data folder.
//! Everything in it is out of date after a day.

use serde::{Deserialize, Serialize};
use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use wire::{UnixMs, control::Command};

/// Longer than any window, ticket or grant.
const LIFE_MS: i64 = 24 * 60 * 60 * 1000;
/// Lines before the file is written anew; a thousand decisions a day is a lot.
const LINES_MAX: usize = 10_000;
/// A command that keeps the order of a meeting names twenty rooms.
const LINE_BYTES_MAX: usize = 8192;

#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct JournalError {
    path: PathBuf,
    source: io::Error,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub at_ms: UnixMs,
    pub command: Command,
}

pub struct Journal {
    path: PathBuf,
    open: Mutex<Open>,
}

struct Open {
    file: File,
    lines: Vec<Line>,
    /// Commands as text: one that is said again is not written again.
    known: HashSet<String>,
}

impl Journal {
    /// Reads what is still in date, to be said to the engine before anyone is let in.
    pub fn open(path: &Path, now_ms: UnixMs) -> Result<(Self, Vec<Line>), JournalError> {
        let at = |source| JournalError { path: path.to_owned(), source };
        let mut lines = read(path).map_err(at)?;
        lines.retain(|line| in_date(line, now_ms));
        let file = rewrite(path, &lines).map_err(at)?;
        let known = lines.iter().map(|line| text_of(&line.command)).collect();
        Ok((Self { path: path.to_owned(), open: Mutex::new(Open { file, lines: lines.clone(), known }) }, lines))
    }

    /// On the disk when it returns. Waits for the disk: not from an async task.
    pub fn append(&self, command: &Command, now_ms: UnixMs) -> Result<(), JournalError> {
        let at = |source| JournalError { path: self.path.clone(), source };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let text = text_of(command);
        if open.known.contains(&text) {
            return Ok(());
        }
        let line = Line { at_ms: now_ms, command: command.clone() };
        if open.lines.len() >= LINES_MAX {
            open.lines.retain(|line| in_date(line, now_ms));
            let over = (open.lines.len() + 1).saturating_sub(LINES_MAX);
            open.lines.drain(..over);
            open.known = open.lines.iter().map(|line| text_of(&line.command)).collect();
            open.file = rewrite(&self.path, &open.lines).map_err(at)?;
        }
        let mut bytes = serde_json::to_vec(&line).map_err(|error| at(error.into()))?;
        bytes.push(b'\n');
        open.file.write_all(&bytes).and_then(|()| open.file.sync_data()).map_err(at)?;
        open.lines.push(line);
        open.known.insert(text);
        Ok(())
    }
}

#[cfg(test)]
impl Journal {
    /// As full as it may be: the next line is written with the whole file.
    pub fn fill(&self) {
        let command = Command::EndRoom { room: wire::id::MeetingId::fresh(), epoch: 0, reason: wire::signal::LeaveReason::Revoked };
        self.open.lock().unwrap().lines = vec![Line { at_ms: UnixMs(0), command }; LINES_MAX];
    }
}

fn text_of(command: &Command) -> String {
    serde_json::to_string(command).unwrap_or_default()
}

fn in_date(line: &Line, now_ms: UnixMs) -> bool {
    now_ms.saturating_since_ms(line.at_ms) < LIFE_MS
}

/// A line that cannot be read was being written when the power went: it was acknowledged to nobody.
fn read(path: &Path) -> io::Result<Vec<Line>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let mut lines = Vec::new();
    for line in BufReader::new(file).split(b'\n').take(2 * LINES_MAX) {
        let line = line?;
        if line.len() <= LINE_BYTES_MAX
            && let Ok(line) = serde_json::from_slice(&line)
        {
            lines.push(line);
        }
    }
    Ok(lines)
}

/// Whole or not at all; answers with the new file, to be written on.
fn rewrite(path: &Path, lines: &[Line]) -> io::Result<File> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    for line in lines {
        serde_json::to_writer(&mut file, line)?;
        file.write_all(b"\n")?;
    }
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()?;
    OpenOptions::new().append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Classification, id::MeetingId, signal::LeaveReason};

    fn end(epoch: u32) -> Command {
        Command::EndRoom { room: MeetingId(uuid::Uuid::nil()), epoch, reason: LeaveReason::Revoked }
    }

    #[test]
    fn what_was_written_is_read_after_a_restart_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/memory.jsonl");
        let (journal, lines) = Journal::open(&path, UnixMs(0)).unwrap();
        assert!(lines.is_empty());
        journal.append(&end(1), UnixMs(1000)).unwrap();
        journal.append(&end(1), UnixMs(1500)).unwrap();
        journal.append(&Command::RaiseClassification { room: MeetingId::fresh(), to: Classification::Sulit }, UnixMs(2000)).unwrap();
        drop(journal);
        let (_, lines) = Journal::open(&path, UnixMs(3000)).unwrap();
        assert_eq!(lines.iter().map(|line| line.at_ms.0).collect::<Vec<_>>(), [1000, 2000], "said twice, written once");
        let (_, lines) = Journal::open(&path, UnixMs(1000 + LIFE_MS)).unwrap();
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn a_torn_last_line_costs_that_line_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.jsonl");
        let (journal, _) = Journal::open(&path, UnixMs(0)).unwrap();
        for epoch in 1..=3 {
            journal.append(&end(epoch), UnixMs(1)).unwrap();
        }
        drop(journal);
        let whole = fs::read(&path).unwrap();
        let third = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).unwrap().0 + 1;
        for length in third..whole.len() - 1 {
            fs::write(&path, &whole[..length]).unwrap();
            let (journal, lines) = Journal::open(&path, UnixMs(2)).unwrap();
            assert_eq!(lines.len(), 2, "{length} bytes");
            journal.append(&end(9), UnixMs(2)).unwrap();
            assert_eq!(Journal::open(&path, UnixMs(2)).unwrap().1.len(), 3);
        }
    }

    #[test]
    fn the_file_has_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.jsonl");
        let (journal, _) = Journal::open(&path, UnixMs(0)).unwrap();
        let lines: Vec<_> = (0..LINES_MAX as u32).map(|epoch| Line { at_ms: UnixMs(1), command: end(epoch) }).collect();
        journal.open.lock().unwrap().lines = lines;
        journal.append(&end(u32::MAX), UnixMs(2)).unwrap();
        let read = read(&path).unwrap();
        assert_eq!(read.len(), LINES_MAX);
        assert_eq!(read.last().unwrap().command, end(u32::MAX));
    }
}
