// trusted-json-edit-fetch-response: `path[, propsToMatch, request]`.
function trustedJsonEditFetchResponse(path = '', ...more) {
    editAnswers(editFetched, path, more, true);
}
