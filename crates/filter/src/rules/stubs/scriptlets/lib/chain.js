function isObject(value) {
    return value !== null && (typeof value === 'object' || typeof value === 'function');
}

function readOf(owner, key) {
    try {
        return owner[key];
    } catch {
        return undefined;
    }
}

// Walks `a.b.c` from the window and hands over the owner of the last name and that name: now, or as soon as the page
// has put an object where one is missing, and again for each object it puts there.
function atChain(path, arrived, owner = window) {
    const dot = path.indexOf('.');
    if (dot === -1) {
        arrived(owner, path);
        return;
    }
    const [key, rest] = [path.slice(0, dot), path.slice(dot + 1)];
    const next = readOf(owner, key);
    if (isObject(next)) {
        atChain(rest, arrived, next);
        return;
    }
    const own = Object.getOwnPropertyDescriptor(owner, key);
    if (own && !own.configurable) return;
    let value = next;
    Object.defineProperty(owner, key, {
        configurable: true,
        enumerable: own ? own.enumerable : owner !== Object.prototype,
        get() {
            return own && own.get ? Reflect.apply(own.get, this, []) : value;
        },
        set(given) {
            if (own && own.set) Reflect.apply(own.set, this, [given]);
            value = given;
            if (isObject(given)) atChain(rest, arrived, given);
        },
    });
}

// Puts a watch before the property at `path`: it is called before each reading and each writing. What is there, an
// accessor of a prototype included, works on behind it. A `firm` watch cannot be declared away by the page, nor watched
// by others.
function watchProperty(path, { read, write, firm = false }) {
    atChain(path, (owner, key) => {
        const own = Object.getOwnPropertyDescriptor(owner, key);
        if (own && !own.configurable) return;
        let below = own;
        for (let at = owner; !below && at; at = Object.getPrototypeOf(at)) below = Object.getOwnPropertyDescriptor(at, key);
        const accessor = below && (below.get || below.set) ? below : undefined;
        let value = accessor ? undefined : readOf(owner, key);
        // What a watch uses itself is not watched, or it would never end.
        let busy = false;
        const ask = watch => {
            if (!watch || busy) return;
            busy = true;
            try {
                watch();
            } finally {
                busy = false;
            }
        };
        Object.defineProperty(owner, key, {
            enumerable: own ? own.enumerable : owner !== Object.prototype,
            configurable: !firm,
            get: function trapped() {
                ask(read);
                return accessor ? accessor.get && Reflect.apply(accessor.get, this, []) : value;
            },
            set: function trapped(given) {
                ask(write);
                if (!accessor) value = given;
                else if (accessor.set) Reflect.apply(accessor.set, this, [given]);
            },
        });
    });
}
