// Google Publisher Tag (gpt.js): commands run, slots exist, and each asks in vain: it renders empty.
(() => {
    'use strict';
    const noop = () => {};
    const run = callback => { try { if (typeof callback === 'function') callback(); } catch { /* the page's own fault */ } };
    const noops = names => Object.fromEntries(names.split(' ').map(name => [name, noop]));

    // Keys and values that are set, got and cleared, as services and slots have them twice over.
    const keyed = (set, get, keys, clear) => {
        const kept = new Map();
        return {
            [set](key, value) { kept.set(key, value); return this; },
            [get]: key => kept.get(key) ?? (get === 'getTargeting' ? [] : null),
            [keys]: () => [...kept.keys()],
            [clear](key) { if (key === undefined) kept.clear(); else kept.delete(key); return this; },
        };
    };
    const targeting = () => ({
        ...keyed('setTargeting', 'getTargeting', 'getTargetingKeys', 'clearTargeting'),
        ...keyed('set', 'get', 'getAttributeKeys', 'clearAttribute'),
        getConfig: () => ({}), setConfig: noop,
    });

    const slots = new Map();
    const slot = (path, size, id) => ({
        ...targeting(),
        ...Object.fromEntries(['addService', 'clearCategoryExclusions', 'defineSizeMapping', 'setCategoryExclusion',
            'setClickUrl', 'setCollapseEmptyDiv', 'setForceSafeFrame', 'setSafeFrameConfig', 'updateTargetingFromMap']
            .map(name => [name, function () { return this; }])),
        getAdUnitPath: () => path,
        getCategoryExclusions: () => [],
        getClickUrl: () => '',
        getContentUrl: () => '',
        getDomId: () => id,
        getEscapedQemQueryId: () => '',
        getFirstLook: () => 0,
        getHtml: () => null,
        getName: () => path,
        getOutOfPage: () => false,
        getResponseInformation: () => null,
        getServices: () => [pubads],
        getSizes: () => [],
        getSlotElementId: () => id,
        getSlotId: () => ({ getId: () => id, getName: () => path, getAdUnitPath: () => path, getDomId: () => id }),
        toString: () => path,
    });
    const define = (path, size, id) => {
        const made = slot(path, size, id || `gpt-${slots.size}`);
        slots.set(made.getDomId(), made);
        return made;
    };

    const listeners = new Map();
    const tell = (name, shown) => (listeners.get(name) || []).forEach(listener => {
        run(() => listener({ serviceName: 'publisher_ads', slot: shown, isEmpty: true, size: null, advertiserId: null,
            campaignId: null, creativeId: null, lineItemId: null, sourceAgnosticCreativeId: null,
            sourceAgnosticLineItemId: null, isBackfill: false, slotContentChanged: true }));
    });
    const render = shown => setTimeout(() => {
        tell('slotRequested', shown);
        tell('slotResponseReceived', shown);
        tell('slotRenderEnded', shown);
    }, 1);
    const found = which => (typeof which === 'string' ? slots.get(which)
        : slots.get(which && (which.id || (which.getDomId && which.getDomId()))));

    const service = {
        addEventListener(name, listener) {
            listeners.set(name, [...(listeners.get(name) || []), listener]);
            return this;
        },
        removeEventListener(name, listener) {
            listeners.set(name, (listeners.get(name) || []).filter(other => other !== listener));
        },
        getSlots: () => [...slots.values()],
        getName: () => 'publisher_ads',
        getVersion: () => '1',
    };
    const chained = names => Object.fromEntries(names.split(' ').map(name => [name, function () { return this; }]));
    const pubads = {
        ...targeting(),
        ...service,
        ...noops('collapseEmptyDivs disableInitialLoad enableAsyncRendering enableLazyLoad enableSingleRequest ' +
            'enableSyncRendering enableVideoAds markAsAmp setForceSafeFrame setImaContent setSafeFrameConfig ' +
            'setVideoContent updateCorrelator'),
        ...chained('clearCategoryExclusions clearTagForChildDirectedTreatment setCategoryExclusion setCentering ' +
            'setCookieOptions setLocation setPrivacySettings setPublisherProvidedId setRequestNonPersonalizedAds ' +
            'setTagForChildDirectedTreatment setTagForUnderAgeOfConsent'),
        clear: () => true,
        defineOutOfPagePassback: () => ({ display: noop, get: noop, set() { return this; }, setTargeting() { return this; } }),
        definePassback: () => ({ display: noop, get: noop, set() { return this; }, setTargeting() { return this; } }),
        display: noop,
        getCorrelator: () => '',
        getImaContent: () => ({ vid: '', cmsid: '' }),
        getTagSessionCorrelator: () => '',
        getVideoContent: () => ({ vid: '', cmsid: '' }),
        isInitialLoadDisabled: () => false,
        isSRA: () => false,
        refresh: wanted => (wanted || [...slots.values()]).forEach(render),
    };
    const companionAds = { ...service, ...noops('enableSyncLoading setRefreshUnfilledSlots'), getName: () => 'companion_ads' };
    const content = { ...service, setContent: noop, getName: () => 'content' };
    const mapping = () => {
        const sizes = [];
        return { addSize(viewport, size) { sizes.push([viewport, size]); return this; }, build: () => sizes };
    };

    const before = window.googletag || {};
    const waiting = Array.isArray(before.cmd) ? before.cmd : [];
    window.googletag = Object.assign(before, {
        ...noops('disablePublisherConsole enableServices openConsole setAdIframeTitle setConfig'),
        apiReady: true,
        pubadsReady: true,
        cmd: { push(...commands) { commands.forEach(run); return commands.length; } },
        companionAds: () => companionAds,
        content: () => content,
        defineOutOfPageSlot: (path, id) => define(path, [], typeof id === 'string' ? id : undefined),
        defineSlot: define,
        defineUnit: define,
        destroySlots: wanted => { (wanted || [...slots.values()]).forEach(it => slots.delete(it && it.getDomId())); return true; },
        display: which => { const shown = found(which); if (shown) render(shown); },
        enums: {
            OutOfPageFormat: { TOP_ANCHOR: 2, BOTTOM_ANCHOR: 3, REWARDED: 4, INTERSTITIAL: 5, GAME_MANUAL_INTERSTITIAL: 7,
                LEFT_SIDE_RAIL: 8, RIGHT_SIDE_RAIL: 9 },
            TrafficSource: { PURCHASED: 1, ORGANIC: 2 },
        },
        getConfig: () => ({}),
        getEventLog: () => ({ getAllEvents: () => [] }),
        getVersion: () => '1',
        pubads: () => pubads,
        secureSignalProviders: { push: noop, clearAllCache: noop },
        sizeMapping: mapping,
    });
    waiting.splice(0).forEach(run);
})();
