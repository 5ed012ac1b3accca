// adjust-setTimeout: `code[, delay[, factor]]`.
function adjustSetTimeout(code, delay, factor) {
    adjustTimer('setTimeout', code, delay, factor);
}
