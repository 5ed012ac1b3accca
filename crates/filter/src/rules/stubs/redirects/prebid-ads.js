// A file that pages load under an ad's name, to see whether it arrives.
(() => {
    'use strict';
    window.canRunAds = true;
    window.isAdBlockActive = false;
})();
