// abort-on-property-write: `path`. A script that writes the property ends there.
function abortOnPropertyWrite(path = '') {
    if (path === '') return;
    atChain(path, (owner, key) => { try { delete owner[key]; } catch { /* It stays. */ } });
    watchProperty(path, { write: abort, firm: true });
}
