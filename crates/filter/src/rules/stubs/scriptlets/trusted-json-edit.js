// trusted-json-edit: `path`. As json-edit, and values may be set.
function trustedJsonEdit(path = '') {
    editParsed(path, true);
}
