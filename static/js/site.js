// Small comforts of organisers' and researchers' pages. Every page works without them.
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const stored = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // Storage may be forbidden; then each visit starts from the system's theme.
    }
  };
  const store = (name, value) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      // Nothing is lost but the preference.
    }
  };

  if (stored("theme")) root.dataset.theme = stored("theme");

  const switchTheme = () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    store("theme", root.dataset.theme);
  };

  const copy = async (button) => {
    const text = button.closest(".copy-field").querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.closest(".copy-field").querySelector("code"));
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  };

  // What scrolls sideways can be reached and scrolled with the keyboard.
  const reachable = () => {
    for (const box of document.querySelectorAll(".table-wrap, .chart")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  document.addEventListener("DOMContentLoaded", reachable);
  document.addEventListener("htmx:afterSettle", reachable);
  document.addEventListener("toggle", reachable, true);
  addEventListener("resize", reachable);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches("[data-copy]")) copy(button);
    if (button.matches("[data-theme-switch]")) switchTheme();
  });
})();
