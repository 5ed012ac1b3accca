// Comscore's beacon.js.
(() => {
    'use strict';
    window.COMSCORE = { beacon: () => {}, purge: () => { window._comscore = []; } };
    window._comscore = { push: () => 0 };
})();
