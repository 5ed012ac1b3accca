// Who called, for rules that go by it: `stackDepth:2`, a tab, then `function place:line:column` for each frame, parted
// by tabs. The page itself is `inlineScript`, code without an address `injectedScript`. Our own frames, up to a
// function that is called `trapped`, are left out.
function callers() {
    const page = location.href.replace(/#.*/s, '');
    const frames = (new Error().stack || '').split('\n').map(line => {
        // Of evaluated code V8 and SpiderMonkey tell where that was evaluated, each in its own way.
        const plain = line.replace(/\(eval at .*, ([^,]*)\)$/, '($1)').replace(/@.* line \d+ > (?:eval|Function)(?=:)/, '@<anonymous>');
        const frame = /^\s*(?:at (?:async )?)?(?:(.*?)\s*[(@])?([^\s(@]*):(\d+):(\d+)\)?$/.exec(plain);
        if (!frame) return undefined;
        const [, name = '', place, row, column] = frame;
        const where = place.replace(/#.*/s, '') === page ? 'inlineScript'
            : /^(|<anonymous>|debugger eval code|VM\d+)$/.test(place) ? 'injectedScript' : place;
        return { name, text: `${name} ${where}:${row}:${column}`.trim() };
    }).filter(frame => frame !== undefined);
    const trapped = frame => frame !== undefined && /\btrapped\b/.test(frame.name);
    let first = frames.findIndex(trapped) + 1;
    // A function that several scriptlets wait at has several of ours around it.
    for (let at = first; at < first + 8; at += 1) if (trapped(frames[at]) && frames.slice(first, at).every(ourOwn)) first = at + 1;
    const theirs = frames.slice(first).map(frame => frame.text);
    return [`stackDepth:${theirs.length}`, ...theirs].join('\t');
}

function ourOwn({ name }) {
    return name === '' || /\b(enter|go|alone|ask|look|trapped)\b/.test(name);
}

function calledBy(text) {
    const pattern = patternOf(text);
    return () => pattern.all || pattern.fits(callers());
}
