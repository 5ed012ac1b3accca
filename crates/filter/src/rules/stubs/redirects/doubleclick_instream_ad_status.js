// DoubleClick's ad_status.js: a page that looks for it learns that it loaded.
window.google_ad_status = 1;
