//! Hosts that are left alone: this computer reaches them without Tamis, and what comes here all the same is not filtered.

use tamis_proxy::{HostPattern, PatternError};

use crate::{ExceptionView, Problem, words};

/// How many count. Each is looked at by every browser for every page.
const EXCEPTIONS: usize = 256;

/// What to do instead of a line that means every host.
pub(crate) const INSTEAD_OF_EVERYTHING: &str = "turn filtering off instead";

/// What can be understood, and a problem that names the rest.
pub(crate) fn read(written: &[String]) -> (Vec<HostPattern>, Option<Problem>) {
    let mut faults = Vec::new();
    let mut hosts = Vec::new();
    for text in written.iter().take(EXCEPTIONS) {
        match pattern(text, INSTEAD_OF_EVERYTHING) {
            Ok(pattern) => hosts.push(pattern),
            Err(why) => faults.push(format!("`{text}`: {why}")),
        }
    }
    if written.len() > EXCEPTIONS {
        faults.push(format!("only the first {EXCEPTIONS} count"));
    }
    (hosts, (!faults.is_empty()).then(|| words::exceptions_nonsense(&faults)))
}

/// Each line, with why it does not count.
pub(crate) fn views(written: &[String]) -> Vec<ExceptionView> {
    let fault = |index: usize, text: &str| match pattern(text, INSTEAD_OF_EVERYTHING) {
        Err(why) => Some(words::exception_fault(&why)),
        Ok(_) if index >= EXCEPTIONS => Some(words::exception_beyond(EXCEPTIONS)),
        Ok(_) => None,
    };
    let lines = written.iter().enumerate();
    lines.map(|(index, line)| ExceptionView { line: line.clone(), fault: fault(index, line) }).collect()
}

/// One exception, or a clause about why it is none; `instead`: what to do where it would be every host.
pub(crate) fn pattern(text: &str, instead: &str) -> Result<HostPattern, String> {
    let pattern: HostPattern = text.parse().map_err(|why: PatternError| why.to_string())?;
    if pattern == HostPattern::EVERYTHING {
        return Err(format!("that would be everything; {instead}"));
    }
    if pattern.names_a_port() {
        return Err("a port cannot be named here".into());
    }
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_told_and_the_rest_counts() {
        let written = ["a.test", "*", "*.b.test", "c.test:81", "x y", "192.0.2.0/24", "*:81"].map(str::to_owned);
        let (hosts, problem) = read(&written);
        assert_eq!(hosts.len(), 3);
        let meaning = problem.unwrap().meaning;
        for text in ["`*`", "`c.test:81`", "`x y`", "`*:81`"] {
            assert!(meaning.contains(text), "{meaning}");
        }
        let faulty: Vec<bool> = views(&written).iter().map(|view| view.fault.is_some()).collect();
        assert_eq!(faulty, [false, true, false, true, true, false, true]);
        let (hosts, problem) = read(&vec!["a.test".to_owned(); EXCEPTIONS + 1]);
        assert!(hosts.len() == EXCEPTIONS && problem.is_some());
    }
}
