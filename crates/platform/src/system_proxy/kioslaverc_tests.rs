use super::*;

/// As `kwriteconfig5` of KDE Frameworks 5.103 leaves it: groups and keys in alphabetical order.
const RECORDED: &str = "\
MarkPartial=true

[Cookie]
AuthMode=0

[Proxy Settings]
NoProxyFor=localhost,.corp.test,10.0.0.0/8
Proxy Config Script=http://pac.corp.test/it's/p[1].pac?a=b c\\s
ProxyType=1
ReversedException=false
httpProxy=http://proxy.corp.test 3128
";

#[test]
fn a_recorded_file_is_read_as_kde_reads_it() {
    for (name, want) in [
        ("ProxyType", Some("1")),
        ("httpProxy", Some("http://proxy.corp.test 3128")),
        ("AuthMode", None),
        ("MarkPartial", None),
        ("proxytype", None),
    ] {
        assert_eq!(form(RECORDED, name).as_deref(), want, "{name}");
    }
    let script = form(RECORDED, "Proxy Config Script").unwrap();
    assert_eq!(string(&script).as_deref(), Some("http://pac.corp.test/it's/p[1].pac?a=b c "));
}

#[test]
fn values_are_read_by_kconfigs_rules() {
    for (group, want) in [
        ("[Proxy Settings]\nProxyType=1\n[X]\nProxyType=9\n[Proxy Settings]\nProxyType = 2 \n", Some("2")),
        ("[Proxy Settings]\n#ProxyType=1\nProxyType\n", None),
        ("[Proxy Settings][Sub]\nProxyType=1\n", None),
        ("[Proxy Settings]\nProxyType[de]=1\n", None),
        ("[Proxy Settings]\r\nProxyType=1\r\n", Some("1")),
        ("[Proxy Settings]\nProxyType[$e]=$TYPE", Some("[$e]=$TYPE")),
        ("[Proxy Settings]\nProxyType=[$d]\n", Some("=[$d]")),
        ("[Proxy Settings]\nProxyType==1\n", Some("==1")),
        ("[Proxy Settings]\nProxyType=\n", Some("")),
        ("[Proxy Settings]\nProxyType[$d]\n", Some("[$d]")),
        ("[Proxy Settings]\nProxyType[$d]=1\n", Some("[$d]")),
        ("[Proxy Settings\nProxyType=1\n", None),
        ("ProxyType=1\n", None),
        ("", None),
    ] {
        assert_eq!(form(group, "ProxyType").as_deref(), want, "{group:?}");
    }
    for (form, want) in [
        (r"a\sb\\c\x41\t", Some("a b\\cA\t")),
        ("[$e]=x=y", Some("x=y")),
        ("=[x]", Some("[x]")),
        ("==", Some("=")),
        ("[$d]", None),
        (r"\xzz\", Some("\\")),
        ("\\xc3\\xa9", Some("é")),
    ] {
        assert_eq!(string(form).as_deref(), want, "{form}");
    }
}

#[test]
fn a_lock_on_the_key_the_group_or_the_file_counts() {
    for (text, want) in [
        ("[Proxy Settings]\nProxyType[$i]=1\n", true),
        ("[Proxy Settings]\nProxyType[$ei]=1\n", true),
        ("[Proxy Settings][$i]\nhttpProxy=x\n", true),
        ("[$i]\n[Other]\na=b\n", true),
        ("[Proxy Settings]\nhttpProxy[$i]=x\n", false),
        ("[Other][$i]\n[Proxy Settings]\nProxyType=1\n", false),
        ("", false),
    ] {
        assert_eq!(locks(text, "ProxyType"), want, "{text:?}");
    }
}

#[test]
fn one_line_is_changed_and_all_others_stay_byte_for_byte() {
    let changed = with(RECORDED, "ProxyType", "2");
    assert_eq!(changed, RECORDED.replace("ProxyType=1", "ProxyType=2"));
    assert_eq!(with(&changed, "ProxyType", "1"), RECORDED);
    for (before, want) in [
        ("", "[Proxy Settings]\nProxyType=2\n"),
        ("[A]\nx=1", "[A]\nx=1\n\n[Proxy Settings]\nProxyType=2\n"),
        ("[Proxy Settings]\nx=1\n\n[B]\ny=2\n", "[Proxy Settings]\nx=1\nProxyType=2\n\n[B]\ny=2\n"),
        ("[Proxy Settings]\nx=é", "[Proxy Settings]\nx=é\nProxyType=2\n"),
        (
            "[Proxy Settings]\nProxyType=1\n[Proxy Settings]\nProxyType=4\n# end",
            "[Proxy Settings]\nProxyType=1\n[Proxy Settings]\nProxyType=2\n# end\n",
        ),
    ] {
        let with_it = with(before, "ProxyType", "2");
        assert_eq!(with_it, want, "{before:?}");
        for form_of_it in ["", "[$d]", "[$e]=x", "=[$d]", "=="] {
            let text = with(before, "ProxyType", form_of_it);
            assert_eq!(form(&text, "ProxyType").as_deref(), Some(form_of_it), "{text}");
        }
        assert_eq!(form(&without(&with_it, "ProxyType"), "ProxyType"), None);
    }
}
