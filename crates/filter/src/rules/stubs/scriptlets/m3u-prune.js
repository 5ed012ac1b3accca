// m3u-prune: `pattern[, request]`. Segments of playlists that fit are taken out; an expression is taken out as it
// stands.
function m3uPrune(text = '', request = '') {
    if (text === '') return;
    const wanted = requestPattern(request);
    editFetched(wanted, playlist => prunedPlaylist(playlist, text));
    editReceived(wanted, playlist => prunedPlaylist(playlist, text));
}

function prunedPlaylist(playlist, text) {
    if (!playlist.trimStart().startsWith('#EXTM3U')) return undefined;
    const expression = /^\/.+\/[a-z]*m[a-z]*$/.test(text) ? expressionOf(text) : undefined;
    if (expression) return playlist.replace(expression, '');
    const pattern = patternOf(text);
    const kept = [];
    for (const line of playlist.split('\n')) {
        const trimmed = line.trim();
        if (trimmed === '' || trimmed.startsWith('#') || !pattern.fits(trimmed)) {
            kept.push(line);
            continue;
        }
        // The tags that say something of this segment go with it.
        while (/^\s*#EXT(INF|-X-(BYTERANGE|DISCONTINUITY|PROGRAM-DATE-TIME|CUE\S*|DATERANGE))\b/.test(kept.at(-1) ?? '')) kept.pop();
    }
    return kept.join('\n');
}
