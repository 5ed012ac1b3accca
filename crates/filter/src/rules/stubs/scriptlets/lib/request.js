// Requests by their properties: `/ads method:POST body:/x/`, all of which must fit; a word without a name is about the
// address.
function requestPattern(text = '') {
    const names = /^(url|method|mode|body|credentials|cache|redirect|referrer|referrerPolicy|integrity|keepalive|destination|async|user|password):/;
    const wanted = (text.startsWith('/') && /\/[a-z]*$/.test(text) && !/\/\s+\w+:/.test(text) ? [text] : text.split(/\s+/))
        .filter(word => word !== '')
        .map(word => {
            const name = names.exec(word);
            return [name ? name[1] : 'url', patternOf(name ? word.slice(name[0].length) : word, { negatable: true })];
        });
    return {
        all: wanted.length === 0,
        fits: details => wanted.every(([name, pattern]) => {
            const value = details[name];
            if (value === undefined) return pattern.not;
            if (name !== 'url') return pattern.fits(String(value));
            const both = [value, absolute(value)];
            return pattern.not ? both.every(pattern.fits) : both.some(pattern.fits);
        }),
    };
}

function absolute(url) {
    try {
        return new URL(url, document.baseURI).href;
    } catch {
        return String(url);
    }
}

function bodyText(body) {
    if (body === undefined || body === null) return undefined;
    if (body instanceof FormData) return [...body].map(([name, value]) => `${name}=${value}`).join('&');
    if (body instanceof URLSearchParams || typeof body !== 'object') return String(body);
    if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return new TextDecoder().decode(body);
    try {
        return JSON.stringify(body);
    } catch {
        return String(body);
    }
}

// The properties of what fetch() is called with.
function fetchDetails([input, init]) {
    const details = { method: 'GET' };
    const names = ['method', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy', 'integrity', 'keepalive'];
    for (const source of [input instanceof Request ? input : undefined, init]) {
        if (!isObject(source)) continue;
        for (const name of names) if (source[name] !== undefined) details[name] = source[name];
    }
    details.url = input instanceof Request ? input.url : String(input);
    if (isObject(init)) details.body = bodyText(init.body);
    return details;
}

// The properties of requests by XMLHttpRequest, from open() on. `judge(xhr, details)` is asked before each is sent.
const xhrDetails = new WeakMap();

function onSend(judge, after) {
    onCall('XMLHttpRequest.prototype.open', ({ self, args }) => {
        const [method, url, async = true, user, password] = args;
        xhrDetails.set(self, { method: String(method).toUpperCase(), url: String(url), async, user, password });
    });
    onCall('XMLHttpRequest.prototype.send', call => {
        const details = xhrDetails.get(call.self);
        if (!details) return undefined;
        details.body = bodyText(call.args[0]);
        return judge(call.self, details, call);
    }, after);
}
