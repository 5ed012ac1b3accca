// set-attr: `selector, name[, value]`. The value is empty, `true`, `false`, a small number, or `[other]`, another
// attribute's.
function setAttr(selector = '', name = '', value = '') {
    const copied = /^\[(.+)\]$/.exec(value);
    const known = copied || /^(|true|false)$/.test(value) || (/^\d+$/.test(value) && Number(value) <= 0x7FFF);
    if (selector === '' || name === '' || /^on/i.test(name) || !known) return;
    attributeSetter(selector, name, element => (copied ? element.getAttribute(copied[1]) : value));
}
