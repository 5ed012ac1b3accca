// Yandex Metrica's tag.js: `ym(counter, method, …)`. Nothing is counted; callbacks are called.
(() => {
    'use strict';
    const soon = (callback, ...args) => { if (typeof callback === 'function') setTimeout(callback, 1, ...args); };
    // Callbacks come as an argument, or among the options that are one.
    const called = args => args.forEach(arg => soon(typeof arg === 'function' ? arg : arg && arg.callback));
    const methods = 'addFileExtension clearCookie destruct enableAll experiments extLink file firstPartyParams ' +
        'firstPartyParamsHashed hit notBounce params reachGoal replacePhones setUserID userParams';
    const counter = Object.fromEntries(methods.split(' ').map(name => [name, (...args) => called(args)]));
    counter.getClientID = callback => { soon(callback, ''); return ''; };

    const ym = (id, method, ...args) => {
        if (method === 'init') {
            window[`yaCounter${id}`] = counter;
            if (args[0] && args[0].triggerEvent) soon(() => document.dispatchEvent(new Event(`yacounter${id}inited`)));
        } else if (typeof counter[method] === 'function') {
            counter[method](...args);
        }
    };
    const waiting = (window.ym && window.ym.a) || [];
    window.ym = Object.assign(ym, { a: [], l: Date.now() });
    for (const args of waiting) ym(...Array.from(args));
})();
