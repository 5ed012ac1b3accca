// PopAds: its script ends where it looks for what it brought along.
(() => {
    'use strict';
    const name = `${Math.random()}`.slice(2);
    const stop = () => { throw new ReferenceError(name); };
    addEventListener('error', event => {
        if (event.message && event.message.includes(name)) {
            event.preventDefault();
            event.stopImmediatePropagation();
        }
    }, true);
    for (const key of ['PopAds', 'popns']) {
        try { Object.defineProperty(window, key, { get: stop, set: stop }); } catch { /* it is there already */ }
    }
})();
