// Lets `edit(text)` change what fetch() gets in answer to requests that fit. It answers nothing where all stays as it
// is.
function editFetched(wanted, edit) {
    onCall('fetch', call => {
        call.details = fetchDetails(call.args);
    }, (promise, { details }) => {
        if (!wanted.fits(details)) return promise;
        return promise.then(async response => {
            try {
                const before = await response.clone().text();
                const after = edit(before);
                return after === undefined || after === before ? response : answerLike(response, after);
            } catch {
                return response;
            }
        });
    });
}

function answerLike(response, text) {
    const { status, statusText, headers } = response;
    const answer = new Response(text, { status, statusText, headers });
    for (const name of ['url', 'type', 'redirected', 'ok']) Object.defineProperty(answer, name, { value: response[name] });
    return answer;
}

// The same for XMLHttpRequest.
function editReceived(wanted, edit) {
    const edited = new WeakMap();
    onSend((xhr, details) => {
        edited.delete(xhr);
        if (!wanted.fits(details)) return;
        for (const name of ['response', 'responseText']) {
            const below = Object.getOwnPropertyDescriptor(xhr, name)
                ?? Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, name);
            Object.defineProperty(xhr, name, {
                configurable: true,
                get() {
                    const value = Reflect.apply(below.get, xhr, []);
                    if (xhr.readyState !== 4 || xhrDetails.get(xhr) !== details) return value;
                    if (edited.get(xhr)?.value !== value) edited.set(xhr, { value, after: editedLike(value, edit) });
                    return edited.get(xhr).after;
                },
            });
        }
    });
}

// A value of any response type, after its text was edited.
function editedLike(value, edit) {
    try {
        const text = typeof value === 'string' ? value
            : value instanceof ArrayBuffer ? new TextDecoder().decode(value)
            : value instanceof Document ? new XMLSerializer().serializeToString(value)
            : isObject(value) && !(value instanceof Blob) ? JSON.stringify(value) : undefined;
        const after = text === undefined ? undefined : edit(text);
        if (after === undefined || after === text) return value;
        if (typeof value === 'string') return after;
        if (value instanceof ArrayBuffer) return new TextEncoder().encode(after).buffer;
        if (value instanceof Document) return new DOMParser().parseFromString(after, 'text/xml');
        return JSON.parse(after);
    } catch {
        return value;
    }
}

// Makes an edit of text of one that changes an object, and says whether it did.
function asJson(change) {
    return text => {
        const object = JSON.parse(text);
        const holder = { root: object };
        return change(object, holder) ? JSON.stringify(holder.root) : undefined;
    };
}

// The same line by line (JSON Lines).
function asJsonLines(change) {
    const edit = asJson(change);
    return text => text.split('\n').map(line => {
        try {
            return edit(line) ?? line;
        } catch {
            return line;
        }
    }).join('\n');
}
