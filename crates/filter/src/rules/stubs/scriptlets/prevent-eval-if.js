// prevent-eval-if: `text`. eval() of code that fits does nothing.
function preventEvalIf(text = '') {
    const pattern = patternOf(text, { negatable: true });
    onCall('eval', ({ args }) => (pattern.fits(String(args[0])) ? { value: undefined } : undefined));
}
