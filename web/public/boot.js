// Sets the chosen theme and language before the first paint. A file of its own: the content security policy allows no inline script.
(function () {
  try {
    var theme = localStorage.getItem('sidang.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
    if (localStorage.getItem('sidang.locale') === 'en') document.documentElement.lang = 'en';
  } catch {
    // Storage is refused: the system's theme and Malay stand.
  }
})();
