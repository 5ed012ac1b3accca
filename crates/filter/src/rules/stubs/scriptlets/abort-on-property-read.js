// abort-on-property-read: `path`. A script that reads the property ends there.
function abortOnPropertyRead(path = '') {
    if (path !== '') watchProperty(path, { read: abort, firm: true });
}
