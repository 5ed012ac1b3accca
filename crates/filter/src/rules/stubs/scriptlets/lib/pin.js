function pinConstant(path, constant, more) {
    if (path === '' || !constant) return;
    const extras = more.length === 1 ? { runAt: more[0] } : extrasOf(more);
    const given = constant.value;
    const value = { function: () => () => given, callback: () => () => () => given, resolved: () => Promise.resolve(given),
        rejected: () => Promise.reject(given) }[extras.as]?.() ?? given;
    whenReady(extras.runAt, () => atChain(path, (owner, key) => pin(owner, key, value)));
}

function pin(owner, key, constant) {
    const differs = value => value !== undefined && value !== null && constant !== undefined && constant !== null
        && typeof value !== typeof constant;
    const own = Object.getOwnPropertyDescriptor(owner, key);
    if (differs(readOf(owner, key))) return;
    if (own && !own.configurable) {
        if (own.writable) owner[key] = constant;
        return;
    }
    let value = constant;
    Object.defineProperty(owner, key, {
        configurable: false,
        enumerable: own ? own.enumerable : owner !== Object.prototype,
        get: () => value,
        set(given) {
            if (differs(given)) value = given;
        },
    });
}
