// json-edit: `path`. What JSON.parse and Response.json make loses what the path leads to.
function jsonEdit(path = '') {
    editParsed(path, false);
}
