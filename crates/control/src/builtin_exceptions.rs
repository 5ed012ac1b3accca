//! Hosts whose TLS is not opened unless a person says so: where what is said is nobody else's business, where a program would take
//! no certificate of ours, or where the way to the network depends on it.
//!
//! A selection of well-known hosts, not a register: who misses one adds it to the exceptions. Where a company follows people on
//! other sites too, only the hosts are here at which somebody is its customer.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use tamis_proxy::HostPattern;

/// Why hosts are left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Banks, brokers, payments.
    Finance,
    /// Patients' and insurers' sites, and places to turn to in need.
    Health,
    /// Authorities and what they offer to citizens.
    Government,
    /// Logins that open many other doors.
    Identity,
    /// Keepers of passwords.
    Passwords,
    /// Updates of systems and their stores: they know their certificates.
    Updates,
    /// By which systems find out whether somebody must sign in to the network first.
    Portals,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Finance, Self::Health, Self::Government, Self::Identity, Self::Passwords, Self::Updates, Self::Portals];

    /// As the settings name it.
    pub fn id(self) -> &'static str {
        match self {
            Self::Finance => "finance",
            Self::Health => "health",
            Self::Government => "government",
            Self::Identity => "identity",
            Self::Passwords => "passwords",
            Self::Updates => "updates",
            Self::Portals => "portals",
        }
    }

    fn patterns(self) -> &'static [&'static str] {
        match self {
            Self::Finance => FINANCE,
            Self::Health => HEALTH,
            Self::Government => GOVERNMENT,
            Self::Identity => IDENTITY,
            Self::Passwords => PASSWORDS,
            Self::Updates => UPDATES,
            Self::Portals => PORTALS,
        }
    }
}

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// As a [`HostPattern`] is written; the settings name the entry by it.
    pub pattern: &'static str,
    /// Why it is here.
    pub category: Category,
}

/// All entries, by category.
pub fn all() -> &'static [Builtin] {
    static ALL: LazyLock<Vec<Builtin>> = LazyLock::new(|| {
        let of = |category: Category| category.patterns().iter().map(move |pattern| Builtin { pattern, category });
        Category::ALL.into_iter().flat_map(of).collect()
    });
    &ALL
}

/// Those in force, without those that a person has switched `off`: categories by their ids, entries by their patterns.
pub fn patterns(off: &BTreeSet<String>) -> Vec<HostPattern> {
    let is_on = |entry: &&Builtin| !off.contains(entry.category.id()) && !off.contains(entry.pattern);
    // A test parses them all.
    all().iter().filter(is_on).filter_map(|entry| entry.pattern.parse().ok()).collect()
}

