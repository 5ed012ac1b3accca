// Chartbeat's library.
(() => {
    'use strict';
    const noop = () => {};
    window.pSUPERFLY = { activity: noop, virtualPage: noop, addEventListener: noop };
    window.pSUPERFLY_mab = { init: noop };
})();
