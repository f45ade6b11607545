// Light or dark: as the visitor chose here before, else as their system is. Runs before the page is painted.
(() => {
  const KEY = "ctseg-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const asked = new URLSearchParams(window.location.search).get("__theme");
  const kept = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const apply = () => {
    const dark = (asked ?? kept() ?? (system.matches ? "dark" : "light")) === "dark";
    document.documentElement.classList.toggle("dark", dark);
    for (const button of document.querySelectorAll(".st-theme")) button.setAttribute("aria-pressed", String(dark));
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    document.querySelector(".st-theme")?.addEventListener("click", () => {
      const next = document.documentElement.classList.contains("dark") ? "light" : "dark";
      try { localStorage.setItem(KEY, next); } catch { /* private windows may refuse */ }
      document.documentElement.classList.toggle("dark", next === "dark");
      document.querySelector(".st-theme").setAttribute("aria-pressed", String(next === "dark"));
    });
  });
})();
