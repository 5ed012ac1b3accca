// trusted-json-edit-fetch-request: `path[, propsToMatch, request]`.
function trustedJsonEditFetchRequest(path = '', ...more) {
    editSent('fetch', path, more, true);
}
