//! The contract with the web UI: TypeScript types and golden JSON in `ui/contract`, generated from the Rust types and
//! compared here; the UI's own tests read the same files. `TAMIS_BLESS=1 cargo test -p tamis-control --test contract`
//! writes them anew.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::num::NonZeroU16;
use std::path::PathBuf;

use serde_json::json;
use tamis_control::{
    ADDRESS_KINDS, AddressTrial, AuthorityStanding, AuthorityView, BuiltInHostView, BuiltInView, ChangeView, CheckId,
    CheckState, CheckView, Command, ExceptionView, Figures, FirstStep, FirstStepsView, FormerProxyView, HttpsLevel,
    HttpsLevelView, HttpsView, KeyView, LearnedView, LineNote, ListKind, ListState, ListView, ListsView,
    MY_RULES_LIMIT, Minute, MyRulesView, PAUSES, PauseLength, PauseView, Phase, PlaceView, PresetView, Problem,
    ProfileView, QuietHeadersView, QuietLevel, QuietLevelView, QuietRowView, RefusedLineView, RefusedView,
    RuleCountsView, RulesFileView, RulesReport, RulesTrial, SiteChoice, SiteChoiceView, SiteView, SitesView, Snapshot,
    StartAtLoginView, StepView, SystemProxyState, SystemProxyView, Toggle, TrustState, TrustStoreView, WaryProgramView,
};
use ts_rs::{Config, TS};

#[track_caller]
fn compare(file: &str, generated: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../ui/contract").join(file);
    if std::env::var_os("TAMIS_BLESS").is_some() {
        fs::write(path, generated).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == generated, "ui/contract/{file} is not what the Rust types say; see the top of this test");
}

fn declaration<T: TS + 'static>(config: &Config) -> String {
    let docs = T::docs().unwrap_or_default();
    format!("\n{docs}export {}\n", T::decl(config))
}

#[test]
fn the_typescript_types_are_those_of_the_contract() {
    // Counts and times fit in 53 bits for longer than anybody will run Tamis.
    let config = Config::new().with_large_int("number");
    let types = [
        declaration::<Command>(&config),
        declaration::<PauseLength>(&config),
        declaration::<Snapshot>(&config),
        declaration::<Phase>(&config),
        declaration::<Toggle>(&config),
        declaration::<PauseView>(&config),
        declaration::<SystemProxyView>(&config),
        declaration::<ExceptionView>(&config),
        declaration::<FormerProxyView>(&config),
        declaration::<SystemProxyState>(&config),
        declaration::<HttpsView>(&config),
        declaration::<HttpsLevel>(&config),
        declaration::<HttpsLevelView>(&config),
        declaration::<AuthorityView>(&config),
        declaration::<AuthorityStanding>(&config),
        declaration::<TrustStoreView>(&config),
        declaration::<TrustState>(&config),
        declaration::<BuiltInView>(&config),
        declaration::<BuiltInHostView>(&config),
        declaration::<LearnedView>(&config),
        declaration::<WaryProgramView>(&config),
        declaration::<ListsView>(&config),
        declaration::<RuleCountsView>(&config),
        declaration::<ListView>(&config),
        declaration::<ListKind>(&config),
        declaration::<ListState>(&config),
        declaration::<RefusedView>(&config),
        declaration::<RefusedLineView>(&config),
        declaration::<StartAtLoginView>(&config),
        declaration::<ProfileView>(&config),
        declaration::<PresetView>(&config),
        declaration::<QuietHeadersView>(&config),
        declaration::<QuietLevel>(&config),
        declaration::<QuietLevelView>(&config),
        declaration::<QuietRowView>(&config),
        declaration::<SitesView>(&config),
        declaration::<SiteChoiceView>(&config),
        declaration::<SiteChoice>(&config),
        declaration::<SiteView>(&config),
        declaration::<MyRulesView>(&config),
        declaration::<RulesFileView>(&config),
        declaration::<RulesTrial>(&config),
        declaration::<RulesReport>(&config),
        declaration::<AddressTrial>(&config),
        declaration::<LineNote>(&config),
        declaration::<Figures>(&config),
        declaration::<Minute>(&config),
        declaration::<ChangeView>(&config),
        declaration::<FirstStepsView>(&config),
        declaration::<StepView>(&config),
        declaration::<FirstStep>(&config),
        declaration::<PlaceView>(&config),
        declaration::<KeyView>(&config),
        declaration::<CheckView>(&config),
        declaration::<CheckId>(&config),
        declaration::<CheckState>(&config),
        declaration::<Problem>(&config),
    ];
    let pauses = PAUSES.map(|(length, label)| json!({ "length": length, "label": label }));
    let pauses = serde_json::to_string_pretty(&pauses).unwrap();
    let kinds = ADDRESS_KINDS.map(|(kind, label)| json!({ "kind": kind, "label": label }));
    let kinds = serde_json::to_string_pretty(&kinds).unwrap();
    let text = format!(
        "// Generated from the types of the control crate; see crates/control/tests/contract.rs.\n{}\n\
         /** The pauses that are offered, in their order. */\n\
         export const PAUSES: readonly {{ length: PauseLength, label: string }}[] = {pauses};\n\n\
         /** What an address can be asked for. */\n\
         export const ADDRESS_KINDS: readonly {{ kind: string, label: string }}[] = {kinds};\n",
        types.concat()
    );
    compare("contract.ts", &text);
}

