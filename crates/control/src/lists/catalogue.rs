//! The filter lists that Tamis knows: what they are for, whose they are, where they are. Nothing of what is in them comes with
//! Tamis.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ListKind {
    /// Advertising.
    Ads,
    /// Who watches what people do.
    Trackers,
    /// What is hung on addresses to tell people apart.
    Parameters,
    /// Sites that harm.
    Malware,
    /// What is particular to the sites of a language.
    Regional,
    /// Whatever the user named it for.
    Own,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Known {
    /// Names it in commands and settings.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: ListKind,
    pub(crate) homepage: &'static str,
    pub(crate) licence: &'static str,
    pub(crate) address: &'static str,
    /// As in [`Source::trusted`](tamis_filter::rules::Source::trusted).
    pub(crate) trusted: bool,
    /// The languages whose sites it is for (ISO 639); none means all.
    pub(crate) languages: &'static [&'static str],
}

const EASYLIST: &str = "https://easylist.to/";
const EASYLIST_LICENCE: &str = "GPL-3.0-or-later or CC BY-SA 3.0-or-later";
const UASSETS: &str = "https://github.com/uBlockOrigin/uAssets";
const ADGUARD: &str = "https://github.com/AdguardTeam/AdguardFilters";
const GPL: &str = "GPL-3.0";
const SEE_PAGE: &str = "see its page";

/// A list for everybody.
const fn common(id: &'static str, title: &'static str, kind: ListKind, of: Of, address: &'static str) -> Known {
    let Of { homepage, licence, trusted } = of;
    Known { id, title, kind, homepage, licence, address, trusted, languages: &[] }
}

/// A list for the sites of some languages.
const fn regional(
    id: &'static str,
    title: &'static str,
    languages: &'static [&'static str],
    of: Of,
    address: &'static str,
) -> Known {
    let Of { homepage, licence, trusted } = of;
    Known { id, title, kind: ListKind::Regional, homepage, licence, address, trusted, languages }
}

/// Whose a list is, and on which terms.
struct Of {
    homepage: &'static str,
    licence: &'static str,
    trusted: bool,
}

const fn of(homepage: &'static str, licence: &'static str) -> Of {
    Of { homepage, licence, trusted: false }
}

const UBLOCK: Of = Of { homepage: UASSETS, licence: GPL, trusted: true };

