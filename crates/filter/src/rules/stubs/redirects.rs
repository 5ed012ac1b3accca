//! What is answered in place of an origin: the right kind of nothing, or a library that does nothing.

use bytes::Bytes;
use http::StatusCode;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::{Answer, Fields};

/// A stub: an answer that is always the same.
pub(super) struct Stub {
    /// Its own name first, then those that lists also use.
    pub(super) names: &'static [&'static str],
    pub(super) media_type: &'static str,
    pub(super) body: &'static [u8],
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PAGE: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const XML: &str = "text/xml; charset=utf-8";
const GIF: &str = "image/gif";
const PNG: &str = "image/png";
const MP3: &str = "audio/mpeg";
const MP4: &str = "video/mp4";

/// A stub of this media type: its file under `redirects/`, and its names.
macro_rules! stub {
    ($media_type:expr, $file:literal $(, $name:literal)* $(,)?) => {
        Stub {
            names: &[$file $(, $name)*],
            media_type: $media_type,
            body: include_bytes!(concat!("redirects/", $file)),
        }
    };
}

/// Every stub.
pub(super) const STUBS: &[Stub] = &[
    // `hd-main.js` and `nobab2.js` stand for files of which pages only want to see that they arrive.
    stub!(SCRIPT, "noop.js", "noopjs", "blank-js", "hd-main.js", "nobab2.js"),
    stub!(STYLE, "noop.css", "noopcss", "blank-css"),
    stub!(PAGE, "noop.html", "noopframe", "blank-html"),
    stub!(TEXT, "empty.txt", "empty", "noop.txt", "nooptext", "blank-text"),
    stub!(JSON, "noop.json", "noopjson"),
    stub!(GIF, "1x1.gif", "1x1-transparent.gif", "1x1-transparent-gif"),
    stub!(PNG, "2x2.png", "2x2-transparent.png", "2x2-transparent-png"),
    stub!(PNG, "3x2.png", "3x2-transparent.png", "3x2-transparent-png"),
    stub!(PNG, "32x32.png", "32x32-transparent.png", "32x32-transparent-png"),
    stub!(MP3, "noop-0.1s.mp3", "noopmp3-0.1s", "blank-mp3"),
    stub!(MP3, "noop-0.5s.mp3", "noopmp3-0.5s"),
    stub!(MP4, "noop-1s.mp4", "noopmp4-1s", "blank-mp4"),
    stub!(XML, "noop-vast2.xml", "noopvast-2.0"),
    stub!(XML, "noop-vast3.xml", "noopvast-3.0"),
    stub!(XML, "noop-vast4.xml", "noopvast-4.0"),
    stub!(XML, "noop-vmap1.xml", "noop-vmap1.0.xml", "noopvmap-1.0"),
    stub!(PAGE, "click2load.html", "aclick2load.html"),
    stub!(SCRIPT, "google-analytics_analytics.js", "google-analytics.com/analytics.js", "google-analytics"),
    stub!(SCRIPT, "google-analytics_ga.js", "google-analytics.com/ga.js", "google-analytics-ga"),
    stub!(SCRIPT, "google-analytics_cx_api.js", "google-analytics.com/cx/api.js"),
    stub!(SCRIPT, "google-analytics_inpage_linkid.js", "google-analytics.com/inpage_linkid.js"),
    stub!(SCRIPT, "googletagmanager_gtm.js", "googletagmanager.com/gtm.js", "googletagmanager.com/gtag/js"),
    stub!(SCRIPT, "googletagservices_gpt.js", "googletagservices.com/gpt.js", "googletagservices-gpt"),
    stub!(
        SCRIPT,
        "googlesyndication_adsbygoogle.js",
        "googlesyndication.com/adsbygoogle.js",
        "googlesyndication-adsbygoogle"
    ),
    stub!(SCRIPT, "google-ima.js", "google-ima3"),
    stub!(SCRIPT, "doubleclick_instream_ad_status.js", "doubleclick.net/instream/ad_status.js"),
    stub!(SCRIPT, "amazon_ads.js", "amazon-adsystem.com/aax2/amzn_ads.js"),
    stub!(SCRIPT, "amazon_apstag.js", "amazon-apstag"),
    stub!(SCRIPT, "scorecardresearch_beacon.js", "scorecardresearch.com/beacon.js", "scorecardresearch-beacon"),
    stub!(SCRIPT, "outbrain-widget.js", "widgets.outbrain.com/outbrain.js"),
    stub!(SCRIPT, "chartbeat.js", "static.chartbeat.com/chartbeat.js"),
    stub!(SCRIPT, "metrika-yandex-tag.js", "metrika-yandex-tag"),
    stub!(SCRIPT, "metrika-yandex-watch.js", "metrika-yandex-watch"),
    stub!(SCRIPT, "matomo.js", "matomo"),
    stub!(SCRIPT, "nitropay_ads.js"),
    stub!(SCRIPT, "sensors-analytics.js"),
    stub!(SCRIPT, "ampproject_v0.js", "ampproject.org/v0.js"),
    stub!(SCRIPT, "prebid-ads.js", "prebid-ads"),
    stub!(SCRIPT, "fingerprint2.js", "fingerprintjs2"),
    stub!(SCRIPT, "fingerprint3.js", "fingerprintjs3"),
    stub!(SCRIPT, "nobab.js", "bab-defuser.js", "prevent-bab.js"),
    stub!(SCRIPT, "fuckadblock.js", "fuckadblock.js-3.2.0", "nofab.js", "prevent-fab-3.2.0"),
    stub!(SCRIPT, "popads.js", "popads.net.js", "prevent-popads-net.js"),
    stub!(SCRIPT, "popads-dummy.js", "popads-dummy"),
];

/// The answer that a rule names in `redirect=` or `rewrite=`, by any of its names; none where we have no such stub, which is so
/// for `none` by design. A priority behind the name (`noopjs:100`) is for the caller to take off.
pub fn answer(name: &str) -> Option<Answer> {
    let name = name.strip_prefix("abp-resource:").unwrap_or(name);
    let stub = STUBS.iter().find(|stub| stub.names.contains(&name))?;
    let mut fields = HeaderMap::new();
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(stub.media_type));
    // Scripts and media that were asked for with `crossorigin`, or by pages that isolate themselves, would fail without these;
    // what they show is the same for everybody. Frames need neither.
    if stub.media_type != PAGE {
        fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        fields.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    }
    Some(Answer { status: StatusCode::OK, fields: Fields::from_wire(fields), body: Bytes::from_static(stub.body) })
}
