// trusted-set-cookie-reload: as trusted-set-cookie; the page is loaded again once it is set.
function trustedSetCookieReload(name = '', value = '', seconds = '', path = '', domain = '') {
    const text = datedText(value);
    if (name === '' || cookieNames().includes(name)) return;
    const lasts = { '1year': 365 * 86400, '1day': 86400 }[seconds] ?? Number(seconds) ?? 0;
    if (writeCookie(name, text, { path, domain, seconds: lasts })) location.reload();
}