#[rustfmt::skip]
const FINANCE: &[&str] = &[
    // Given out to banks alone.
    "*.bank",
    // North America.
    "*.americanexpress.com", "*.bankofamerica.com", "*.bmo.com", "*.capitalone.com", "*.chase.com", "*.cibc.com",
    "*.citi.com", "*.discover.com", "*.fidelity.com", "*.interactivebrokers.com", "*.rbcroyalbank.com", "*.schwab.com",
    "*.scotiabank.com", "*.td.com", "*.usbank.com", "*.vanguard.com", "*.wellsfargo.com",
    // Europe.
    "*.abnamro.nl", "*.aib.ie", "*.bancosantander.es", "*.barclays.co.uk", "*.bbva.es", "*.belfius.be",
    "*.boursobank.com", "*.bunq.com", "*.caixabank.es", "*.comdirect.de", "*.commerzbank.de", "*.credit-agricole.fr",
    "*.creditmutuel.fr", "*.danskebank.dk", "*.deutsche-bank.de", "*.dkb.de", "*.dnb.no", "*.handelsbanken.se",
    "*.hsbc.co.uk", "*.ing.de", "*.ing.nl", "*.intesasanpaolo.com", "*.kbc.be", "*.labanquepostale.fr",
    "*.lloydsbank.co.uk", "*.mbank.pl", "*.monzo.com", "*.n26.com", "*.nationwide.co.uk", "*.natwest.com",
    "*.nordea.fi", "*.nordea.se", "*.pkobp.pl", "*.postbank.de", "*.postfinance.ch", "*.rabobank.nl", "*.raiffeisen.at",
    "*.raiffeisen.ch", "*.revolut.com", "*.santander.co.uk", "*.seb.se", "*.sparkasse.at", "*.sparkasse.de",
    "*.swedbank.se", "*.traderepublic.com", "*.ubs.com", "*.unicredit.it", "*.wise.com", "*.zkb.ch",
    // Asia, Australia, Africa, South America.
    "*.anz.com.au", "*.asb.co.nz", "*.bradesco.com.br", "*.commbank.com.au", "*.dbs.com.sg", "*.fnb.co.za",
    "*.hdfcbank.com", "*.icbc.com.cn", "*.icicibank.com", "*.itau.com.br", "*.kbstar.com", "*.mizuhobank.co.jp",
    "*.mufg.jp", "*.nab.com.au", "*.nubank.com.br", "*.onlinesbi.sbi", "*.smbc.co.jp", "*.standardbank.co.za",
    "*.westpac.com.au",
    // Payments, at their own doors.
    "api-m.paypal.com", "api.paypal.com", "api.stripe.com", "app.klarna.com", "checkout.stripe.com",
    "checkoutshopper-live.adyen.com", "dashboard.stripe.com", "js.stripe.com", "login.klarna.com", "paypal.com",
    "pay.google.com", "payments.google.com", "www.paypal.com", "*.coinbase.com", "*.kraken.com",
];

#[rustfmt::skip]
const HEALTH: &[&str] = &[
    "*.1177.se", "*.ameli.fr", "*.aok.de", "*.barmer.de", "*.bupa.co.uk", "*.dak.de", "*.doctolib.de", "*.doctolib.fr",
    "*.doctolib.it", "*.gematik.de", "*.helsenorge.no", "*.kanta.fi", "*.kp.org", "*.mychart.com", "*.mychart.org",
    "*.nhs.uk", "*.patientaccess.com", "*.sundhed.dk", "*.tk.de", "member.teladoc.com", "member.uhc.com",
    "my.cigna.com", "myquest.questdiagnostics.com", "onlineservices.mayoclinic.org", "patient.labcorp.com",
    // Where somebody turns to who must not be followed.
    "*.crisistextline.org", "*.plannedparenthood.org", "*.rainn.org", "*.samaritans.org", "*.telefonseelsorge.de",
    "*.thehotline.org", "*.thetrevorproject.org",
];

#[rustfmt::skip]
const GOVERNMENT: &[&str] = &[
    "*.gov", "*.mil", "*.admin.ch", "*.altinn.no", "*.belastingdienst.nl", "*.borger.dk", "*.bund.de", "*.canada.ca",
    "*.digid.nl", "*.eesti.ee", "*.elster.de", "*.europa.eu", "*.fgov.be", "*.gc.ca", "*.go.jp", "*.go.kr", "*.gob.ar",
    "*.gob.cl", "*.gob.es", "*.gob.mx", "*.gouv.fr", "*.gouv.qc.ca", "*.gov.au", "*.gov.br", "*.gov.cn", "*.gov.cz",
    "*.gov.gr", "*.gov.hk", "*.gov.hu", "*.gov.ie", "*.gov.il", "*.gov.in", "*.gov.it", "*.gov.pl", "*.gov.pt",
    "*.gov.ro", "*.gov.sg", "*.gov.si", "*.gov.sk", "*.gov.tr", "*.gov.tw", "*.gov.ua", "*.gov.uk", "*.gov.za",
    "*.govt.nz", "*.gv.at", "*.nic.in", "*.overheid.nl", "*.revenue.ie", "*.service-public.fr", "*.skat.dk",
    "*.skatteetaten.no", "*.skatteverket.se", "*.suomi.fi", "*.vero.fi",
];

