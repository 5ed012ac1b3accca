//! What can be chosen for a site, in words.

use crate::SiteChoice;
use crate::snapshot::SiteChoiceView;

/// The choices as they are offered.
pub(crate) fn choices() -> Vec<SiteChoiceView> {
    let view = |choice| {
        let (title, meaning) = words(choice);
        SiteChoiceView { choice, title: title.into(), meaning: meaning.into() }
    };
    SiteChoice::ALL.map(view).into()
}

/// What a choice is called.
pub(crate) fn title(choice: SiteChoice) -> &'static str {
    words(choice).0
}

fn words(choice: SiteChoice) -> (&'static str, &'static str) {
    match choice {
        SiteChoice::Filtered => ("Filtered", "Like every site."),
        SiteChoice::Custom => ("Filtered its own way", "By profiles of its own."),
        SiteChoice::TunnelOnly => ("Https not opened", "Its https stays sealed."),
        SiteChoice::Off => ("Not filtered", "Its pages, and what Tamis sees that they load, pass as they are."),
        SiteChoice::LeftAlone => ("Without Tamis", "Reached directly, past Tamis."),
    }
}
