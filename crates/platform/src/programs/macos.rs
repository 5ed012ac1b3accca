//! macOS: `lsof` names the process, `ps` the path of its program.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::{FoundProgram, lsof};
use crate::tool;

const LSOF: &str = "/usr/sbin/lsof";
const PS: &str = "/bin/ps";

/// How long each may take; `lsof` takes some 50 ms.
const LIMIT: Duration = Duration::from_secs(3);

pub(super) fn behind(client: SocketAddr, proxy: SocketAddr) -> Option<FoundProgram> {
    let pid = lsof::holder(&ask(LSOF, &lsof::arguments(client.port()))?, client, proxy)?;
    let answer = ask(PS, &["-p".into(), pid.to_string(), "-o".into(), "comm=".into()])?;
    let path = answer.lines().next().map(str::trim).filter(|path| !path.is_empty())?;
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    Some(FoundProgram { name, path: path.to_owned(), pid })
}

fn ask(program: &str, arguments: &[String]) -> Option<String> {
    let answer = tool::run(Path::new(program), arguments, &[], LIMIT);
    answer
        .inspect_err(|error| tracing::debug!(program, %error, "a connection stays nobody's"))
        .ok()
        .map(|it| it.printed)
}