/// All of them, in the order in which they are shown.
pub(crate) const CATALOGUE: &[Known] = &[
    common(
        "easylist",
        "EasyList",
        ListKind::Ads,
        of(EASYLIST, EASYLIST_LICENCE),
        "https://easylist.to/easylist/easylist.txt",
    ),
    common(
        "ublock-filters",
        "uBlock filters",
        ListKind::Ads,
        UBLOCK,
        "https://ublockorigin.github.io/uAssets/filters/filters.txt",
    ),
    common(
        "ublock-quick-fixes",
        "uBlock filters: quick fixes",
        ListKind::Ads,
        UBLOCK,
        "https://ublockorigin.github.io/uAssets/filters/quick-fixes.txt",
    ),
    common(
        "ublock-unbreak",
        "uBlock filters: unbreak",
        ListKind::Ads,
        UBLOCK,
        "https://ublockorigin.github.io/uAssets/filters/unbreak.txt",
    ),
    common(
        "peter-lowe",
        "Peter Lowe’s list",
        ListKind::Ads,
        of("https://pgl.yoyo.org/adservers/", SEE_PAGE),
        "https://pgl.yoyo.org/adservers/serverlist.php?hostformat=hosts&showintro=1&mimetype=plaintext",
    ),
    common(
        "easyprivacy",
        "EasyPrivacy",
        ListKind::Trackers,
        of(EASYLIST, EASYLIST_LICENCE),
        "https://easylist.to/easylist/easyprivacy.txt",
    ),
    common(
        "ublock-privacy",
        "uBlock filters: privacy",
        ListKind::Trackers,
        UBLOCK,
        "https://ublockorigin.github.io/uAssets/filters/privacy.txt",
    ),
    common(
        "adguard-parameters",
        "AdGuard tracking parameters",
        ListKind::Parameters,
        of(ADGUARD, GPL),
        "https://filters.adtidy.org/extension/ublock/filters/17.txt",
    ),
    common(
        "ublock-badware",
        "uBlock filters: badware",
        ListKind::Malware,
        UBLOCK,
        "https://ublockorigin.github.io/uAssets/filters/badware.txt",
    ),
    common(
        "urlhaus",
        "URLhaus malicious addresses",
        ListKind::Malware,
        of("https://gitlab.com/malware-filter/urlhaus-filter", "MIT and CC0-1.0"),
        "https://malware-filter.gitlab.io/urlhaus-filter/urlhaus-filter-ag-online.txt",
    ),
    regional(
        "arabic",
        "Liste AR (Arabic)",
        &["ar"],
        of("https://forums.lanik.us/viewforum.php?f=98", SEE_PAGE),
        "https://easylist-downloads.adblockplus.org/Liste_AR.txt",
    ),
    regional(
        "bulgarian",
        "Bulgarian Adblock list",
        &["bg", "mk"],
        of("https://stanev.org/abp/", SEE_PAGE),
        "https://stanev.org/abp/adblock_bg.txt",
    ),
    regional(
        "chinese",
        "AdGuard Chinese",
        &["zh", "ug"],
        of(ADGUARD, GPL),
        "https://filters.adtidy.org/extension/ublock/filters/224.txt",
    ),
    regional(
        "croatian-serbian",
        "Dandelion Sprout’s Serbo-Croatian filters",
        &["bs", "hr", "sr"],
        of("https://github.com/DandelionSprout/adfilt", "Dandelicence 1.4"),
        "https://raw.githubusercontent.com/DandelionSprout/adfilt/master/SerboCroatianList.txt",
    ),
    regional(
        "czech-slovak",
        "EasyList Czech and Slovak",
        &["cs", "sk"],
        of("https://github.com/tomasko126/easylistczechandslovak", SEE_PAGE),
        "https://raw.githubusercontent.com/tomasko126/easylistczechandslovak/master/filters.txt",
    ),
    regional(
        "dutch",
        "AdGuard Dutch",
        &["nl", "fy", "af"],
        of(ADGUARD, GPL),
        "https://filters.adtidy.org/extension/ublock/filters/8.txt",
    ),
    regional(
        "estonian",
        "uBO-et (Estonian)",
        &["et"],
        of("https://github.com/sander85/uBO-et", SEE_PAGE),
        "https://ubo-et.lepik.io/list.txt",
    ),
    regional(
        "finnish",
        "Adblock List for Finland",
        &["fi"],
        of("https://github.com/finnish-easylist-addition/finnish-easylist-addition", SEE_PAGE),
        "https://raw.githubusercontent.com/finnish-easylist-addition/finnish-easylist-addition/gh-pages/Finland_adb.txt",
    ),
    regional(
        "french",
        "AdGuard French",
        &["fr", "br", "oc"],
        of(ADGUARD, GPL),
        "https://filters.adtidy.org/extension/ublock/filters/16.txt",
    ),
    regional(
        "german",
        "EasyList Germany",
        &["de", "lb", "rm", "dsb", "hsb"],
        of("https://forums.lanik.us/viewforum.php?f=90", EASYLIST_LICENCE),
        "https://easylist.to/easylistgermany/easylistgermany.txt",
    ),
    regional(
        "greek",
        "Greek AdBlock Filter",
        &["el"],
        of("https://github.com/kargig/greek-adblockplus-filter", SEE_PAGE),
        "https://www.void.gr/kargig/void-gr-filters.txt",
    ),
    regional(
        "hebrew",
        "EasyList Hebrew",
        &["he", "iw"],
        of("https://github.com/easylist/EasyListHebrew", SEE_PAGE),
        "https://raw.githubusercontent.com/easylist/EasyListHebrew/master/EasyListHebrew.txt",
    ),
    regional(
        "hungarian",
        "hufilter",
        &["hu"],
        of("https://github.com/hufilter/hufilter", SEE_PAGE),
        "https://cdn.jsdelivr.net/gh/hufilter/hufilter@gh-pages/hufilter-ublock.txt",
    ),
    regional(
        "indian",
        "IndianList",
        &["as", "bn", "gu", "hi", "kn", "ml", "mr", "ne", "pa", "si", "ta", "te"],
        of("https://github.com/mediumkreation/IndianList", SEE_PAGE),
        "https://easylist-downloads.adblockplus.org/indianlist.txt",
    ),
    regional(
        "indonesian",
        "ABPindo",
        &["id", "ms"],
        of("https://github.com/ABPindo/indonesianadblockrules", SEE_PAGE),
        "https://raw.githubusercontent.com/ABPindo/indonesianadblockrules/master/subscriptions/abpindo.txt",
    ),
    regional(
        "italian",
        "EasyList Italy",
        &["it", "fur", "lij", "sc"],
        of("https://forums.lanik.us/viewforum.php?f=96", EASYLIST_LICENCE),
        "https://easylist-downloads.adblockplus.org/easylistitaly.txt",
    ),
    regional(
        "japanese",
        "AdGuard Japanese",
        &["ja"],
        of(ADGUARD, GPL),
        "https://filters.adtidy.org/extension/ublock/filters/7.txt",
    ),
    regional(
        "korean",
        "List-KR",
        &["ko"],
        of("https://github.com/List-KR/List-KR", SEE_PAGE),
        "https://cdn.jsdelivr.net/gh/List-KR/List-KR@latest/filter-uBlockOrigin.txt",
    ),
    regional(
        "latvian",
        "Latvian List",
        &["lv"],
        of("https://github.com/Latvian-List/adblock-latvian", SEE_PAGE),
        "https://raw.githubusercontent.com/Latvian-List/adblock-latvian/master/lists/latvian-list.txt",
    ),
    regional(
        "lithuanian",
        "EasyList Lithuania",
        &["lt"],
        of("https://github.com/EasyList-Lithuania/easylist_lithuania", SEE_PAGE),
        "https://raw.githubusercontent.com/EasyList-Lithuania/easylist_lithuania/master/easylistlithuania.txt",
    ),
    regional(
        "nordic",
        "Dandelion Sprout’s Nordic filters",
        &["nb", "nn", "no", "da", "is"],
        of("https://github.com/DandelionSprout/adfilt", "Dandelicence 1.4"),
        "https://raw.githubusercontent.com/DandelionSprout/adfilt/master/NorwegianList.txt",
    ),
    regional(
        "persian",
        "PersianBlocker",
        &["fa", "ps", "tg"],
        of("https://github.com/MasterKia/PersianBlocker", SEE_PAGE),
        "https://raw.githubusercontent.com/MasterKia/PersianBlocker/main/PersianBlocker.txt",
    ),
    regional(
        "polish",
        "Official Polish filters",
        &["pl", "szl"],
        of("https://github.com/MajkiIT/polish-ads-filter", SEE_PAGE),
        "https://raw.githubusercontent.com/MajkiIT/polish-ads-filter/master/polish-adblock-filters/adblock.txt",
    ),
    regional(
        "romanian",
        "ROad Block List Light",
        &["ro"],
        of("https://github.com/tcptomato/ROad-Block", SEE_PAGE),
        "https://raw.githubusercontent.com/tcptomato/ROad-Block/master/road-block-filters-light.txt",
    ),
    regional(
        "russian",
        "RU AdList",
        &["ru", "uk", "be", "kk", "tt", "uz"],
        of("https://forums.lanik.us/viewforum.php?f=102", SEE_PAGE),
        "https://raw.githubusercontent.com/easylist/ruadlist/master/RuAdList-uBO.txt",
    ),
];

