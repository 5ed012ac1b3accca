// Sensors Analytics: a proxy that answers any call; what waits for its readiness is called.
(() => {
    'use strict';
    const name = window.sensorsDataAnalytic201505 || 'sensorsDataAnalytic201505';
    const run = callback => { if (typeof callback === 'function') setTimeout(callback, 1); };
    const methods = 'addDynamicCallback appendProfile clearAllRegister clearPageRegister deleteItem disableSDK enableSDK ' +
        'identify incrementProfile init initPara login loginWithKey logout quick register registerOnce registerPage ' +
        'registerSession registerSessionOnce resetAnonymousIdentity setItem setOnceProfile setProfile track ' +
        'trackAllHeatMap trackHeatMap trackLink trackLinks trackSignup unsetProfile use';
    const sdk = Object.fromEntries(methods.split(' ').map(method => [method, (...args) => { args.forEach(run); }]));
    sdk.ready = run;
    sdk.getPresetProperties = () => ({});
    sdk.getAppStatus = () => {};
    sdk.store = { getDistinctId: () => '', getFirstId: () => '' };
    const loader = typeof name === 'string' ? window[name] : undefined;
    const waiting = (loader && loader._q) || [];
    window.sensorsDataAnalytic201505 = sdk;
    if (typeof name === 'string') window[name] = sdk;
    waiting.forEach(([method, args]) => { if (typeof sdk[method] === 'function') sdk[method](...Array.from(args)); });
})();
