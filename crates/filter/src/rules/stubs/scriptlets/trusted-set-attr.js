// trusted-set-attr: `selector, name[, value]`, any value; `[other]` is another attribute's.
function trustedSetAttr(selector = '', name = '', value = '') {
    const copied = /^\[(.+)\]$/.exec(value);
    if (selector === '' || name === '') return;
    attributeSetter(selector, name, element => (copied ? element.getAttribute(copied[1]) : value));
}
