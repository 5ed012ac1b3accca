// prevent-addEventListener: `type, code[, elements, selector][, runAt, state]`. Listeners for such events, with such
// code, are not added; where there is a selector, only to such elements, to `window` or to `document`.
function preventAddEventListener(type = '', code = '', ...more) {
    const [types, codes] = [patternOf(type, { negatable: true }), patternOf(code, { negatable: true })];
    if (types.all && codes.all) return;
    const { elements, runAt } = extrasOf(more);
    const meant = target => {
        if (!elements) return true;
        if (elements === 'window' || elements === 'document') return target === window[elements];
        return target instanceof Element && target.matches(elements);
    };
    whenReady(runAt, () => onCall('EventTarget.prototype.addEventListener', ({ self, args }) => {
        const fits = types.fits(String(args[0])) && codes.fits(codeOf(args[1])) && meant(self ?? window);
        return fits ? { value: undefined } : undefined;
    }));
}
