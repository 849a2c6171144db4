// The rater's page: one key judges, the next comparison replaces the last, nothing typed is lost.
// Without this script the same form is posted and the same pages come back whole.
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // Everything kept in the browser: preferences, one draft per comparison, at most one answer not yet saved.
  const kept = {
    read(name) {
      try {
        return JSON.parse(localStorage.getItem(`rating:${name}`));
      } catch {
        return null;
      }
    },
    write(name, value) {
      try {
        if (value === null) localStorage.removeItem(`rating:${name}`);
        else localStorage.setItem(`rating:${name}`, JSON.stringify(value));
      } catch {
        // Without storage the page still works; only a reload forgets.
      }
    },
    forgetDrafts() {
      try {
        Object.keys(localStorage)
          .filter((name) => name.startsWith("rating:draft:"))
          .forEach((name) => localStorage.removeItem(name));
      } catch {
        // Nothing was kept.
      }
    },
  };

  const preferences = kept.read("preferences") ?? {};
  const applyPreferences = () => {
    for (const name of ["text-size", "theme", "raw", "together", "keys-off"]) {
      if (preferences[name]) root.setAttribute(`data-${name}`, preferences[name]);
      else root.removeAttribute(`data-${name}`);
    }
  };
  const prefer = (name, value) => {
    preferences[name] = value;
    kept.write("preferences", preferences);
    applyPreferences();
    showPreferences();
  };
  const showPreferences = () => {
    for (const input of document.querySelectorAll("[data-preference]")) {
      const value = preferences[input.name] ?? "";
      if (input.type === "checkbox") input.checked = Boolean(value);
      else if (value || input.name === "theme") input.checked = input.value === value;
    }
  };
  applyPreferences(); // Before the first paint, so that nothing flickers.

  const IDLE_MS = 30_000;
  const SETTLE_MS = 350; // A second press within this time was meant for the comparison before.
  const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

  let draft = null;
  let sending = false;
  let shownAt = 0;
  let lastSign = 0;
  let lastTick = 0;

  const page = () => document.querySelector("main");
  const form = () => document.querySelector("form[data-answer]");
  const home = () => form().dataset.home ?? form().action;
  const token = () => page().dataset.token;
  const say = (text, visible = false) => {
    const status = document.getElementById("status");
    status.textContent = text;
    status.toggleAttribute("data-visible", visible);
  };

  // Time: shown, first action, and active time (tab visible, a sign of life within the last half minute).
  const tick = () => {
    const now = performance.now();
    if (draft && !document.hidden && now - lastSign <= IDLE_MS) {
      draft.active += Math.min(now - lastTick, 2_000);
    }
    lastTick = now;
  };
  const sign = () => {
    tick();
    lastSign = performance.now();
  };
  const act = () => {
    sign();
    if (draft && draft.first === null) draft.first = Date.now() - draft.shown;
  };
  const keepDraft = () => {
    if (draft && token()) kept.write(`draft:${token()}`, draft);
  };

  const readForm = () => {
    const comment = form().elements.comment;
    draft.comment = comment.value;
    draft.choices = Object.fromEntries(
      [...form().querySelectorAll("input[type=radio]:checked")].map((radio) => [radio.name, radio.value]),
    );
    keepDraft();
  };

  const markCurrent = () => {
    const questions = [...document.querySelectorAll(".question")];
    const unanswered = questions.find((question) => !question.querySelector(":checked"));
    const focused = document.activeElement?.closest?.(".question");
    const current = focused ?? unanswered ?? questions.at(-1);
    questions.forEach((question) => question.classList.toggle("current", question === current));
    const row = current?.parentElement;
    if (row && row.scrollWidth > row.clientWidth) row.scrollTo({ left: current.offsetLeft - row.offsetLeft - 12 });
    else if (row && row.scrollHeight > row.clientHeight) current.scrollIntoView({ block: "nearest" });
  };

  const begin = () => {
    shownAt = lastTick = lastSign = performance.now();
    draft = null;
    if (!form()) return;
    draft = kept.read(`draft:${token()}`) ?? { shown: Date.now(), first: null, active: 0, comment: "", choices: {} };
    if (draft.comment) form().elements.comment.value = draft.comment;
    for (const [name, value] of Object.entries(draft.choices)) {
      const radio = form().querySelector(`input[name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`);
      if (radio) radio.checked = true;
    }
    markCurrent();
    keepDraft();
  };

  const show = (html) => {
    const next = new DOMParser().parseFromString(html, "text/html").querySelector("main");
    if (!next) return false;
    page().replaceWith(next);
    if (next.dataset.total) {
      const bar = document.getElementById("progress");
      bar.max = Number(next.dataset.total) || 1;
      bar.value = Number(next.dataset.done);
      document.getElementById("back")?.toggleAttribute("hidden", bar.value === 0);
      document.getElementById("progress-text").textContent = next.dataset.progress;
    }
    if (next.dataset.name) document.title = next.dataset.name;
    if ("finished" in next.dataset) kept.forgetDrafts();
    if (!form()) document.querySelector(".top")?.remove();
    scrollTo(0, 0);
    begin();
    next.focus({ preventScroll: true });
    return true;
  };

  // One answer at a time is on its way; it is kept until the server has it, and sent again under the same lease.
  const send = async (pending, attempt = 0) => {
    sending = true;
    form()?.setAttribute("aria-busy", "true");
    const body = new URLSearchParams(pending.fields);
    const csrf = form()?.elements.csrfmiddlewaretoken?.value;
    if (csrf) body.set("csrfmiddlewaretoken", csrf);
    let answer = null;
    let html = "";
    try {
      answer = await fetch(pending.address, {
        method: "POST",
        headers: { "X-Requested-With": "fetch" },
        body,
      });
      html = await answer.text();
    } catch {
      answer = null;
    }
    if (answer === null || answer.status >= 500 || answer.status === 429) {
      say(document.body.dataset.retrying, true);
      const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
      let timer = 0;
      const again = () => {
        clearTimeout(timer);
        removeEventListener("online", again);
        send(pending, attempt + 1);
      };
      timer = setTimeout(again, wait);
      addEventListener("online", again);
      return;
    }
    sending = false;
    if (answer.ok) {
      kept.write("pending", null);
      kept.write(`draft:${pending.token}`, null);
      draft = null;
      if (pending.home) return location.replace(pending.home);
      if (show(html)) say(form() ? document.body.dataset.next : "");
      else location.reload();
    } else if (answer.status === 400 || answer.status === 409) {
      kept.write("pending", null);
      if (!show(html)) location.reload();
    } else {
      form()?.removeAttribute("aria-busy");
      document.querySelectorAll(".chosen").forEach((button) => button.classList.remove("chosen"));
      say(document.body.dataset.refused, true);
    }
  };

  const judge = (choice) => {
    if (sending || performance.now() - shownAt < SETTLE_MS) return;
    act();
    const fields = form().elements;
    fields.opened_ms.value = Math.max(0, Date.now() - draft.shown);
    fields.first_action_ms.value = draft.first ?? "";
    fields.active_ms.value = Math.round(draft.active);
    readForm();
    const data = [...new FormData(form()).entries()];
    if (choice) {
      choice.classList.add("chosen");
      data.push([choice.name, choice.value]);
    }
    const pending = { token: token(), page: home(), address: choice?.formAction ?? form().action, home: form().dataset.home, fields: data };
    kept.write("pending", pending);
    send(pending);
  };

  const scrollBoth = (event) => {
    const height = page().querySelector(".side")?.clientHeight ?? 0;
    const step = {
      ArrowDown: 60,
      ArrowUp: -60,
      PageDown: height * 0.9,
      PageUp: height * -0.9,
      " ": height * (event.shiftKey ? -0.9 : 0.9),
      Home: -1e9,
      End: 1e9,
    }[event.key];
    if (step === undefined) return false;
    const panes = [...document.querySelectorAll(".side")];
    if (!panes.some((pane) => pane.scrollHeight > pane.clientHeight)) return false;
    panes.forEach((pane) => pane.scrollBy(0, step));
    return true;
  };

  const press = (event) => {
    act();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target;
    const back = document.getElementById("back");
    if (event.key.toLowerCase() === "z" && back && !back.hidden && !preferences["keys-off"]) {
      if (!target.matches("textarea") && !sending && !event.repeat) back.click();
    }
    if (!form()) return;
    if (target.matches("textarea")) {
      if (event.key === "Escape") page().focus({ preventScroll: true });
      return;
    }
    const control = target.closest("button, a, summary, input, [popover]");
    if (!control && scrollBoth(event)) return event.preventDefault();
    if (preferences["keys-off"] || document.querySelector(":popover-open")) return;
    const key = event.key.toLowerCase();
    if (key.startsWith("arrow")) {
      // Arrows belong to a group of choices and to anything that scrolls sideways while it has the focus.
      if (target.matches("input") || target.scrollWidth > target.clientWidth + 1) return;
    }
    if (key === "enter" && !control && document.querySelector(".answer--several")) {
      event.preventDefault();
      return form().requestSubmit();
    }
    const deed = {
      c: () => form().elements.comment.focus(),
      r: () => prefer("raw", preferences.raw ? "" : "on"),
      l: () => prefer("together", preferences.together ? "" : "on"),
      s: () => document.getElementById("skip")?.togglePopover(),
      "?": () => document.getElementById("keys").togglePopover(),
    }[key];
    const scope = document.querySelector(".answer--several") ? form().querySelector(".current") : form();
    const choice = [...(scope?.querySelectorAll("[data-keys]") ?? [])].find((control) =>
      control.dataset.keys.split(" ").includes(key),
    );
    if (!deed && !choice) return;
    event.preventDefault();
    if (event.repeat) return;
    if (deed) return deed();
    if (choice.matches("button")) return judge(choice);
    if (performance.now() - shownAt < SETTLE_MS) return;
    choice.querySelector("input").checked = true;
    if (document.activeElement?.closest(".question")) document.activeElement.blur();
    readForm();
    markCurrent();
  };

  document.addEventListener("DOMContentLoaded", () => {
    showPreferences();
    if (!form()) return document.addEventListener("keydown", press);
    begin();
    setInterval(() => {
      tick();
      keepDraft();
    }, 1_000);

    document.addEventListener("keydown", press);
    document.addEventListener("pointermove", sign, { passive: true });
    for (const name of ["pointerdown", "wheel", "touchmove"]) {
      document.addEventListener(name, act, { passive: true });
    }
    document.addEventListener("visibilitychange", tick);
    document.addEventListener("submit", (event) => {
      if (!event.target.matches("form[data-answer]")) return;
      event.preventDefault();
      judge(event.submitter?.name ? event.submitter : null);
    });
    document.addEventListener("input", (event) => {
      if (event.target.matches("[data-preference]")) {
        const box = event.target;
        prefer(box.name, box.type === "checkbox" ? (box.checked ? "on" : "") : box.value);
      } else if (draft && event.target.closest("form[data-answer]")) {
        readForm();
        markCurrent();
      }
    });
    document.addEventListener("focusin", markCurrent);
    document.addEventListener(
      "scroll",
      (event) => {
        if (!preferences.together || !event.target.matches?.(".side")) return;
        const other = [...document.querySelectorAll(".side")].find((side) => side !== event.target);
        const room = event.target.scrollHeight - event.target.clientHeight;
        const share = room > 0 ? event.target.scrollTop / room : 0;
        const goal = share * (other.scrollHeight - other.clientHeight);
        if (Math.abs(other.scrollTop - goal) > 2) other.scrollTop = goal;
      },
      { capture: true, passive: true },
    );

    const pending = kept.read("pending");
    if (pending && pending.page === home()) {
      say(document.body.dataset.saving, true);
      send(pending);
    }
  });
})();
