// remove-node-text: `name, text[, condition, includes, excludes, sedCount, quitAfter, stay: each with its value]`.
// Nodes whose text fits are emptied before they take effect.
function removeNodeText(name = '', text = '', ...more) {
    const pattern = patternOf(text);
    if (name === '') return;
    editNodes(name, before => (pattern.fits(before) ? '' : undefined), extrasOf(more));
}
