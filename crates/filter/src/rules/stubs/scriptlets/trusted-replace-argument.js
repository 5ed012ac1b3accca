// trusted-replace-argument: `path, position, value[, condition, pattern]`. Calls get another argument there, or another
// `this`. A value is a word of set-constant, `json:…`, or `repl:/pattern/replacement/`.
function trustedReplaceArgument(path = '', position = '', word = '', ...more) {
    if (path === '' || position === '') return;
    const condition = patternOf(extrasOf(more).condition);
    const replaced = /^repl:\/((?:[^/\\]|\\.)+)\/((?:[^/\\]|\\.)*)\/([a-z]*)$/.exec(word);
    const constant = replaced ? undefined : trustedConstantOf(word);
    const other = value => (replaced ? String(value).replace(new RegExp(replaced[1], replaced[3]), replaced[2]) : constant.value);
    const shown = value => (isObject(value) ? String(value instanceof Element ? value.outerHTML : value) : String(value));
    onCall(path, call => {
        if (position === 'this') {
            if (condition.fits(shown(call.self))) call.self = other(call.self);
            return;
        }
        const at = Number(position) < 0 ? call.args.length + Number(position) : Number(position);
        if (at < call.args.length && condition.fits(shown(call.args[at]))) call.args[at] = other(call.args[at]);
    });
}
