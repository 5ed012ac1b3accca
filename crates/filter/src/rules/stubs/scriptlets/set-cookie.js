// set-cookie: `name, value[, path][, reload, 1][, domain, host]`; only harmless values.
function setCookie(name = '', value = '', path = '', ...more) {
    const words = ['true', 't', 'false', 'f', 'yes', 'y', 'no', 'n', 'ok', 'on', 'off', 'accept', 'accepted', 'notaccepted', 'reject',
        'rejected', 'allow', 'allowed', 'deny', 'denied', 'disallow', 'disallowed', 'enable', 'enabled', 'disable', 'disabled',
        'necessary', 'required', 'essential', 'nonessential', 'approved', 'disapproved', 'checked', 'unchecked', 'hide', 'hidden',
        'dismiss', 'dismissed', 'close', 'closed', 'none', 'functional', 'mandatory', 'declined', 'consented', ''];
    const harmless = words.includes(value.toLowerCase()) || (/^\d+$/.test(value) && Number(value) <= 0x7FFF);
    const { reload, domain } = extrasOf(more);
    if (name === '' || !harmless || cookieIs(name, value)) return;
    if (writeCookie(name, value, { path, domain }) && reload && cookieIs(name, value)) location.reload();
}
