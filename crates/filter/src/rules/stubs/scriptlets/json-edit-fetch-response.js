// json-edit-fetch-response: `path[, propsToMatch, request]`.
function jsonEditFetchResponse(path = '', ...more) {
    editAnswers(editFetched, path, more, false);
}
