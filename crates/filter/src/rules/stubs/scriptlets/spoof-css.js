// spoof-css: `selector, property, value[, property, value…]`. To the page's scripts such elements look so.
function spoofCss(selector = '', ...styles) {
    if (selector === '') return;
    const hyphened = name => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
    const spoofed = new Map();
    for (let at = 0; at + 1 < styles.length; at += 2) spoofed.set(hyphened(styles[at]), styles[at + 1]);
    const meant = element => {
        try {
            return element instanceof Element && element.matches(selector);
        } catch {
            return false;
        }
    };
    onCall('getComputedStyle', () => {}, (style, { args }) => (meant(args[0]) ? new Proxy(style, {
        get(_, name) {
            if (name === 'getPropertyValue') return wanted => spoofed.get(hyphened(wanted)) ?? style.getPropertyValue(wanted);
            if (typeof name === 'string' && spoofed.has(hyphened(name))) return spoofed.get(hyphened(name));
            const value = style[name];
            return typeof value === 'function' ? value.bind(style) : value;
        },
    }) : style));
    const sizes = ['top', 'left', 'width', 'height'].filter(name => spoofed.has(name));
    if (sizes.length === 0) return;
    onCall('Element.prototype.getBoundingClientRect', () => {}, (rect, { self }) => {
        if (!meant(self)) return rect;
        const at = Object.fromEntries(['x', 'y', 'width', 'height'].map(name => {
            const spoof = { x: 'left', y: 'top' }[name] ?? name;
            return [name, spoofed.has(spoof) ? parseFloat(spoofed.get(spoof)) || 0 : rect[name]];
        }));
        return new DOMRect(at.x, at.y, at.width, at.height);
    });
}
