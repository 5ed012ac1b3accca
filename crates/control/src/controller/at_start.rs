//! What opened HTTPS finds at the start of a run: files that options and settings name, what was learned, the authority.

use std::path::Path;
use std::time::SystemTime;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tamis_authority::Distrust;
use tamis_proxy::Learned;

use super::https_state::Had;
use crate::authority_store::{AuthorityState, AuthorityStore};
use crate::https_settings::HttpsWish;
use crate::learned_store::LearnedStore;
use crate::options::HttpsOptions;
use crate::store::read_text;
use crate::words::https as text;
use crate::{Paths, Problem};

/// How many roots may be added to those of the system.
const EXTRA_ROOTS: usize = 256;

/// Looks at all of it. What the settings name and cannot be read is a problem among others.
///
/// # Errors
/// Where something that was asked for on the command line cannot be read: then nothing is to start.
pub(super) fn look(paths: &Paths, options: &HttpsOptions, wish: &HttpsWish) -> Result<(Had, Vec<Problem>), Problem> {
    let mut problems = Vec::new();
    let mut extra_roots = Vec::new();
    for file in &options.extra_roots {
        extra_roots.extend(roots_in(file).map_err(|why| text::file_unreadable("additional roots", &why))?);
    }
    for file in &wish.extra_roots {
        match roots_in(file) {
            Ok(roots) => extra_roots.extend(roots),
            Err(why) => problems.push(text::extra_root_unreadable(&why)),
        }
    }
    extra_roots.truncate(EXTRA_ROOTS);
    let now = SystemTime::now();
    let authority = match &options.authority {
        None => AuthorityStore::new(paths.clone()).load(now),
        Some((certificate, key)) => {
            let read = AuthorityStore::read_given(certificate, key, now);
            AuthorityState::Ready(read.map_err(|why| text::file_unreadable("certificate authority", &why))?)
        }
    };
    let had = Had {
        learned: learned(paths, &mut problems),
        distrust: distrust(wish.distrust.as_deref(), &mut problems),
        extra_roots,
        authority,
        of_this_run: options.authority.is_some(),
    };
    Ok((had, problems))
}

/// At least one.
fn roots_in(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read_text(file).map_err(|error| error.to_string())?;
    let roots = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
    match roots {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        Ok(_) => Err(format!("there is no certificate in {}", file.display())),
        Err(error) => Err(format!("reading {}: {error}", file.display())),
    }
}

fn learned(paths: &Paths, problems: &mut Vec<Problem>) -> Learned {
    let (exceptions, wary, error) = LearnedStore::new(paths.clone()).load();
    problems.extend(error.map(|error| text::learned_unreadable(&error)));
    Learned::new(exceptions, wary)
}

fn distrust(file: Option<&Path>, problems: &mut Vec<Problem>) -> Distrust {
    let Some(file) = file else { return Distrust::builtin() };
    let read = read_text(file).map_err(|error| error.to_string());
    match read.and_then(|text| Distrust::parse(&text).map_err(|error| error.to_string())) {
        Ok(newer) => Distrust::builtin().and(newer),
        Err(why) => {
            problems.push(text::distrust_unreadable(&why));
            Distrust::builtin()
        }
    }
}
