// nowebrtc: connections by WebRTC are made in vain.
function nowebrtc() {
    const noop = () => {};
    for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection']) {
        if (typeof window[name] !== 'function') continue;
        onCall(name, () => ({
            value: Object.assign(new EventTarget(), {
                addIceCandidate: () => Promise.resolve(), addTrack: noop, close: noop,
                createAnswer: () => Promise.resolve({}), createOffer: () => Promise.resolve({}),
                createDataChannel: () => Object.assign(new EventTarget(), { close: noop, send: noop }),
                getReceivers: () => [], getSenders: () => [], getStats: () => Promise.resolve(new Map()), getTransceivers: () => [],
                setLocalDescription: () => Promise.resolve(), setRemoteDescription: () => Promise.resolve(),
                toString: () => '[object RTCPeerConnection]',
            }),
        }));
    }
}
