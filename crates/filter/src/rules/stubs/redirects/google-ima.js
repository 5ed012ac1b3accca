// Google's IMA SDK for HTML5 video: a break is asked for, has no ads, and is over; the content plays on.
(() => {
    'use strict';
    if (window.google && window.google.ima && window.google.ima.VERSION) return;

    const VERSION = '3.0.0';
    const soon = callback => setTimeout(callback, 1);
    // Classes have many methods that do nothing, or answer always the same.
    const method = (made, names, answer) => {
        for (const name of names.trim().split(/\s+/)) {
            Object.defineProperty(made.prototype, name, { value: () => answer, writable: true, configurable: true });
        }
        return made;
    };
    const types = names => Object.fromEntries(names.trim().split(/\s+/).map(name => {
        const [key, value] = name.split('=');
        return [key, value || key.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase())];
    }));

    class Listened {
        #listeners = new Map();
        addEventListener(names, listener, options, self) {
            for (const name of [names].flat()) {
                this.#listeners.set(name, [...(this.#listeners.get(name) || []), [listener, self]]);
            }
        }
        removeEventListener(names, listener) {
            for (const name of [names].flat()) {
                this.#listeners.set(name, (this.#listeners.get(name) || []).filter(([other]) => other !== listener));
            }
        }
        dispatchEvent(event) {
            for (const [listener, self] of this.#listeners.get(event.type) || []) {
                try {
                    if (typeof listener === 'function') listener.call(self, event);
                    else listener.handleEvent(event);
                } catch { /* the page's own fault */ }
            }
        }
    }

    class AdEvent {
        constructor(type, ad) { this.type = type; this.ad = ad; }
        getAd() { return this.ad || null; }
        getAdData() { return {}; }
        preventDefault() {}
        stopPropagation() {}
    }
    AdEvent.Type = types(`AD_BREAK_READY AD_BUFFERING AD_CAN_PLAY AD_METADATA AD_PROGRESS ALL_ADS_COMPLETED CLICK COMPLETE
        CONTENT_PAUSE_REQUESTED CONTENT_RESUME_REQUESTED DURATION_CHANGE EXPANDED_CHANGED FIRST_QUARTILE IMPRESSION
        INTERACTION LINEAR_CHANGE=linearChanged LINEAR_CHANGED LOADED LOG MIDPOINT PAUSED=pause RESUMED=resume
        SKIPPABLE_STATE_CHANGED SKIPPED=skip STARTED=start THIRD_QUARTILE USER_CLOSE VIDEO_CLICKED VIDEO_ICON_CLICKED
        VIEWABLE_IMPRESSION=viewable_impression VOLUME_CHANGED=volumeChange VOLUME_MUTED=mute`);

    class AdError extends Error {
        constructor(type, code, vastCode, message, request, context) {
            super(message);
            Object.assign(this, { type, code, vastCode, request, context });
        }
        getErrorCode() { return this.code; }
        getInnerError() { return null; }
        getMessage() { return this.message; }
        getType() { return this.type; }
        getVastErrorCode() { return this.vastCode; }
        toString() { return `AdError ${this.code}: ${this.message}`; }
    }
    AdError.ErrorCode = { ADS_REQUEST_NETWORK_ERROR: 1012, COMPANION_AD_LOADING_FAILED: 603, FAILED_TO_REQUEST_ADS: 1005,
        INVALID_ARGUMENTS: 1101, NONLINEAR_DIMENSIONS_ERROR: 501, OVERLAY_AD_LOADING_FAILED: 502,
        OVERLAY_AD_PLAYING_FAILED: 500, UNKNOWN_AD_RESPONSE: 1010, UNKNOWN_ERROR: 900, UNSUPPORTED_LOCALE: 1011,
        VAST_ASSET_NOT_FOUND: 1007, VAST_EMPTY_RESPONSE: 1009, VAST_LINEAR_ASSET_MISMATCH: 403, VAST_LOAD_TIMEOUT: 301,
        VAST_MALFORMED_RESPONSE: 100, VAST_MEDIA_LOAD_TIMEOUT: 402, VAST_NO_ADS_AFTER_WRAPPER: 303,
        VAST_NONLINEAR_ASSET_MISMATCH: 503, VAST_PROBLEM_DISPLAYING_MEDIA_FILE: 405, VAST_SCHEMA_VALIDATION_ERROR: 101,
        VAST_TOO_MANY_REDIRECTS: 302, VAST_TRAFFICKING_ERROR: 200, VAST_UNEXPECTED_DURATION_ERROR: 202,
        VAST_UNEXPECTED_LINEARITY: 201, VAST_UNSUPPORTED_VERSION: 102, VAST_WRAPPER_ERROR: 300, VIDEO_PLAY_ERROR: 400,
        VPAID_ERROR: 901 };
    AdError.Type = { AD_LOAD: 'adLoadError', AD_PLAY: 'adPlayError' };

    class AdErrorEvent {
        constructor(error, context) {
            this.type = AdErrorEvent.Type.AD_ERROR;
            this.error = error;
            this.context = context;
        }
        getError() { return this.error; }
        getUserRequestContext() { return this.context || {}; }
    }
    AdErrorEvent.Type = { AD_ERROR: 'adError' };

    const AdPodInfo = method(class AdPodInfo {
        getAdPosition() { return 1; }
        getIsBumper() { return false; }
        getTotalAds() { return 1; }
    }, 'getMaxDuration getPodIndex getTimeOffset', 0);
    const UniversalAdIdInfo = method(class UniversalAdIdInfo {}, 'getAdIdRegistry getAdIdValue getAdIdRegistryValue', '');

    class Ad {
        getAdPodInfo() { return new AdPodInfo(); }
        getUniversalAdIds() { return [new UniversalAdIdInfo()]; }
    }
    method(Ad, `getAdId getAdSystem getAdvertiserName getApiFramework getContentType getCreativeAdId getCreativeId
        getDealId getDescription getLanguage getMediaUrl getSurveyUrl getTitle getTraffickingParameters
        getTraffickingParametersString getUniversalAdIdRegistry getUniversalAdIdValue`, '');
    method(Ad, 'getDuration getHeight getMinSuggestedDuration getVastMediaBitrate getVastMediaHeight getVastMediaWidth ' +
        'getWidth', 0);
    method(Ad, 'getSkipTimeOffset', -1);
    method(Ad, 'getCompanionAds getUiElements getWrapperAdIds getWrapperAdSystems getWrapperCreativeIds', []);
    method(Ad, 'isLinear', true);
    method(Ad, 'isSkippable isUiDisabled', false);

    const CompanionAd = method(class CompanionAd {}, 'getAdSlotId getContent getContentType', '');
    method(CompanionAd, 'getHeight getWidth', 1);

    class AdsManager extends Listened {
        #volume = 1;
        #over = false;
        init() {}
        start() {
            // What a break of one ad goes through, so that players that wait for any part of it go on.
            soon(() => {
                const type = AdEvent.Type;
                for (const step of [type.LOADED, type.CONTENT_PAUSE_REQUESTED, type.STARTED, type.IMPRESSION,
                    type.FIRST_QUARTILE, type.MIDPOINT, type.THIRD_QUARTILE, type.COMPLETE, type.CONTENT_RESUME_REQUESTED,
                    type.ALL_ADS_COMPLETED]) {
                    if (this.#over) return;
                    this.dispatchEvent(new AdEvent(step, new Ad()));
                }
            });
        }
        destroy() { this.#over = true; }
        getVolume() { return this.#volume; }
        setVolume(volume) { this.#volume = volume; }
        getCuePoints() { return []; }
    }
    method(AdsManager, `clicked collapse configureAdsManager discardAdBreak expand focus pause resize resume skip stop
        updateAdsRenderingSettings`);
    method(AdsManager, 'getRemainingTime', 0);
    method(AdsManager, 'getAdSkippableState isCustomClickTrackingUsed isCustomPlaybackUsed', false);

    class AdsManagerLoadedEvent {
        constructor(context) {
            this.type = AdsManagerLoadedEvent.Type.ADS_MANAGER_LOADED;
            this.context = context;
        }
        getAdsManager() { return new AdsManager(); }
        getUserRequestContext() { return this.context || {}; }
    }
    AdsManagerLoadedEvent.Type = { ADS_MANAGER_LOADED: 'adsManagerLoaded' };

    class ImaSdkSettings {
        #kept = {};
        getNumRedirects() { return this.#kept.redirects ?? 4; }
        setNumRedirects(redirects) { this.#kept.redirects = redirects; }
        getLocale() { return this.#kept.locale || ''; }
        setLocale(locale) { this.#kept.locale = locale; }
        getPlayerType() { return this.#kept.type || ''; }
        setPlayerType(type) { this.#kept.type = type; }
        getPlayerVersion() { return this.#kept.version || ''; }
        setPlayerVersion(version) { this.#kept.version = version; }
        getPpid() { return this.#kept.ppid || ''; }
        setPpid(ppid) { this.#kept.ppid = ppid; }
        getVpaidMode() { return this.#kept.vpaid ?? ImaSdkSettings.VpaidMode.DISABLED; }
        setVpaidMode(vpaid) { this.#kept.vpaid = vpaid; }
        getDisableCustomPlaybackForIOS10Plus() { return Boolean(this.#kept.custom); }
        setDisableCustomPlaybackForIOS10Plus(custom) { this.#kept.custom = custom; }
        getFeatureFlags() { return this.#kept.flags || {}; }
        setFeatureFlags(flags) { this.#kept.flags = flags; }
    }
    method(ImaSdkSettings, `setAutoPlayAdBreaks setCompanionBackfill setCookiesEnabled setSameAppKeyEnabled
        setSessionId setVpaidAllowed`);
    method(ImaSdkSettings, 'isVpaidAdapter isCookiesEnabled', false);
    ImaSdkSettings.CompanionBackfillMode = { ALWAYS: 'always', ON_MASTER_AD: 'on_master_ad' };
    ImaSdkSettings.VpaidMode = { DISABLED: 0, ENABLED: 1, INSECURE: 2 };

    class AdsLoader extends Listened {
        #settings = new ImaSdkSettings();
        constructor(container) {
            super();
            this.container = container;
        }
        requestAds(request, context) {
            soon(() => this.dispatchEvent(new AdsManagerLoadedEvent(context)));
        }
        getSettings() { return this.#settings; }
        getVersion() { return VERSION; }
    }
    method(AdsLoader, 'contentComplete destroy');

    class AdDisplayContainer {
        constructor(element) {
            const place = document.createElement('div');
            place.style.setProperty('display', 'none', 'important');
            if (element instanceof Node) element.appendChild(place);
        }
    }
    method(AdDisplayContainer, 'destroy initialize');

    const AdsRequest = method(class AdsRequest {
        adTagUrl = '';
        adsResponse = '';
    }, 'setAdWillAutoPlay setAdWillPlayMuted setContinuousPlayback');
    class AdsRenderingSettings {}
    const CompanionAdSelectionSettings = class {};
    Object.assign(CompanionAdSelectionSettings, {
        CreativeType: { ALL: 'All', FLASH: 'Flash', IMAGE: 'Image' },
        ResourceType: { ALL: 'All', HTML: 'Html', IFRAME: 'IFrame', STATIC: 'Static' },
        SizeCriteria: { IGNORE: 'IgnoreSize', SELECT_EXACT_MATCH: 'SelectExactMatch', SELECT_NEAR_MATCH: 'SelectNearMatch',
            SELECT_FLUID: 'SelectFluid' },
    });
    class AdCuePoints {
        getCuePoints() { return []; }
    }
    class AdProgressData {}
    const OmidVerificationVendor = { 1: 'OTHER', OTHER: 1, MOAT: 2, DOUBLEVERIFY: 3, INTEGRAL_AD_SCIENCE: 4, PIXELATE: 5,
        NIELSEN: 6, COMSCORE: 7, MEETRICS: 8, GOOGLE: 9 };

    window.google = window.google || {};
    window.google.ima = {
        Ad, AdCuePoints, AdDisplayContainer, AdError, AdErrorEvent, AdEvent, AdPodInfo, AdProgressData, AdsLoader, AdsManager,
        AdsManagerLoadedEvent, AdsRenderingSettings, AdsRequest, CompanionAd, CompanionAdSelectionSettings, ImaSdkSettings,
        OmidVerificationVendor, UniversalAdIdInfo, VERSION,
        OmidAccessMode: { DOMAIN: 'domain', FULL: 'full', LIMITED: 'limited' },
        UiElements: { AD_ATTRIBUTION: 'adAttribution', COUNTDOWN: 'countdown' },
        ViewMode: { FULLSCREEN: 'fullscreen', NORMAL: 'normal' },
        secureSignals: { clearAllCache: () => {} },
        settings: new ImaSdkSettings(),
    };
})();