/// The list of this id.
pub(crate) fn known(id: &str) -> Option<&'static Known> {
    CATALOGUE.iter().find(|known| known.id == id)
}

/// The title of a list, or what names it.
pub(crate) fn title(id: &str) -> &str {
    known(id).map_or(id, |known| known.title)
}

impl Known {
    /// Whether it is offered to somebody who speaks these languages: as a system names them, `pt_BR.UTF-8` or `de-AT`.
    pub(crate) fn is_for(&self, locales: &[String]) -> bool {
        let language = |locale: &String| locale.split(['-', '_', '.', '@']).next().unwrap_or_default().to_lowercase();
        self.languages.is_empty() || locales.iter().map(language).any(|it| self.languages.contains(&it.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_list_has_a_name_of_its_own_and_an_https_address() {
        let ids: BTreeSet<&str> = CATALOGUE.iter().map(|known| known.id).collect();
        let addresses: BTreeSet<&str> = CATALOGUE.iter().map(|known| known.address).collect();
        assert_eq!((ids.len(), addresses.len()), (CATALOGUE.len(), CATALOGUE.len()));
        for known in CATALOGUE {
            assert!(known.address.starts_with("https://") && known.homepage.starts_with("https://"), "{}", known.id);
            assert_eq!(known.kind == ListKind::Regional, !known.languages.is_empty(), "{}", known.id);
            assert!(!known.trusted || known.homepage == UASSETS, "{}", known.id);
        }
    }

    #[test]
    fn what_is_particular_to_a_language_is_offered_to_those_who_speak_it() {
        let offered = |locales: &[&str]| {
            let locales: Vec<String> = locales.iter().map(|&locale| locale.to_owned()).collect();
            let regional = CATALOGUE.iter().filter(|known| !known.languages.is_empty() && known.is_for(&locales));
            regional.map(|known| known.id).collect::<Vec<_>>()
        };
        assert_eq!(offered(&["de_AT.UTF-8", "en"]), ["german"]);
        assert_eq!(offered(&["sr@latin"]), ["croatian-serbian"]);
        assert_eq!(offered(&["C", "en-GB"]), [""; 0]);
    }
}
