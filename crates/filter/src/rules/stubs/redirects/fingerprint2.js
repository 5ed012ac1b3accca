// Fingerprint2: every browser looks alike.
(() => {
    'use strict';
    const mark = '0'.repeat(32);
    const answer = (options, callback) => {
        const given = typeof options === 'function' ? options : callback;
        if (typeof given === 'function') setTimeout(given, 1, []);
    };
    class Fingerprint2 {
        get(callback) {
            if (typeof callback === 'function') setTimeout(callback, 1, mark, []);
        }
        static get(options, callback) { answer(options, callback); }
        static getV18(options, callback) {
            const given = typeof options === 'function' ? options : callback;
            if (typeof given === 'function') setTimeout(given, 1, mark, []);
        }
        static getPromise() { return Promise.resolve([]); }
        static x64hash128() { return mark; }
    }
    // It may be called without `new`.
    window.Fingerprint2 = new Proxy(Fingerprint2, { apply: (made, _, args) => new made(...args) });
})();
