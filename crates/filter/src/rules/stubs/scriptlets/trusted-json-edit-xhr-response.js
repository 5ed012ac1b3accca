// trusted-json-edit-xhr-response: `path[, propsToMatch, request]`.
function trustedJsonEditXhrResponse(path = '', ...more) {
    editAnswers(editReceived, path, more, true);
}
