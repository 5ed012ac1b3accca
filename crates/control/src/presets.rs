//! Named choices of profiles, so that a person ticks one thing instead of several. Nowhere is written down which of them
//! is in force: it is the one whose profiles are ticked, and no other, so ticking one more by hand is the end of it.

use tamis_filter::{Card, rules};

use crate::settings::Settings;
use crate::snapshot::PresetView;

/// One of them.
struct Preset {
    /// Names it in commands.
    id: &'static str,
    /// Two or three words, which promise no more than its profiles do.
    title: &'static str,
    chooses: Choice,
}

/// Which profiles of the catalogue are ticked.
enum Choice {
    /// Those of a new installation.
    Usual,
    /// Those with these ids.
    Only(&'static [&'static str]),
}

/// All of them, as they are offered.
const PRESETS: &[Preset] = &[
    Preset { id: "recommended", title: "Recommended", chooses: Choice::Usual },
    Preset {
        id: "fewer-trackers",
        title: "Fewer trackers",
        chooses: Choice::Only(&["strip-trackers", "quiet-headers"]),
    },
    Preset { id: "less-data", title: "Less data", chooses: Choice::Only(&["lighter-media"]) },
];

impl Choice {
    fn has(&self, profile: &Card) -> bool {
        match self {
            Self::Usual => profile.on_by_default,
            Self::Only(ids) => ids.contains(&profile.id),
        }
    }
}

/// Ticks the profiles of a preset and no other, or says that there is no such preset.
pub(crate) fn choose(settings: &mut Settings, id: &str, profiles: &[Card]) -> bool {
    let Some(preset) = PRESETS.iter().find(|preset| preset.id == id) else { return false };
    let ticks = chosen_among(profiles).map(|profile| (profile.id.to_owned(), preset.chooses.has(profile)));
    settings.profiles.extend(ticks);
    true
}

/// Each preset, with whether it is in force.
pub(crate) fn views(settings: &Settings, profiles: &[Card]) -> Vec<PresetView> {
    let in_force =
        |choice: &Choice| chosen_among(profiles).all(|profile| settings.wants(profile) == choice.has(profile));
    let view = |preset: &Preset| PresetView {
        id: preset.id.into(),
        title: preset.title.into(),
        on: in_force(&preset.chooses),
    };
    PRESETS.iter().map(view).collect()
}

/// The profiles that a preset is about: not the user's own rules and the filter lists, which are chosen for themselves and
/// stay as they are.
fn chosen_among(profiles: &[Card]) -> impl Iterator<Item = &Card> {
    profiles.iter().filter(|profile| profile.id != rules::ID && profile.id != rules::LISTS_ID)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tamis_filter::Profile;
    use tamis_filter::profiles::catalogue;
    use tamis_filter::rules::Rules;

    use super::*;

    fn cards() -> Vec<Card> {
        catalogue().iter().map(|profile| profile.card()).collect()
    }

    #[test]
    fn each_preset_names_profiles_that_exist_and_chooses_differently() {
        let cards = cards();
        let mut choices = BTreeSet::new();
        for preset in PRESETS {
            let chosen: Vec<&str> = cards.iter().filter(|card| preset.chooses.has(card)).map(|card| card.id).collect();
            assert!(!chosen.is_empty(), "{}: nothing at all is the switch for filtering", preset.id);
            if let Choice::Only(ids) = preset.chooses {
                assert_eq!(chosen.len(), ids.len(), "{} names a profile that does not exist, or one twice", preset.id);
            }
            assert!(choices.insert(chosen), "{} chooses what another one does", preset.id);
        }
        assert_eq!(PRESETS.iter().map(|preset| preset.id).collect::<BTreeSet<_>>().len(), PRESETS.len());
    }

    #[test]
    fn a_preset_is_in_force_exactly_when_its_profiles_are_ticked_whatever_becomes_of_the_users_rules() {
        let mut cards = cards();
        cards.insert(0, Rules::parse("||ads.test^").rules.card());
        for preset in PRESETS {
            for rules_on in [false, true] {
                let mut settings = Settings::default();
                settings.profiles.insert(rules::ID.into(), rules_on);
                assert!(choose(&mut settings, preset.id, &cards));
                assert_eq!(settings.profiles.get(rules::ID), Some(&rules_on));
                let on = |settings: &Settings| -> Vec<String> {
                    views(settings, &cards).into_iter().filter(|view| view.on).map(|view| view.id).collect()
                };
                assert_eq!(on(&settings), [preset.id]);
                for card in chosen_among(&cards) {
                    let mut other = settings.clone();
                    other.profiles.insert(card.id.into(), !settings.wants(card));
                    assert!(!on(&other).contains(&preset.id.to_owned()), "{} with {} turned", preset.id, card.id);
                }
            }
        }
    }
}
