// jsonl-edit-fetch-response: `path[, propsToMatch, request]`. The answer has one object a line.
function jsonlEditFetchResponse(path = '', ...more) {
    editAnswers(editFetched, path, more, false, asJsonLines);
}
