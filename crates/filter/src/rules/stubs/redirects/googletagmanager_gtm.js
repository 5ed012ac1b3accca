// Google Tag Manager and gtag.js: what is pushed into the data layer is kept, and what waits for it is called.
(() => {
    'use strict';
    const noop = () => {};
    const call = callback => { if (typeof callback === 'function') setTimeout(callback, 1, 'GTM-'); };

    const params = new URLSearchParams((document.currentScript && document.currentScript.src.split('?')[1]) || '');
    const name = params.get('l') || 'dataLayer';
    const layer = window[name] = Array.isArray(window[name]) ? window[name] : [];

    const seen = entry => {
        if (!entry || typeof entry !== 'object') return;
        call(entry.eventCallback);
        // gtag() pushes its arguments: ['event', name, {…}], ['get', target, field, callback].
        if (entry[0] === 'event' && entry[2]) call(entry[2].event_callback);
        if (entry[0] === 'get' && typeof entry[3] === 'function') setTimeout(entry[3], 1, '');
        if (typeof entry === 'function') setTimeout(() => entry.call({ get: noop, set: noop, reset: noop }), 1);
    };
    const push = layer.push;
    layer.push = function (...entries) {
        entries.forEach(seen);
        return push.apply(layer, entries);
    };
    layer.forEach(seen);
    if (layer.hide && typeof layer.hide.end === 'function') layer.hide.end();

    window.google_tag_manager = window.google_tag_manager || {
        dataLayer: { gtmDom: true, gtmLoad: true, name, get: noop, set: noop, reset: noop },
    };
    window.google_tag_data = window.google_tag_data || {};
    // Tag Manager often brings Analytics along, and pages call it without looking.
    const ga = window[window.GoogleAnalyticsObject || 'ga'];
    if (typeof ga === 'function' && Array.isArray(ga.q)) {
        for (const args of ga.q.splice(0)) {
            const last = args[args.length - 1];
            call(last && last.hitCallback);
        }
    }
})();
