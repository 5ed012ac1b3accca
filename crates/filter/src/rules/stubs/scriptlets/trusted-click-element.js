// trusted-click-element: `selectors[, conditions[, delay]]`. Clicks each once it is there, in this order, for ten
// seconds at most. Conditions, parted by commas: `cookie:name`, `localStorage:key`, each with `!` for "not".
function trustedClickElement(selectors = '', conditions = '', delay = '') {
    const given = conditions.split(/\s*,\s*/).filter(word => /^!?(cookie|localStorage):/.test(word));
    const holds = word => {
        const [, not, where, name] = /^(!?)(cookie|localStorage):(.*)$/.exec(word);
        const keys = where === 'cookie' ? document.cookie.split(/;\s*/) : Object.keys(localStorage);
        return keys.some(patternOf(name).fits) !== (not === '!');
    };
    if (selectors === '' || !given.every(holds)) return;
    const waiting = splitSelectors(selectors);
    let resting = false;
    const click = () => {
        while (!resting && waiting.length > 0) {
            const element = elementsOf(waiting[0])[0];
            if (!element) return;
            waiting.shift();
            element.click();
        }
        if (waiting.length === 0) end?.();
    };
    let end;
    const start = () => { end = onChanges(click); };
    if (Number(delay) > 0) later(start, Number(delay));
    else start();
    later(() => { resting = true; end?.(); }, 10_000 + (Number(delay) || 0));
}

// A list of selectors is parted by its commas, but for those in brackets and quotes.
function splitSelectors(text) {
    const parts = text.match(/(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\]|[^,])+/g) ?? [];
    return parts.map(part => part.trim()).filter(part => part !== '');
}
