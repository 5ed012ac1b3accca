// Outbrain's widget: its places stay empty.
(() => {
    'use strict';
    const methods = names => Object.fromEntries(names.split(' ').map(name => [name, () => {}]));
    window.OBR = {
        ...methods('callClick callLoadMore callRecs callRecsSwitch callWhatIs clickHandler closeCard closeModal ' +
            'closeOverlay display errorHandler initOdb manualVideoClicked printLog refreshSpecificWidget ' +
            'refreshWidget reloadWidget renderSpaWidgets researchWidget returnedError returnedHtmlAndVacData ' +
            'returnedHtmlData returnedIrdData returnedJsonData scrollLoad setClickHandler showDescription ' +
            'showRecInIframe userZapping zappingFormAction'),
        extern: methods('callClick callLoadMore callRecs callRecsSwitch callWhatIs cancelRecs cancelRecsAndVideo ' +
            'closeCard closeModal closeOverlay errorHandler getCountOfRecs getStat imageError manualVideoClicked ' +
            'onOdbReturn onVideoClick pagerLoad recClicked refreshSpecificWidget refreshWidget renderSpaWidgets ' +
            'researchWidget returnedError returnedHtmlAndVacData returnedHtmlData returnedIrdData ' +
            'returnedJsonData scrollLoad showDescription showRecInIframe userZapping video zappingFormAction'),
        isWidgetExist: () => false,
        pageContext: {},
    };
})();
