// remove-class: `names[, selector[, asap|complete stay]]`, names parted by `|`.
function removeClass(names = '', selector = '', behaviour = '') {
    const list = names.split(/\s*\|\s*/).filter(name => name !== '');
    if (list.length === 0) return;
    keepEditing(selector || list.map(name => `.${CSS.escape(name)}`).join(), behaviour, ['class'], element => {
        if (list.some(name => element.classList.contains(name))) element.classList.remove(...list);
    });
}
