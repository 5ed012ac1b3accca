// prevent-setTimeout: `code[, delay]`.
function preventSetTimeout(code, delay) {
    preventTimer('setTimeout', code, delay);
}
