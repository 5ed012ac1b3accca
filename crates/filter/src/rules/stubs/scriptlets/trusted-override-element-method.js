// trusted-override-element-method: `path, selector[, throw|value]`. The method does nothing to elements that fit.
function trustedOverrideElementMethod(path = '', selector = '', disposition = '') {
    if (path === '') return;
    const answer = disposition === '' ? { value: undefined } : disposition === 'throw' ? { abort: true } : trustedConstantOf(disposition);
    onCall(path, ({ self }) => {
        const meant = selector === '' || selector === '*' || (self instanceof Element && self.matches(selector));
        return meant ? answer : undefined;
    });
}
