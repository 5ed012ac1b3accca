// Enhanced link attribution, a plug-in of Google Analytics: asked for through `_gaq`, and does nothing.
(() => {
    'use strict';
    window._gaq = window._gaq || { push: () => 0 };
})();
