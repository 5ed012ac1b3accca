// remove-attr: `names[, selector[, asap|complete stay]]`, names parted by `|`.
function removeAttr(names = '', selector = '', behaviour = '') {
    const list = names.split(/\s*\|\s*/).filter(name => name !== '');
    if (list.length === 0) return;
    keepEditing(selector || list.map(name => `[${CSS.escape(name)}]`).join(), behaviour, list, element => {
        for (const name of list) if (element.hasAttribute(name)) element.removeAttribute(name);
    });
}
