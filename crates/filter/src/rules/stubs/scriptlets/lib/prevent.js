// Answers requests by fetch() that fit: `request, content, type[, throttle, milliseconds]`.
function preventFetching(text = '', content = '', type = '', more = [], trusted = false) {
    const wanted = requestPattern(text);
    if (text === '' || wanted.all) return;
    const { throttle } = extrasOf(more);
    onCall('fetch', ({ args }) => {
        const details = fetchDetails(args);
        if (!wanted.fits(details)) return undefined;
        const answer = new Promise(resolve => later(() => resolve(emptyResponse(details, content, type, trusted)), Number(throttle) || 0));
        return { value: answer };
    });
}

function emptyResponse(details, content, type, trusted) {
    let said = {};
    try {
        said = /^\s*\{/.test(type) ? JSON.parse(type) : type === '' ? {} : { type };
    } catch { /* It is not JSON. */ }
    const response = new Response(contentOf(content, trusted), { status: 200, statusText: said.statusText ?? 'OK' });
    const shown = { url: absolute(details.url), type: 'basic', ...said };
    if (shown.type === 'opaque') Object.assign(shown, { url: '', status: 0, ok: false, statusText: '' });
    for (const name of ['url', 'type', 'status', 'ok', 'statusText', 'redirected']) {
        if (shown[name] !== undefined) Object.defineProperty(response, name, { value: shown[name] });
    }
    return response;
}

// Answers requests by XMLHttpRequest that fit: `request, content`.
function preventSending(text = '', content = '', trusted = false) {
    const wanted = requestPattern(text);
    if (text === '' || wanted.all) return;
    onCall('XMLHttpRequest.prototype.open', ({ self }) => {
        for (const name of ['readyState', 'responseURL', 'response', 'responseText', 'responseXML', 'status', 'statusText',
            'getAllResponseHeaders', 'getResponseHeader']) delete self[name];
    });
    onSend((xhr, details) => {
        if (!wanted.fits(details)) return undefined;
        answerSent(xhr, details, contentOf(content, trusted));
        return { value: undefined };
    });
}

function answerSent(xhr, details, text) {
    const parse = read => {
        try {
            return read();
        } catch {
            return null;
        }
    };
    const response = {
        json: () => parse(() => JSON.parse(text)),
        blob: () => new Blob([text]),
        arraybuffer: () => new TextEncoder().encode(text).buffer,
        document: () => parse(() => new DOMParser().parseFromString(text, 'text/html')),
    }[xhr.responseType]?.() ?? (xhr.responseType === 'json' ? null : text);
    const shown = {
        readyState: 4, responseURL: absolute(details.url), response, responseText: text, responseXML: null, status: 200,
        statusText: 'OK', getAllResponseHeaders: () => '', getResponseHeader: () => null,
    };
    const finish = () => {
        for (const [name, value] of Object.entries(shown)) Object.defineProperty(xhr, name, { configurable: true, value });
        for (const type of ['readystatechange', 'load', 'loadend']) {
            xhr.dispatchEvent(type === 'readystatechange' ? new Event(type) : new ProgressEvent(type));
        }
    };
    if (details.async === false) finish();
    else later(finish, 1);
}
