// call-nothrow: `path`. What the function throws is not thrown.
function callNothrow(path = '') {
    if (path === '') return;
    onCall(path, ({ target, self, args, made }) => {
        try {
            return { value: made ? Reflect.construct(target, args) : Reflect.apply(target, self, args) };
        } catch {
            return { value: made ? {} : undefined };
        }
    });
}