#[rustfmt::skip]
const IDENTITY: &[&str] = &[
    "accounts.google.com", "myaccount.google.com", "oauth2.googleapis.com", "account.live.com", "account.microsoft.com",
    "device.login.microsoftonline.com", "login.live.com", "login.microsoft.com", "login.microsoftonline.com",
    "login.windows.net", "mysignins.microsoft.com", "account.apple.com", "appleid.apple.com", "gsa.apple.com",
    "idmsa.apple.com", "accounts.kakao.com", "access.line.me", "id.atlassian.com", "login.salesforce.com",
    "login.yahoo.com", "nid.naver.com", "passport.yandex.com", "passport.yandex.ru", "*.signin.aws.amazon.com",
    "*.amazoncognito.com", "*.auth0.com", "*.duosecurity.com", "*.id.me", "*.okta.com", "*.okta-emea.com",
    "*.onelogin.com", "*.pingone.com", "*.pingone.eu",
    // Of states and banks.
    "*.bankid.com", "*.bankid.no", "*.itsme-id.com", "*.mitid.dk", "*.nemlog-in.dk", "*.swissid.ch",
];

#[rustfmt::skip]
const PASSWORDS: &[&str] = &[
    "*.1password.ca", "*.1password.com", "*.1password.eu", "*.bitwarden.com", "*.bitwarden.eu", "*.enpass.io",
    "*.keepersecurity.com", "*.keepersecurity.eu", "*.lastpass.com", "*.nordpass.com", "*.passbolt.com",
    "*.roboform.com", "account.proton.me", "api.authy.com", "api.dashlane.com", "app.dashlane.com", "pass.proton.me",
    "passwords.google.com", "vault.zoho.com", "vault.zoho.eu",
];

#[rustfmt::skip]
const UPDATES: &[&str] = &[
    // Windows.
    "*.delivery.mp.microsoft.com", "*.update.microsoft.com", "*.windowsupdate.com", "definitionupdates.microsoft.com",
    "displaycatalog.mp.microsoft.com", "licensing.mp.microsoft.com", "packages.microsoft.com",
    "storeedgefd.dsx.mp.microsoft.com",
    // Apple.
    "*.push.apple.com", "albert.apple.com", "apps.apple.com", "buy.itunes.apple.com", "gdmf.apple.com", "gs.apple.com",
    "itunes.apple.com", "mesu.apple.com", "ocsp.apple.com", "ocsp2.apple.com", "ppq.apple.com", "swcdn.apple.com",
    "swdist.apple.com", "swdownload.apple.com", "swscan.apple.com", "updates.cdn-apple.com",
    // Android and Chrome.
    "*.gvt1.com", "android.clients.google.com", "clients2.google.com", "dl.google.com", "tools.google.com",
    "update.googleapis.com",
    // Firefox.
    "*.addons.mozilla.org", "archive.mozilla.org", "aus5.mozilla.org", "content-signature-2.cdn.mozilla.net",
    "download-installer.cdn.mozilla.net", "download.mozilla.org", "firefox.settings.services.mozilla.com",
    // Linux.
    "*.snapcraftcontent.com", "api.snapcraft.io", "archive.ubuntu.com", "cdn.fwupd.org", "deb.debian.org",
    "dl.fedoraproject.org", "dl.flathub.org", "download.opensuse.org", "esm.ubuntu.com", "geo.mirror.pkgbuild.com",
    "mirrors.fedoraproject.org", "security.debian.org", "security.ubuntu.com",
];

