// Amazon's former header bidding (amzn_ads.js): bids that never come, callbacks that do.
(() => {
    'use strict';
    const noop = () => {};
    const call = callback => { if (typeof callback === 'function') setTimeout(callback, 1); };
    const nothing = () => '';
    window.amzn_ads = noop;
    window.aax_write = noop;
    window.aax_render_ad = noop;
    window.amznads = {
        appendScriptTag: noop, appendTargetingToAdServerUrl: url => url, appendTargetingToQueryString: query => query,
        clearTargetingFromGPTAsync: noop, doAllTasks: noop, doGetAdsAsync: call,
        getAds: noop, getAdsAsync: (id, callback) => call(callback), getAdsCallback: (id, callback) => call(callback),
        getDisplayAds: noop, getDisplayAdsAsync: (id, callback) => call(callback),
        getDisplayAdsCallback: (id, callback) => call(callback),
        getKeys: () => [], getReferrerURL: nothing, getScriptSource: nothing, getTargeting: () => [],
        getTokens: () => [], getValidMilliseconds: () => 0, getVideoAds: noop,
        getVideoAdsAsync: (id, callback) => call(callback), getVideoAdsCallback: (id, callback) => call(callback),
        handleCallBack: call, hasAds: () => false, isAdsAvailable: () => false, loadAds: noop, mergeObjects: Object.assign,
        renderAd: noop, saveAds: noop, setTargeting: noop, setTargetingForGPTAsync: noop, setTargetingForGPTSync: noop,
        tryGetAdsAsync: noop, updateAds: noop, asyncParams: {},
    };
    const asked = window.amznads_asyncParams || window.amzn_asyncParams;
    if (asked) call(asked.callbackFunction);
})();
