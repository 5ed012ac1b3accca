// remove-cookie: `name[, when, events]`. Cookies whose names fit are deleted now, as the page goes on, and at these
// events.
function removeCookie(text = '', ...more) {
    const expression = /^\/.+\/[a-z]*$/.test(text) ? patternOf(text) : { fits: name => text === '' || name === text };
    const { when = '' } = extrasOf(more);
    const remove = () => {
        for (const name of cookieNames().filter(expression.fits)) {
            // It may be of this host or of one above it, of this path or of all.
            const labels = location.hostname.split('.');
            const domains = ['', ...labels.map((_, at) => `; domain=${labels.slice(at).join('.')}`)];
            for (const domain of domains) {
                for (const path of new Set(['/', location.pathname])) {
                    document.cookie = `${name}=; path=${path}${domain}; expires=Thu, 01 Jan 1970 00:00:00 GMT`;
                }
            }
        }
    };
    remove();
    whenReady('interactive', remove);
    whenReady('complete', remove);
    addEventListener('beforeunload', remove);
    for (const type of when.split(/\s+/).filter(word => word !== '')) document.addEventListener(type, remove, { passive: true });
}
