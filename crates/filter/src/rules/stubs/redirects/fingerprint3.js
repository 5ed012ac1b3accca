// FingerprintJS 3: every browser looks alike.
(() => {
    'use strict';
    const visitorId = '0'.repeat(32);
    const get = () => Promise.resolve({ visitorId, components: {}, confidence: { score: 0 }, requestId: '', version: '3' });
    const agent = { get };
    window.FingerprintJS = {
        load: () => Promise.resolve(agent),
        hashComponents: () => visitorId,
        componentsToDebugString: () => '',
        get,
    };
})();
