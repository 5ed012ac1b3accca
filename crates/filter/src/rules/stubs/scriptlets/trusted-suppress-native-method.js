// trusted-suppress-native-method: `path, signature[, abort|prevent[, stack]]`. Calls whose arguments fit are not made.
// A signature is values in JSON, parted by `|`; a space skips one.
function trustedSuppressNativeMethod(path = '', signature = '', how = 'abort', stack = '') {
    if (path === '') return;
    const wanted = signature.split(/ ?\| ?/).map(word => {
        if (word.trim() === '') return () => true;
        try {
            return fitterOf(word === 'undefined' ? undefined : JSON.parse(word));
        } catch {
            return fitterOf(word);
        }
    });
    const ours = calledBy(stack);
    onCall(path, ({ args }) => {
        if (args.length < wanted.length || !wanted.every((fits, at) => fits(args[at])) || !ours()) return undefined;
        return how === 'prevent' ? { value: undefined } : { abort: true };
    });
}

function fitterOf(value) {
    if (typeof value === 'string') {
        const pattern = patternOf(value);
        return given => (value === '' ? given === '' : !isPlainObject(given) && pattern.fits(String(given)));
    }
    if (Array.isArray(value)) return given => Array.isArray(given) && value.every(item => given.includes(item));
    if (isObject(value)) {
        const parts = Object.entries(value).map(([name, part]) => [name, fitterOf(part)]);
        return given => isObject(given) && parts.every(([name, fits]) => fits(given[name]));
    }
    return given => given === value;
}

function isPlainObject(value) {
    return isObject(value) && Object.getPrototypeOf(value) === Object.prototype;
}
