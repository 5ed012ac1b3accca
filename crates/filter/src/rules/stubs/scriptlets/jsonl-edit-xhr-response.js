// jsonl-edit-xhr-response: `path[, propsToMatch, request]`. The answer has one object a line.
function jsonlEditXhrResponse(path = '', ...more) {
    editAnswers(editReceived, path, more, false, asJsonLines);
}
