// webrtc-if: `text`. Connections by WebRTC to servers that fit are made in vain.
function webrtcIf(text = '') {
    const pattern = patternOf(text);
    if (typeof RTCPeerConnection !== 'function' || pattern.all) return;
    onCall('RTCPeerConnection', ({ args }) => {
        const servers = (args[0]?.iceServers ?? []).flatMap(server => [server.urls ?? server.url]).flat();
        if (servers.some(url => pattern.fits(String(url)))) args[0] = { ...args[0], iceServers: [] };
    });
}
