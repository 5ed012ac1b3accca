// NitroPay: asked for ads, has none.
(() => {
    'use strict';
    const ad = { onNavigate: () => {}, remove: () => {} };
    const given = window.nitroAds || {};
    window.nitroAds = {
        ...given,
        loaded: true,
        createAd: () => Promise.resolve(ad),
        addUserToken: () => {},
        clearUserTokens: () => {},
        stop: () => {},
        siteId: given.siteId,
        queue: { push: ([, args, resolve] = []) => { if (typeof resolve === 'function') resolve(ad); return 0; } },
    };
    for (const [, , resolve] of given.queue || []) if (typeof resolve === 'function') resolve(ad);
    document.dispatchEvent(new CustomEvent('nitroAds.loaded', { detail: { nitroAds: window.nitroAds } }));
})();