#[test]
fn every_command_is_read_and_written_as_the_golden_file_has_it() {
    let commands = vec![
        Command::SetFiltering { on: true },
        Command::Pause { length: PauseLength::Seconds(NonZeroU16::new(300).unwrap()) },
        Command::Pause { length: PauseLength::UntilRestart },
        Command::SetSystemProxy { on: false },
        Command::SetFormerProxy { on: false },
        Command::SetExceptions { hosts: vec!["*.bank.example".into()] },
        Command::SetSite { site: "bank.example".into(), choice: SiteChoice::LeftAlone },
        Command::SetSite { site: "news.example".into(), choice: SiteChoice::Off },
        Command::SetSiteProfile { site: "shop.example".into(), id: "strip-trackers".into(), on: false },
        Command::SetHttpsLevel { level: HttpsLevel::Selected },
        Command::OpenSite { site: "news.example".into(), on: true },
        Command::RemoveOpenedSite { line: "*.news.example".into() },
        Command::SetBuiltInException { name: "finance".into(), on: false },
        Command::ForgetLearned { path: Some("/usr/bin/git".into()), host: Some("git.example".into()) },
        Command::ForgetLearned { path: None, host: None },
        Command::LookAtTrust,
        Command::MakeAuthority,
        Command::RenewAuthority,
        Command::DeleteAuthority,
        Command::InstallTrust { store: None },
        Command::InstallTrust { store: Some("The system".into()) },
        Command::VerifyTrust { store: None },
        Command::VerifyTrust { store: Some("The system".into()) },
        Command::RemoveTrust { store: None },
        Command::RemoveTrust { store: Some("The system".into()) },
        Command::ChooseList { id: "easylist".into(), on: true },
        Command::ChooseLists { ids: vec!["easylist".into(), "easyprivacy".into()] },
        Command::AddList { address: "https://lists.example/mine.txt".into() },
        Command::RemoveList { address: "https://lists.example/mine.txt".into() },
        Command::UpdateLists { id: None },
        Command::UpdateLists { id: Some("easylist".into()) },
        Command::RollBackList { id: "easylist".into() },
        Command::ShowRefusedLines { id: Some("easylist".into()) },
        Command::TryRules { ticket: 7, text: "||ads.example^\n".into() },
        Command::TryAddress {
            ticket: 8,
            address: "https://ads.example/a.js".into(),
            source: "news.example".into(),
            kind: "script".into(),
        },
        Command::SaveRules { text: "||ads.example^\n".into() },
        Command::SetProfile { id: "strip-trackers".into(), on: true },
        Command::UsePreset { id: "recommended".into() },
        Command::SetQuietLevel { level: QuietLevel::Strict },
        Command::SetQuietRow { row: "gpc".into(), on: true },
        Command::SetStartAtLogin { on: true },
        Command::ShowFirstSteps { on: true },
        Command::TestItself,
        Command::DismissProblem { id: "not-listening".into() },
        Command::Quit,
    ];
    let text = serde_json::to_string_pretty(&commands).unwrap() + "\n";
    compare("commands.json", &text);
    assert_eq!(serde_json::from_str::<Vec<Command>>(&text).unwrap(), commands);
}

#[test]
fn a_snapshot_is_read_and_written_as_the_golden_file_has_it() {
    let snapshot = golden_snapshot();
    let text = serde_json::to_string_pretty(&snapshot).unwrap() + "\n";
    compare("snapshot.json", &text);
    assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
}

#[test]
fn a_command_with_an_unknown_key_or_name_is_refused() {
    for text in [r#"{"type":"setFiltering","on":true,"also":1}"#, r#"{"type":"explode"}"#, r#"{"on":true}"#] {
        serde_json::from_str::<Command>(text).unwrap_err();
    }
}

