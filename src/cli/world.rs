//! What the process was given from outside: environment, clock, terminal. Everything else gets it from here as an
//! argument, so that runs replay and tests need no global state.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

/// Environment, clock and output of one run.
pub struct World {
    /// Environment variables that are valid UTF-8.
    pub env: BTreeMap<String, String>,
    /// Current directory.
    pub cwd: PathBuf,
    /// Whether stdout is a terminal.
    pub stdout_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_terminal: bool,
    /// Columns of the terminal, when stdout is one.
    pub width: Option<usize>,
}

impl World {
    /// Of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place where the process's surroundings are read")]
    pub fn of_this_process() -> World {
        let stdout_terminal = io::stdout().is_terminal();
        World {
            env: std::env::vars_os()
                .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            cwd: std::env::current_dir().unwrap_or_default(),
            stdout_terminal,
            stderr_terminal: io::stderr().is_terminal(),
            width: if stdout_terminal { Some(window().map_or(80, |(columns, _)| columns)) } else { None },
        }
    }

    /// Columns and rows of the terminal as it is now: it may have been resized.
    pub fn window(&self) -> Option<(usize, usize)> {
        window().filter(|_| self.stdout_terminal)
    }

    /// A variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether the terminal says that it takes no escape sequences at all.
    pub fn dumb(&self) -> bool {
        self.var("TERM") == Some("dumb")
    }

    /// The wall clock.
    #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Where state is kept between runs: `$XDG_STATE_HOME/quorate`, else `~/.local/state/quorate`.
    pub fn state_dir(&self) -> Option<PathBuf> {
        let home = || self.var("HOME").map(|home| PathBuf::from(home).join(".local/state"));
        let base = self.var("XDG_STATE_HOME").map(PathBuf::from).filter(|p| p.is_absolute()).or_else(home);
        base.map(|dir| dir.join("quorate"))
    }

    /// Writes data to stdout in one go. A reader that went away is not an error.
    pub fn print(&self, data: &[u8]) -> io::Result<()> {
        match self.print_more(data) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Asks people something on stderr and reads their answer, one line; `None` when nobody sits at the terminal.
    pub fn ask(&self, question: &str) -> io::Result<Option<String>> {
        if !io::stdin().is_terminal() {
            return Ok(None);
        }
        let mut err = io::stderr().lock();
        write!(err, "{question}")?;
        err.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(Some(answer.trim().to_owned()))
    }

    /// Writes data to stdout, of which more will follow: a reader that went away is an error, so that it ends.
    pub fn print_more(&self, data: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(data).and_then(|()| out.flush())
    }

    /// Tells people something on stderr.
    pub fn tell(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

/// Columns and rows; `None` when there is no terminal, or one that does not say.
fn window() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some((usize::from(size.ws_col), usize::from(size.ws_row)))
        .filter(|(columns, rows)| *columns > 0 && *rows > 0)
}
