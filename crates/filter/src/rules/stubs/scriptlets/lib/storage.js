// Sets an item of `localStorage` or `sessionStorage`; `$remove$` takes away those whose keys fit.
function storeItem(which, key, value) {
    try {
        const storage = window[which];
        if (value !== '$remove$') {
            storage.setItem(key, value);
            return;
        }
        const expression = /^\/.+\/[a-z]*$/.test(key) ? patternOf(key) : { fits: other => other === key };
        for (const other of Object.keys(storage)) if (expression.fits(other)) storage.removeItem(other);
    } catch { /* The page has no storage. */ }
}

// The text that any list may store; nothing for what is not among them.
function storableOf(value) {
    if (value === '$remove$' || /^(accepted|rejected|ok|yes|no|on|off|true|false|undefined|null)$/i.test(value)) return value;
    const constants = { '': '', emptyStr: '', "''": '', '""': '', emptyObj: '{}', '{}': '{}', emptyArr: '[]', '[]': '[]' };
    if (Object.hasOwn(constants, value)) return constants[value];
    return /^-?\d+$/.test(value) && Math.abs(Number(value)) <= 0x7FFF ? value : undefined;
}
