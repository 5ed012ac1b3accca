// Yandex Metrica's watch.js: counters are made by `new Ya.Metrika(…)`. Nothing is counted; callbacks are called.
(() => {
    'use strict';
    const soon = callback => { if (typeof callback === 'function') setTimeout(callback, 1); };
    const called = args => args.forEach(arg => soon(typeof arg === 'function' ? arg : arg && arg.callback));
    class Metrika {
        constructor(options) {
            const id = options && typeof options === 'object' ? options.id : options;
            window[`yaCounter${id}`] = this;
            if (options && options.triggerEvent) soon(() => document.dispatchEvent(new Event(`yacounter${id}inited`)));
        }
        getClientID() { return ''; }
        static counters() { return []; }
    }
    for (const name of ['addFileExtension', 'extLink', 'file', 'hit', 'notBounce', 'params', 'reachGoal', 'replacePhones',
        'setUserID', 'userParams']) {
        Metrika.prototype[name] = (...args) => called(args);
    }
    window.Ya = Object.assign(window.Ya || {}, { Metrika, Metrika2: Metrika });
    for (const name of ['yandex_metrika_callbacks', 'yandex_metrika_callbacks2']) {
        const waiting = Array.isArray(window[name]) ? window[name] : [];
        window[name] = { push: soon };
        waiting.forEach(soon);
    }
})();
