//! How many files and sockets this process may have open at a time.

/// Raises this process's limit to what the system permits it without asking anybody; the limit in force now, or none
/// where there is none to speak of or it cannot be found out.
///
/// Login sessions on Linux usually begin with 1024, which a browser with many tabs can use up in a proxy.
pub fn raise_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => limit.maximum,
            Err(error) => {
                tracing::info!(%error, "the limit on open files stays as it is");
                limit.current
            }
        }
    }
    #[cfg(not(unix))]
    None
}

/// The limit that [`raise_limit`] can reach; none where there is none to speak of or it cannot be found out.
pub fn highest_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum
    }
    #[cfg(not(unix))]
    None
}
