// Takes `a.b.[].c` out of an object: `[]` is any item, `{}` and `*` any property; `[-]` and `{-}` are those items and
// properties themselves in which the rest of the path is found. Whether there was such a thing. Without `take` it only
// looks.
function prune(node, path, take = true) {
    const walk = (at, names) => {
        if (!isObject(at)) return false;
        const [name, ...rest] = names;
        const any = name === '*' || name === '{}' || name === '{-}' || (Array.isArray(at) && (name === '[]' || name === '[-]'));
        const keys = any ? Object.keys(at) : Object.hasOwn(at, name) ? [name] : [];
        let found = false;
        // Backwards, for items go.
        for (const key of keys.reverse()) {
            const whole = rest.length === 0;
            if (!whole && !walkOn(at[key], rest, name)) continue;
            found = true;
            if (!take || !(whole || name === '[-]' || name === '{-}')) continue;
            if (Array.isArray(at)) at.splice(Number(key), 1);
            else delete at[key];
        }
        return found;
    };
    // Behind `[-]` the rest only says which items are meant.
    const walkOn = (at, rest, name) => (name === '[-]' || name === '{-}' ? prune(at, rest.join('.'), false) : walk(at, rest));
    return walk(node, path.split('.'));
}

// What the arguments of json-prune and its kin ask for: edits an object, and says whether it did.
function pruner(paths = '', needles = '', stack = '') {
    const words = text => text.split(/\s+/).filter(word => word !== '');
    const [taken, needed, ours] = [words(paths), words(needles), calledBy(stack)];
    return object => {
        if (!isObject(object) || taken.length === 0 || !ours()) return false;
        if (!needed.every(path => prune(object, path, false))) return false;
        return taken.map(path => prune(object, path)).includes(true);
    };
}
