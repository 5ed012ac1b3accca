// prevent-setInterval: `code[, delay]`.
function preventSetInterval(code, delay) {
    preventTimer('setInterval', code, delay);
}
