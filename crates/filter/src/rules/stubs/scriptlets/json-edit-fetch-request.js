// json-edit-fetch-request: `path[, propsToMatch, request]`.
function jsonEditFetchRequest(path = '', ...more) {
    editSent('fetch', path, more, false);
}