#[test]
fn first_steps_are_read_and_written_as_the_golden_file_has_them() {
    let first_steps = FirstStepsView {
        steps: [
            (FirstStep::Purpose, "A sieve for your web traffic", "What you tick stays behind."),
            (FirstStep::Profiles, "What is to stay behind?", "At any time."),
            (FirstStep::Lists, "Which filter lists?", "Nothing is fetched yet."),
            (FirstStep::SystemProxy, "Use Tamis for this computer?", "Tamis listens on 127.0.0.1:8118."),
            (FirstStep::Https, "What becomes of https", "Pages over https pass through unopened."),
            (FirstStep::SelfTest, "Does it work?", "Each part by itself."),
        ]
        .map(|(id, title, text)| StepView { id, title: title.into(), text: vec![text.into()] })
        .into(),
        changes: vec![PlaceView {
            place: "GNOME settings".into(),
            keys: vec![KeyView {
                key: "org.gnome.system.proxy mode".into(),
                before: "'none'".into(),
                after: "'auto'".into(),
            }],
            fault: None,
        }],
        checks: vec![CheckView {
            id: CheckId::Proxy,
            state: CheckState::Passed,
            title: "The proxy answers".into(),
            detail: "At 127.0.0.1:8118.".into(),
        }],
    };
    let text = serde_json::to_string_pretty(&first_steps).unwrap() + "\n";
    compare("first_steps.json", &text);
    assert_eq!(serde_json::from_str::<FirstStepsView>(&text).unwrap(), first_steps);
}

/// One of everything but the first steps, which are shown in place of the rest.
fn golden_snapshot() -> Snapshot {
    let mut minutes = vec![Minute::default(); 59];
    minutes.push(Minute { changed: 2, untouched: 3 });
    Snapshot {
        revision: 7,
        version: "0.1.0".into(),
        phase: Phase::Running,
        headline: "Sieving your web traffic".into(),
        detail: "1 profile on.".into(),
        listening: Some("127.0.0.1:8118".into()),
        filtering: Toggle { wanted: true, actual: true },
        pause: None,
        system_proxy: SystemProxyView {
            wanted: true,
            state: SystemProxyState::Ours,
            place: Some("GNOME settings".into()),
            pac_url: Some("http://127.0.0.1:8118/tamis.pac?1".into()),
            former: Some(FormerProxyView { name: "proxy.corp.example:3128".into(), wanted: true, actual: true }),
        },
        https: golden_https(),
        lists: golden_lists(),
        start_at_login: StartAtLoginView { available: true, wanted: false, actual: false },
        profiles: vec![ProfileView {
            id: "strip-trackers".into(),
            title: "Strip trackers".into(),
            summary: "No click ids, no tracker hosts".into(),
            tag: "trackers".into(),
            service: "anonymity-filtering".into(),
            wanted: true,
            actual: true,
        }],
        presets: vec![PresetView { id: "recommended".into(), title: "Recommended".into(), on: true }],
        quiet_headers: QuietHeadersView {
            level: QuietLevel::Basic,
            levels: vec![QuietLevelView {
                level: QuietLevel::Basic,
                title: "Basic".into(),
                summary: "What no site is known to need stays behind.".into(),
            }],
            rows: vec![QuietRowView {
                id: "gpc".into(),
                title: "Do not sell or share".into(),
                summary: "Browsers tell every site.".into(),
                level: Some(QuietLevel::Strict),
                on: false,
            }],
        },
        figures: Figures {
            changed: 2,
            untouched: 3,
            failed: 1,
            never_downloaded_bytes: 4_000_000,
            minutes,
            last_minute: 1_795_000_020,
        },
        recent: vec![ChangeView {
            id: 1,
            at: 1_795_000_025_500,
            url: "shop.example/boots?gclid=x&size=42".into(),
            site: Some("news.example".into()),
            profile: "strip-trackers".into(),
            tag: "trackers".into(),
            rule: "query parameter gclid".into(),
            part: "target".into(),
            what: "Tracking parameter removed".into(),
            before: Some("http://shop.example/boots?gclid=x&size=42".into()),
            after: Some("http://shop.example/boots?size=42".into()),
        }],
        sites: golden_sites(),
        my_rules: golden_rules(),
        first_steps: None,
        problems: vec![Problem {
            id: "settings-not-saved".into(),
            title: "The settings could not be saved".into(),
            meaning: "What you set is in force now, and forgotten at the next start.".into(),
            remedy: "Make room on the disk.".into(),
        }],
    }
}