#[rustfmt::skip]
const PORTALS: &[&str] = &[
    "captive.apple.com", "clients3.google.com", "conncheck.opensuse.org", "connect.rom.miui.com",
    "connectivity-check.ubuntu.com", "connectivitycheck.android.com", "connectivitycheck.gstatic.com",
    "connectivitycheck.platform.hicloud.com", "detectportal.firefox.com", "dns.msftncsi.com", "fedoraproject.org",
    "ipv6.msftconnecttest.com", "network-test.debian.org", "networkcheck.kde.org", "nmcheck.gnome.org",
    "ping.archlinux.org", "www.msftconnecttest.com", "www.msftncsi.com",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn means(patterns: &[HostPattern], host: &str) -> bool {
        HostPattern::any_means(patterns, host, 443)
    }

    #[test]
    fn each_entry_is_a_pattern_and_says_what_no_other_says() {
        for entry in all() {
            let pattern: HostPattern = entry.pattern.parse().unwrap();
            assert!(pattern != HostPattern::EVERYTHING && !pattern.names_a_port(), "{entry:?}");
            assert_eq!(entry.pattern, entry.pattern.to_lowercase());
            let others = all().iter().filter(|other| !std::ptr::eq(*other, entry));
            let others: Vec<HostPattern> = others.map(|other| other.pattern.parse().unwrap()).collect();
            assert!(!means(&others, entry.pattern.trim_start_matches("*.")), "{entry:?} is there already");
        }
        assert!((150..400).contains(&all().len()), "{}", all().len());
    }

    #[test]
    fn what_is_nobody_elses_business_is_not_opened() {
        let patterns = patterns(&BTreeSet::new());
        assert_eq!(patterns.len(), all().len());
        for host in "\
            www.irs.gov www.impots.gouv.fr secure.chase.com first.bank www.paypal.com www.nhs.uk accounts.google.com \
            tenant.okta.com vault.bitwarden.com fe2.update.microsoft.com captive.apple.com"
            .split(' ')
        {
            assert!(means(&patterns, host), "{host}");
        }
    }

    /// Or the exceptions would be where the trackers are.
    #[test]
    fn what_follows_people_for_the_same_companies_is_opened() {
        let patterns = patterns(&BTreeSet::new());
        for host in "\
            www.google.com www.google-analytics.com ssl.google-analytics.com adservice.google.com play.google.com \
            ogads-pa.clients6.google.com www.googletagmanager.com stats.g.doubleclick.net \
            firebaselogging.googleapis.com t.paypal.com c.paypal.com m.stripe.com q.stripe.com r.stripe.com \
            m.stripe.network js.klarna.com metrics.apple.com xp.apple.com iadsdk.apple.com metrics.icloud.com \
            api-adservices.apple.com bat.bing.com c.clarity.ms browser.events.data.microsoft.com \
            vortex.data.microsoft.com c.microsoft.com ads.microsoft.com incoming.telemetry.mozilla.org \
            ads.mozilla.org contile.services.mozilla.com logs.dashlane.com www.dashlane.com analytics.yahoo.com \
            mc.yandex.ru an.yandex.ru wcs.naver.net aax.amazon-adsystem.com fls-na.amazon.com aws.amazon.com \
            www.facebook.com popcon.debian.org"
            .split(' ')
        {
            assert!(!means(&patterns, host), "{host}");
        }
    }

    #[test]
    fn categories_and_entries_are_switched_off_by_themselves() {
        let off = |names: &[&str]| patterns(&names.iter().map(|name| (*name).to_owned()).collect());
        for category in Category::ALL {
            let of_it = all().iter().filter(|entry| entry.category == category).count();
            assert!(of_it > 0);
            assert_eq!(off(&[category.id()]).len(), all().len() - of_it);
        }
        let some = off(&["*.gov", "portals", "of-another-version"]);
        assert!(!means(&some, "www.irs.gov") && means(&some, "www.gov.uk") && !means(&some, "captive.apple.com"));
        assert!(off(&Category::ALL.map(Category::id)).is_empty());
    }
}
