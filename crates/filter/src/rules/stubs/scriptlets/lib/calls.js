// Puts `judge` before each call of the function at `path`. It sees { target, self, args, made } and may change `self`
// and `args`. It answers nothing to let the call be, { value } to answer it without the function, { abort: true } to
// end the script. `after(value, call)` has the last word on what was answered. What goes wrong in either is as if they
// were not there.
function onCall(path, judge, after) {
    atChain(path, (owner, key) => {
        const target = readOf(owner, key);
        if (typeof target !== 'function') return;
        // What a judge calls itself is not judged, or it would never end.
        let busy = false;
        const alone = (run, otherwise) => {
            busy = true;
            try {
                return run();
            } catch {
                return otherwise;
            } finally {
                busy = false;
            }
        };
        const enter = (call, go) => {
            if (busy) return go();
            const verdict = alone(() => judge(call));
            if (verdict && verdict.abort) abort();
            if (verdict) return verdict.value;
            const value = go();
            return after ? alone(() => after(value, call), value) : value;
        };
        const wrapped = new Proxy(target, {
            apply: function trapped(_, self, args) {
                const call = { target, self, args: [...args], made: false };
                return enter(call, () => Reflect.apply(target, call.self, call.args));
            },
            construct: function trapped(_, args, by) {
                const call = { target, self: undefined, args: [...args], made: true };
                return enter(call, () => Reflect.construct(target, call.args, by));
            },
            get: (_, name) => (name === 'toString' ? Function.prototype.toString.bind(target) : Reflect.get(target, name)),
        });
        try {
            const own = Object.getOwnPropertyDescriptor(owner, key);
            if (own && !own.writable && own.configurable) Object.defineProperty(owner, key, { ...own, value: wrapped });
            else owner[key] = wrapped;
        } catch { /* It cannot be replaced. */ }
    });
}

// The text of a function, or of what else is given in place of one.
function codeOf(handler) {
    try {
        if (typeof handler === 'function') return Function.prototype.toString.call(handler);
        if (isObject(handler) && typeof handler.handleEvent === 'function') {
            return Function.prototype.toString.call(handler.handleEvent);
        }
        return String(handler);
    } catch {
        return '';
    }
}
