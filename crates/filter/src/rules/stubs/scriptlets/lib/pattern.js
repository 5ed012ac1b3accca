// What a rule says of a text: `/expression/flags`, or a part of the text. Nothing, and `*`, fit any text; `!` before it
// means "not", where that is allowed. An expression that cannot be read fits nothing.
const expressionTest = RegExp.prototype.test;

function expressionOf(text, flags = '') {
    const written = /^\/(.+)\/([a-z]*)$/s.exec(text);
    try {
        if (written) return new RegExp(written[1], written[2]);
        return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), flags);
    } catch {
        return /(?!)/;
    }
}

function patternOf(text = '', { negatable = false } = {}) {
    const not = negatable && text.startsWith('!');
    const wanted = not ? text.slice(1) : text;
    const all = wanted === '' || wanted === '*';
    const written = expressionOf(wanted);
    const expression = new RegExp(written.source, written.flags.replace(/[gy]/g, ''));
    const fits = value => (all || Reflect.apply(expressionTest, expression, [value])) !== not;
    return { fits, not, all: all && !not };
}
