//! One connection for many commands. It belongs to one [`super::SshHost`] and ends with it; its socket is in a directory
//! that only this user can enter. Commands work without it too, each with a connection of its own: that is what ssh does
//! when the socket is not there yet, or no more.

use std::ffi::OsString;
use std::process::Stdio;
use std::sync::OnceLock;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Longest path of a socket, less what ssh appends while it makes one.
const SOCKET_PATH_LIMIT: usize = 107 - 17;

#[derive(Debug, Default)]
pub(super) struct Shared {
    connection: OnceLock<Option<Connection>>,
}

/// Dropping it ends the process and removes the directory.
#[derive(Debug)]
struct Connection {
    _master: Child,
    dir: TempDir,
}

impl Shared {
    /// Begins to connect, once.
    pub(super) fn ready(&self, ssh: impl FnOnce() -> Command, destination: &str) {
        self.connection.get_or_init(|| {
            let dir = tempfile::Builder::new().prefix("quorate-").tempdir().ok()?;
            if dir.path().as_os_str().len() + 2 > SOCKET_PATH_LIMIT {
                return None;
            }
            let mut command = ssh();
            command.args(["-N", "-o", "ControlMaster=yes", "-o", "ControlPersist=no", "-o"]);
            command.arg(socket(&dir)).arg("--").arg(destination);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let master = command.process_group(0).kill_on_drop(true).spawn().ok()?;
            Some(Connection { _master: master, dir })
        });
    }

    /// How a command uses it.
    pub(super) fn options(&self) -> Vec<OsString> {
        match self.connection.get().and_then(Option::as_ref) {
            Some(connection) => {
                vec!["-o".into(), "ControlMaster=no".into(), "-o".into(), socket(&connection.dir)]
            }
            None => Vec::new(),
        }
    }
}

fn socket(dir: &TempDir) -> OsString {
    let mut option = OsString::from("ControlPath=");
    option.push(dir.path().join("s"));
    option
}
