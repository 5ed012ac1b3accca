// What a stopped request is answered with: `emptyObj`, `emptyArr`, `emptyStr`, `true`, `length:10-20`, `war:noop.js`; a
// trusted list may say any text.
const LONGEST_CONTENT = 500_000;

function contentOf(word = '', trusted = false) {
    const known = { '': '', emptyStr: '', emptyObj: '{}', emptyArr: '[]', true: randomText(10), false: '' };
    if (Object.hasOwn(known, word)) return known[word];
    const range = /^length:(\d+)(?:-(\d+))?$/.exec(word);
    if (range) {
        const [least, most] = [Number(range[1]), Number(range[2] ?? range[1])];
        const length = least + Math.floor(Math.random() * (Math.max(most - least, 0) + 1));
        return randomText(Math.min(length, LONGEST_CONTENT));
    }
    if (word.startsWith('war:')) {
        if (word.endsWith('.json')) return '{}';
        const vast = /vast(\d)/.exec(word);
        return vast ? `<VAST version="${vast[1]}.0"></VAST>` : '(()=>{})();';
    }
    return trusted ? word : '';
}

function randomText(length) {
    let text = '';
    while (text.length < length) text += Math.random().toString(36).slice(2);
    return text.slice(0, length);
}
