// Edits an object by a path such as `..ads.*[?.kind=="paid"]`: what it leads to is deleted, or set by `=value`, or
// added to by `+=value`. A step is `.name`, `..name` at any depth, `.*`, `["name"]`, or `[?path]` and `[?path op
// value]`, which keeps what it is true of. `change(object, holder)` says whether anything changed; a new root is in
// `holder.root`.
function pathEditor(text, trusted = false) {
    const path = parsePath(text);
    if (!path || (path.operator && !trusted)) return () => false;
    return (object, holder = { root: object }) => {
        const places = placesOf(path.steps, { owner: holder, key: 'root' });
        // Backwards, for items go.
        for (const place of places.reverse()) editPlace(place, path);
        return places.length > 0;
    };
}

function parsePath(text) {
    let at = 0;
    const take = expression => {
        const sticky = new RegExp(expression, 'y');
        sticky.lastIndex = at;
        const found = sticky.exec(text);
        if (found) at = sticky.lastIndex;
        return found;
    };
    const steps = () => {
        const taken = [];
        for (;;) {
            const deep = take(/\.\./) ? true : (take(/\./), false);
            const name = take(/\*(?!=)|(?:[\w@:-]|\$(?!=))+/);
            if (name) taken.push({ deep, name: name[0] });
            else if (take(/\[\?/)) taken.push({ deep, filter: comparison() });
            else {
                const key = take(/\[\s*(?:"([^"]*)"|'([^']*)'|(-?\d+|\*))\s*\]/);
                if (!key) return taken;
                taken.push({ deep, name: key[1] ?? key[2] ?? key[3] });
            }
        }
    };
    const comparison = () => {
        const found = { steps: steps(), operator: (take(/==|!=|\^=|\$=|\*=|<=|>=|<|>|=/) || [])[0] };
        const value = found.operator ? take(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/(?:[^/\\]|\\.)+\/[a-z]*|[^\]]+/)?.[0] : undefined;
        if (value !== undefined) found.value = literal(value);
        if (!take(/\s*\]/)) throw new SyntaxError();
        return found;
    };
    const literal = written => {
        if (/^\/.+\/[a-z]*$/s.test(written)) return expressionOf(written);
        if (written.startsWith("'")) return written.slice(1, -1);
        return JSON.parse(written);
    };
    try {
        const path = { steps: steps() };
        const operator = take(/\+?=/);
        if (operator) {
            path.operator = operator[0];
            const written = text.slice(at).replaceAll('${now}', Date.now());
            const replacement = /^repl\((.+)\)$/s.exec(written);
            path.replacement = replacement ? JSON.parse(replacement[1]) : undefined;
            path.value = replacement ? undefined : literal(written);
            at = text.length;
        }
        return at === text.length && path.steps.length > 0 ? path : undefined;
    } catch {
        return undefined;
    }
}

function placesOf(steps, start) {
    let places = [start];
    for (const step of steps) {
        if (step.filter && !step.deep) places = places.filter(place => holds(step.filter, place.owner[place.key]));
        else if (step.filter) places = places.flatMap(within).filter(place => holds(step.filter, place.owner[place.key]));
        else if (step.deep) places = places.flatMap(place => [place, ...within(place)]).flatMap(place => children(place, step.name));
        else places = places.flatMap(place => children(place, step.name));
        places = distinct(places);
    }
    return places;
}

// Steps at any depth can lead to the same place twice.
function distinct(places) {
    const seen = new Map();
    return places.filter(({ owner, key }) => {
        const keys = seen.get(owner) ?? new Set();
        seen.set(owner, keys);
        return !keys.has(key) && keys.add(key);
    });
}

function children({ owner, key }, name) {
    const node = owner[key];
    if (!isObject(node)) return [];
    if (name === '*') return Object.keys(node).map(child => ({ owner: node, key: child }));
    const child = Array.isArray(node) && /^-\d+$/.test(name) ? String(node.length + Number(name)) : name;
    return Object.hasOwn(node, child) ? [{ owner: node, key: child }] : [];
}

function within(place) {
    return children(place, '*').flatMap(child => [child, ...within(child)]);
}

function holds({ steps, operator, value }, node) {
    const found = placesOf(steps, { owner: { node }, key: 'node' }).map(place => place.owner[place.key]);
    const compare = {
        '==': it => it === value, '!=': it => it !== value, '<': it => it < value, '>': it => it > value,
        '<=': it => it <= value, '>=': it => it >= value, '^=': it => String(it).startsWith(value),
        '$=': it => String(it).endsWith(value), '*=': it => String(it).includes(value),
        '=': it => (value instanceof RegExp ? value.test(String(it)) : it === value),
    }[operator];
    return compare ? found.some(compare) : found.length > 0;
}

function editPlace({ owner, key }, { operator, value, replacement }) {
    const before = owner[key];
    if (replacement) {
        if (typeof before === 'string') {
            owner[key] = before.replace(new RegExp(replacement.regex, replacement.flags), replacement.replacement);
        }
    } else if (operator === '=') {
        owner[key] = structuredClone(value);
    } else if (operator) {
        if (Array.isArray(before)) before.push(...[value].flat());
        else if (isObject(before)) Object.assign(before, structuredClone(value));
    } else if (Array.isArray(owner)) {
        owner.splice(Number(key), 1);
    } else {
        delete owner[key];
    }
}
