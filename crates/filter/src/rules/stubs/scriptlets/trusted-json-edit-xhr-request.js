// trusted-json-edit-xhr-request: `path[, propsToMatch, request]`.
function trustedJsonEditXhrRequest(path = '', ...more) {
    editSent('xhr', path, more, true);
}
