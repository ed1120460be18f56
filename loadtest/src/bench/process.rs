//! What a process costs, read from outside it; and on which core it runs.

use anyhow::{Context, Result, ensure};
use std::{fs, process::Command, time::Duration};

/// A contestant runs alone on this core, the generator on another.
pub const CONTESTANT_CORE: usize = 0;
pub const GENERATOR_CORE: usize = 1;

/// CPU of all its threads so far, in nanoseconds as the scheduler counted them (`/proc/PID/task/TID/schedstat`).
pub fn cpu(pid: u32) -> Result<Duration> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid} has ended"))? {
        // A thread may end between the two.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        sum += text.split(' ').next().and_then(|it| it.parse::<u64>().ok()).unwrap_or(0);
    }
    ensure!(sum > 0, "the kernel counts no CPU time of threads (CONFIG_SCHED_INFO)");
    Ok(Duration::from_nanos(sum))
}

/// Memory that is resident, in bytes.
pub fn resident_bytes(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kibibytes * 1_024)
}

/// Binds a process with all its threads to one core. Those that it makes later stay there. False: there is no such core, or no `taskset`.
pub fn pin(pid: u32, core: usize) -> bool {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 && core > 0 {
        return false;
    }
    let pinned = Command::new("taskset").args(["-a", "-p", "-c", &core.to_string(), &pid.to_string()]).output();
    pinned.is_ok_and(|it| it.status.success())
}

/// Of the last minute.
pub fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or(0.0)
}

/// The processor, as the kernel names it.
pub fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':')).map(|it| it.1.trim().to_owned());
    name.unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_costs_something() {
        let own = std::process::id();
        let before = cpu(own).unwrap();
        assert!(resident_bytes(own).unwrap() > 1 << 20);
        while cpu(own).unwrap() == before {}
        assert!(!processor().is_empty());
        assert!(cpu(u32::MAX).is_err());
    }
}
