// Universal Analytics (analytics.js): the command queue and trackers. Nothing is sent; callbacks of hits are called.
(() => {
    'use strict';
    const noop = () => {};
    const soon = callback => { if (typeof callback === 'function') setTimeout(callback, 1); };
    const name = window.GoogleAnalyticsObject || 'ga';
    const waiting = (window[name] && window[name].q) || [];

    const tracker = fields => ({
        get: key => (fields ? fields[key] : undefined),
        set: noop,
        send: (...sent) => called(sent),
    });
    const known = new Map();
    const called = args => {
        const last = args[args.length - 1];
        if (last && typeof last === 'object') soon(last.hitCallback);
    };
    const create = (...args) => {
        const fields = Object.assign({}, ...args.filter(arg => arg && typeof arg === 'object'));
        const texts = args.filter(arg => typeof arg === 'string');
        const named = fields.name || texts[2] || 't0';
        const made = tracker({ trackingId: texts[0], name: named, clientId: '', ...fields });
        known.set(named, made);
        return made;
    };

    const ga = (...args) => {
        const [command, ...rest] = args;
        if (typeof command === 'function') {
            try { command(known.get('t0') || tracker({})); } catch { /* the page's own fault */ }
        } else if (command === 'create') {
            create(...rest);
        } else {
            called(args);
        }
    };
    Object.assign(ga, {
        create,
        getByName: named => known.get(named) || tracker({ name: named }),
        getAll: () => [...known.values()],
        remove: named => { known.delete(named); },
        h: {}, l: Date.now(), q: [],
        loaded: true,
        answer: 42,
    });
    window[name] = ga;
    for (const args of Array.from(waiting)) ga(...Array.from(args));

    // Google Optimize hides the page until it is told to show it.
    const layer = window.dataLayer;
    if (layer && layer.hide && typeof layer.hide.end === 'function') layer.hide.end();
})();
