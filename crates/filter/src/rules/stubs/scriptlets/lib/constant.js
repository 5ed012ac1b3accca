function nothing() {}

// The values that any list may give to a page; { value }, or nothing for a word that is not among them.
function constantOf(word) {
    const values = {
        undefined: () => undefined, null: () => null, true: () => true, false: () => false, NaN: () => NaN,
        noopFunc: () => () => {}, trueFunc: () => () => true, falseFunc: () => () => false,
        throwFunc: () => () => { throw ''; },
        noopCallbackFunc: () => () => nothing,
        noopPromiseResolve: () => () => Promise.resolve(new Response()),
        noopPromiseReject: () => () => Promise.reject(),
        emptyStr: () => '', "''": () => '', '""': () => '', '': () => '',
        emptyObj: () => ({}), '{}': () => ({}), emptyArr: () => [], '[]': () => [],
        yes: () => 'yes', no: () => 'no', on: () => 'on', off: () => 'off', allow: () => 'allow', deny: () => 'deny',
    };
    if (Object.hasOwn(values, word)) return { value: values[word]() };
    const number = Number(word);
    return word.trim() !== '' && Math.abs(number) <= 0x7FFF ? { value: number } : undefined;
}

// The values that a trusted list may give: any. `json:…`, or `{"value": …}`, says it in JSON.
function trustedConstantOf(word) {
    try {
        if (word.startsWith('json:')) return { value: JSON.parse(word.slice(5)) };
        if (/^\s*\{\s*"value"\s*:/.test(word)) return { value: JSON.parse(word).value };
        const constant = constantOf(word);
        if (constant) return constant;
        return { value: /^[[{"\d-]/.test(word) ? JSON.parse(word) : word };
    } catch {
        return { value: word };
    }
}

// `$now$` and its like, as rules that write cookies and storage have them.
function datedText(text) {
    const now = new Date();
    return text.replaceAll('$now$', now.getTime()).replaceAll('$currentDate$', String(now))
        .replaceAll('$currentISODate$', now.toISOString());
}
