// fingerprint2: the library is there already, and finds every browser alike.
function fingerprint2() {
    const mark = '0'.repeat(32);
    const give = (callback, ...values) => { if (typeof callback === 'function') later(() => callback(...values), 1); };
    class Fingerprint2 {
        get(callback) { give(callback, mark, []); }
        static get(options, callback) { give(callback ?? options, []); }
        static getPromise() { return Promise.resolve([]); }
        static x64hash128() { return mark; }
    }
    pin(window, 'Fingerprint2', Fingerprint2);
}
