function textReplacer(text, replacement, { includes, condition } = {}) {
    const pattern = text === '*' ? /^[\s\S]*$/ : expressionOf(text, 'g');
    const [included, fitting] = [patternOf(includes), patternOf(condition)];
    return before => (included.fits(before) && fitting.fits(before) ? before.replace(pattern, replacement) : undefined);
}
