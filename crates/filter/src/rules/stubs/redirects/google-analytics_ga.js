// Classic Google Analytics (ga.js): `_gat` trackers and the `_gaq` queue. Links that it decorates still lead where they
// lead.
(() => {
    'use strict';
    const noop = () => {};
    const text = () => '';
    const methods = (names, answer) => Object.fromEntries(names.split(' ').map(name => [name, answer]));
    const go = url => { try { window.location.assign(url); } catch { /* no address */ } };

    const tracker = {
        ...methods('_addIgnoredOrganic _addIgnoredRef _addItem _addOrganic _addTrans _clearIgnoredOrganic ' +
            '_clearIgnoredRef _clearOrganic _cookiePathCopy _deleteCustomVar _initData _setAccount _setAllowAnchor ' +
            '_setAllowHash _setAllowLinker _setAutoTrackOutbound _setCampContentKey _setCampMediumKey ' +
            '_setCampNameKey _setCampNOKey _setCampSourceKey _setCampTermKey _setCampaignCookieTimeout ' +
            '_setCampaignTrack _setClientInfo _setCookiePath _setCookiePersistence _setCookieTimeout _setCustomVar ' +
            '_setDetectFlash _setDetectTitle _setDomainName _setHrefExamineLimit _setLocalGifPath ' +
            '_setLocalRemoteServerMode _setLocalServerMode _setReferrerOverride _setRemoteServerMode _setSampleRate ' +
            '_setSessionCookieTimeout _setSessionTimeout _setSiteSpeedSampleRate _setTransactionDelim ' +
            '_setTrans _setVar _setVisitorCookieTimeout _trackEvent _trackPageLoadTime _trackPageview _trackSocial ' +
            '_trackTiming _trackTrans _visitCode', noop),
        ...methods('_getAccount _getClientInfo _getDetectFlash _getDetectTitle _getName _getVersion ' +
            '_getVisitorCustomVar _getServiceMode', text),
        _getLinkerUrl: url => url,
        _link: go,
        _linkByPost: noop,
    };
    window._gat = {
        _anonymizeIP: noop, _anonymizeIp: noop, _forceSSL: noop,
        _createTracker: () => tracker,
        _getTracker: () => tracker,
        _getTrackerByName: () => tracker,
        _getTrackers: () => [tracker],
        _getPlugin: noop,
    };
    const run = command => {
        if (typeof command === 'function') {
            try { command(); } catch { /* the page's own fault */ }
        } else if (Array.isArray(command) && /(^|\.)_link$/.test(command[0])) {
            go(command[1]);
        } else if (Array.isArray(command) && command[0] === '_set' && command[1] === 'hitCallback') {
            run(command[2]);
        }
    };
    const waiting = Array.isArray(window._gaq) ? window._gaq : [];
    window._gaq = {
        push: (...commands) => { commands.forEach(run); return 0; },
        _createAsyncTracker: () => tracker,
        _getAsyncTracker: () => tracker,
    };
    waiting.forEach(run);
})();
