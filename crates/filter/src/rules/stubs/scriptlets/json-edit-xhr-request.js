// json-edit-xhr-request: `path[, propsToMatch, request]`.
function jsonEditXhrRequest(path = '', ...more) {
    editSent('xhr', path, more, false);
}
