// prevent-window-open: `[pattern[, seconds[, obj|blank]]]`, also as it was of old with `1` or `0` (not) before the
// pattern. What would open is not opened. With a number of seconds the page gets a hidden, empty frame in its place for
// so long.
function preventWindowOpen(...given) {
    const old = /^[01]$/.test(given[0] ?? '') ? given.shift() : undefined;
    const [text = '', seconds = '', kind = ''] = given;
    const pattern = patternOf(old === '0' ? `!${text}` : text, { negatable: true });
    onCall('open', ({ args }) => {
        if (!pattern.fits(args.join(' '))) return undefined;
        return { value: seconds === '' ? null : decoy(Number.parseFloat(seconds) || 0, kind) };
    });
}

function decoy(seconds, kind) {
    const place = document.createElement(kind === 'obj' ? 'object' : 'iframe');
    place[kind === 'obj' ? 'data' : 'src'] = 'about:blank';
    place.style.cssText = 'position: fixed !important; width: 1px !important; height: 1px !important; top: -1px !important; ' +
        'visibility: hidden !important; pointer-events: none !important; border: 0 !important;';
    document.documentElement.append(place);
    const opened = place.contentWindow ?? Object.create(window);
    later(() => place.remove(), seconds * 1000);
    const methods = Object.fromEntries(['focus', 'blur', 'close', 'moveTo', 'moveBy', 'resizeTo', 'resizeBy', 'postMessage']
        .map(name => [name, () => {}]));
    return new Proxy(opened, {
        get(window, name) {
            if (name === 'closed') return false;
            if (name === 'opener') return self;
            if (Object.hasOwn(methods, name)) return methods[name];
            const value = Reflect.get(window, name);
            return typeof value === 'function' && !value.prototype ? value.bind(window) : value;
        },
        set: (window, name, value) => name === 'location' || Reflect.set(window, name, value),
        // What cannot be changed of the frame's window would have to be told as it is.
        getOwnPropertyDescriptor: () => undefined,
    });
}
