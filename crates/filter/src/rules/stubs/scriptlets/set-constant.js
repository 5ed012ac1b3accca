// set-constant: `path, value[, as, function|callback|resolved|rejected][, runAt, state]`. The property is that value
// from now on; the page may only replace it by one of another type.
function setConstant(path = '', word = '', ...more) {
    pinConstant(path, constantOf(word), more);
}