fn golden_lists() -> ListsView {
    let rules = RuleCountsView { network: 53_274, cosmetic: 22_129, scriptlets: 0 };
    ListsView {
        summary: "75403 rules of EasyList.".into(),
        building: false,
        rules,
        lists: vec![
            ListView {
                id: "easylist".into(),
                title: "EasyList".into(),
                kind: ListKind::Ads,
                homepage: Some("https://easylist.to/".into()),
                licence: Some("GPL-3.0-or-later or CC BY-SA 3.0-or-later".into()),
                address: "https://easylist.to/easylist/easylist.txt".into(),
                suggested: true,
                wanted: true,
                state: ListState::InForce,
                version: Some("202608130520".into()),
                rules: Some(rules),
                refused: 1,
                updated: Some(1_795_000_000_000),
                next: Some(1_795_345_600_000),
                fault: Some("Not brought up to date: the server answers 404 Not Found.".into()),
                warning: None,
                can_roll_back: true,
            },
            ListView {
                id: "http://lists.example/mine.txt".into(),
                title: "http://lists.example/mine.txt".into(),
                kind: ListKind::Own,
                homepage: None,
                licence: None,
                address: "http://lists.example/mine.txt".into(),
                suggested: false,
                wanted: false,
                state: ListState::Off,
                version: None,
                rules: None,
                refused: 0,
                updated: None,
                next: None,
                fault: None,
                warning: Some("It comes over http.".into()),
                can_roll_back: false,
            },
        ],
        refused: Some(RefusedView {
            list: "easylist".into(),
            lines: vec![RefusedLineView { line: 7, reason: "the option is not known".into() }],
        }),
    }
}

fn golden_rules() -> MyRulesView {
    let note = |line, text: &str| LineNote { line, text: text.into() };
    let report = RulesReport {
        rules: 3,
        refused: vec![note(2, "the option `popup` is not known")],
        refused_count: 1,
        hints: vec![note(4, "The same stands in line 1.")],
    };
    MyRulesView {
        version: 2,
        limit: MY_RULES_LIMIT,
        saved: report.clone(),
        file: Some(RulesFileView { path: "/home/me/rules.txt".into(), report: report.clone() }),
        trial: Some(RulesTrial { ticket: 7, report, refusal: Some("The text is too long.".into()) }),
        address: Some(AddressTrial {
            ticket: 8,
            verdict: "It passes: Tamis is paused.".into(),
            remedy: Some("Resume at Now: then this stops it.".into()),
            rule: Some("||ads.example^".into()),
            list: Some("EasyList".into()),
            goes_to: Some("https://ads.example/a.js".into()),
        }),
    }
}

fn golden_sites() -> SitesView {
    let site = |name: &str, choice, profiles: &[&str], fault: Option<&str>| SiteView {
        name: name.into(),
        choice,
        profiles: profiles.iter().map(|id| (*id).to_owned()).collect(),
        fixed: false,
        fault: fault.map(str::to_owned),
    };
    SitesView {
        choices: vec![SiteChoiceView {
            choice: SiteChoice::Off,
            title: "Not filtered".into(),
            meaning: "Its pages pass as they are.".into(),
        }],
        seen: vec![site("bank.example", SiteChoice::LeftAlone, &[], None)],
        chosen: vec![
            site("bank.example", SiteChoice::LeftAlone, &[], None),
            site("shop.example", SiteChoice::Custom, &["strip-trackers"], None),
            site("x y", SiteChoice::Off, &[], Some("Does not count.")),
        ],
    }
}

fn golden_https() -> HttpsView {
    HttpsView {
        headline: "HTTPS is not opened now".into(),
        detail: "While filtering is off, nothing is.".into(),
        wanted: HttpsLevel::All,
        actual: HttpsLevel::Off,
        levels: vec![HttpsLevelView {
            level: HttpsLevel::Off,
            title: "Nothing".into(),
            sees: "Which host a program connects to.".into(),
            does_not_see: "What is in pages.".into(),
        }],
        selected: vec![ExceptionView { line: "*.news.example".into(), fault: None }],
        authority: AuthorityView {
            state: AuthorityStanding::Usable,
            name: Some("Tamis on this computer 01abcdef".into()),
            fingerprint: Some("01:AB".into()),
            valid_until: Some(1_860_000_000_000),
            key_kept: Some("The key is in a file.".into()),
            other_devices: Some("They get it at a page of its own.".into()),
            fault: None,
            consent: vec!["It can make a certificate for any site.".into()],
        },
        stores: vec![TrustStoreView {
            name: "Chrome and Chromium".into(),
            state: TrustState::Verified,
            detail: "It is trusted.".into(),
        }],
        busy: Some("Installing the certificate".into()),
        done: vec!["That did not work.".into()],
        built_in: vec![BuiltInView {
            id: "finance".into(),
            title: "Banks".into(),
            on: true,
            hosts: vec![BuiltInHostView { host: "*.bank.example".into(), on: false }],
        }],
        learned: vec![LearnedView {
            program: Some("git".into()),
            path: Some("/usr/bin/git".into()),
            host: "git.example".into(),
            cause: "It refused our certificate.".into(),
            first_seen: 1_795_000_000_000,
            expires: 1_795_086_400_000,
        }],
        wary: vec![WaryProgramView {
            program: None,
            path: None,
            fix: "Install the certificate where it looks.".into(),
            first_seen: 1_795_000_000_000,
            expires: 1_795_086_400_000,
        }],
    }
}
