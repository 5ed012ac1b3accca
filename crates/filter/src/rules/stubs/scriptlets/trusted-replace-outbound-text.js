// trusted-replace-outbound-text: `path, pattern, replacement[, condition, pattern][, encoding, base64]`. The text that
// a function answers is changed.
function trustedReplaceOutboundText(path = '', text = '', replacement = '', ...more) {
    if (path === '' || text === '') return;
    const { condition, encoding } = extrasOf(more);
    const edit = textReplacer(text, replacement, { condition });
    onCall(path, () => {}, value => {
        if (typeof value !== 'string') return value;
        const before = encoding === 'base64' ? atob(value) : value;
        const after = edit(before) ?? before;
        return encoding === 'base64' ? btoa(after) : after;
    });
}
