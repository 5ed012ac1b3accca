// PopAds: pages that wait for it find it there.
(() => {
    'use strict';
    for (const key of ['PopAds', 'popns']) {
        try { Object.defineProperty(window, key, { value: {}, writable: false }); } catch { /* it is there already */ }
    }
})();
