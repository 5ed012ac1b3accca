// Amazon Publisher Services (apstag.js): auctions end at once, without bids.
(() => {
    'use strict';
    const noop = () => {};
    const call = (callback, ...args) => { if (typeof callback === 'function') setTimeout(callback, 1, ...args); };
    const waiting = (window.apstag && window.apstag._Q) || [];
    const apstag = {
        _Q: [],
        init: (options, callback) => call(callback),
        fetchBids(options, callback) {
            call(callback, []);
            return Promise.resolve([]);
        },
        setDisplayBids: noop,
        targetingKeys: () => [],
        renderImp: noop,
        debug: noop,
        deleteId: noop, dpa: (token, callback) => call(callback), rpa: (token, callback) => call(callback),
        upa: (token, callback) => call(callback),
        customPlacements: () => ({ addEventListener: noop }),
        queue: { push: command => { call(command); return 0; } },
        punt: noop,
    };
    const queued = (window.apstag && window.apstag.queue) || [];
    window.apstag = apstag;
    // The loader keeps what was called before: ['i', args] for init, ['f', args] for fetchBids.
    for (const [letter, args] of waiting) {
        const method = { i: 'init', f: 'fetchBids', s: 'setDisplayBids', di: 'deleteId', rpa: 'rpa', upa: 'upa', dpa: 'dpa' }[letter];
        if (method) apstag[method](...Array.from(args));
    }
    if (Array.isArray(queued)) queued.forEach(command => call(command));
})();
