// Lets timers whose code and delay fit run in vain: `code[, delay]`, each with `!` for "not"; a delay may be `from-to`.
function preventTimer(name, code = '', delay = '') {
    const codes = patternOf(code, { negatable: true });
    const not = delay.startsWith('!');
    const range = /^(-?\d*)(?:-(\d*))?$/.exec(not ? delay.slice(1) : delay);
    const any = delay === '' || delay === '*' || !range;
    if (codes.all && any) return;
    const meant = given => {
        if (any) return true;
        const [from, to] = [Number(range[1] || 0), range[2] === undefined ? Number(range[1]) : Number(range[2] || Infinity)];
        return (given >= from && given <= to) !== not;
    };
    onCall(name, ({ args }) => {
        if (codes.fits(codeOf(args[0])) && meant(Number(args[1]) || 0)) args[0] = () => {};
    });
}

// Lets timers go faster or slower: `code[, delay[, factor]]`. A delay is 1000 where none is given, `*` is any.
function adjustTimer(name, code = '', delay = '', factor = '') {
    const codes = patternOf(code, { negatable: true });
    const wanted = delay === '*' ? undefined : parseInt(delay, 10) || 1000;
    const given = parseFloat(factor);
    const by = Number.isNaN(given) ? 0.05 : Math.min(Math.max(given, 0.001), 50);
    onCall(name, ({ args }) => {
        const asked = Number(args[1]) || 0;
        if ((wanted === undefined || wanted === asked) && codes.fits(codeOf(args[0]))) args[1] = asked * by;
    });
}
