// trusted-replace-node-text: `name, pattern, replacement[, the same extras as remove-node-text]`.
function trustedReplaceNodeText(name = '', text = '', replacement = '', ...more) {
    if (name === '' || text === '') return;
    const pattern = expressionOf(text, 'g');
    editNodes(name, before => before.replace(pattern, replacement), extrasOf(more));
}
