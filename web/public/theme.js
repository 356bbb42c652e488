// Sets the chosen theme before the first paint. Classic and tiny on purpose; shared/theme.ts has the rest.
(function () {
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (_) {}
})();
