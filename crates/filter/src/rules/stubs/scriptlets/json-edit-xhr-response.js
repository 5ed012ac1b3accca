// json-edit-xhr-response: `path[, propsToMatch, request]`.
function jsonEditXhrResponse(path = '', ...more) {
    editAnswers(editReceived, path, more, false);
}
