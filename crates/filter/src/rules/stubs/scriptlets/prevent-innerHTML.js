// prevent-innerHTML: `[selector[, pattern]]`. Such elements do not get such HTML.
function preventInnerHtml(selector = '', text = '') {
    const pattern = patternOf(text, { negatable: true });
    for (const prototype of [Element.prototype, ShadowRoot.prototype]) {
        const own = Object.getOwnPropertyDescriptor(prototype, 'innerHTML');
        Object.defineProperty(prototype, 'innerHTML', {
            ...own,
            set(html) {
                const meant = selector === '' || (this instanceof Element && this.matches(selector));
                if (!(meant && pattern.fits(String(html)))) Reflect.apply(own.set, this, [html]);
            },
        });
    }
}
