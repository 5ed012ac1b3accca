// Matomo: `_paq`, and trackers that track nothing. Functions that are pushed run, with a tracker as their `this`.
(() => {
    'use strict';
    // There are far more than a hundred methods; any name is one that answers nothing.
    const tracker = new Proxy({ getVisitorId: () => '', getCustomDimension: () => '', hasConsent: () => false }, {
        get: (known, name) => (name in known ? known[name] : typeof name === 'string' && name !== 'then' ? () => {} : undefined),
    });
    const run = command => {
        const callback = Array.isArray(command) ? command[0] : command;
        try {
            if (typeof callback === 'function') callback.apply(tracker, Array.isArray(command) ? command.slice(1) : []);
        } catch { /* the page's own fault */ }
    };
    const waiting = Array.isArray(window._paq) ? window._paq : [];
    window._paq = { push: (...commands) => { commands.forEach(run); return 0; } };
    window.Matomo = window.Piwik = {
        initialized: true,
        addPlugin: () => {}, addTracker: () => tracker, on: () => {}, off: () => {}, trigger: () => {},
        getAsyncTracker: () => tracker, getAsyncTrackers: () => [tracker], getTracker: () => tracker, retryMissedPluginCalls: () => {},
    };
    window.AnalyticsTracker = window.Matomo;
    for (const name of ['piwikAsyncInit', 'matomoAsyncInit']) run(window[name]);
    waiting.forEach(run);
})();
