// trusted-set-cookie: `name, value[, seconds[, path]][, domain, host][, reload, 1]`; any value, with `$now$` and its
// like.
function trustedSetCookie(name = '', value = '', seconds = '', path = '', ...more) {
    const { reload, domain } = extrasOf(more);
    const text = datedText(value);
    if (name === '' || cookieIs(name, text)) return;
    const lasts = { '1year': 365 * 86400, '1day': 86400 }[seconds] ?? (seconds === '' ? 0 : Number(seconds) || -1);
    if (writeCookie(name, text, { path, domain, seconds: lasts }) && reload && !/\$\w+\$/.test(value)) location.reload();
}
