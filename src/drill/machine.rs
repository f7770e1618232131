//! The machine that a drill runs on: a time without it says little.

use super::report::Machine;

/// This machine.
pub(super) fn this() -> Machine {
    let name = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let about = rustix::system::sysinfo();
    Machine {
        host: text(name.nodename()),
        system: [name.sysname(), name.release(), name.machine()].map(text).join(" "),
        processors: std::thread::available_parallelism().map_or(0, |count| count.get() as u64),
        memory_bytes: (about.totalram as u64).saturating_mul(u64::from(about.mem_unit)),
    }
}
