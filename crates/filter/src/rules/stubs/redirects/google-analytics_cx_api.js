// Google Analytics content experiments (cx/api.js): everybody sees the original.
(() => {
    'use strict';
    window.cxApi = {
        ORIGINAL_VARIATION: 0,
        NO_CHOSEN_VARIATION: -1,
        NOT_PARTICIPATING: -2,
        chooseVariation: () => 0,
        getChosenVariation: () => 0,
        setAllowHash: () => {},
        setChosenVariation: () => {},
        setCookiePath: () => {},
        setDomainName: () => {},
    };
})();
