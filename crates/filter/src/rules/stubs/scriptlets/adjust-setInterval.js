// adjust-setInterval: `code[, delay[, factor]]`.
function adjustSetInterval(code, delay, factor) {
    adjustTimer('setInterval', code, delay, factor);
}
