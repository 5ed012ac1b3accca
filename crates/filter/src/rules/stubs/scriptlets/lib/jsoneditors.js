// The editors of JSON differ in what they hear, and in whether they may set values.
function editParsed(path, trusted) {
    const change = pathEditor(path, trusted);
    const edited = object => {
        if (!isObject(object)) return object;
        const holder = { root: object };
        change(object, holder);
        return holder.root;
    };
    onCall('JSON.parse', () => {}, edited);
    onCall('Response.prototype.json', () => {}, promise => promise.then(edited));
}

function editAnswers(hear, path, more, trusted, reader = asJson) {
    const request = more.length === 1 ? more[0] : extrasOf(more).propsToMatch;
    hear(requestPattern(request), reader(pathEditor(path, trusted)));
}

// Lets what a page sends be changed.
function editSent(kind, path, more, trusted) {
    const wanted = requestPattern(extrasOf(more).propsToMatch);
    const edit = asJson(pathEditor(path, trusted));
    const edited = body => {
        try {
            return typeof body === 'string' ? edit(body) ?? body : body;
        } catch {
            return body;
        }
    };
    if (kind === 'xhr') {
        onSend((xhr, details, call) => { if (wanted.fits(details)) call.args[0] = edited(call.args[0]); });
        return;
    }
    onCall('fetch', ({ args }) => {
        if (isObject(args[1]) && wanted.fits(fetchDetails(args))) args[1] = { ...args[1], body: edited(args[1].body) };
    });
}
