"use strict";
(() => {
  const items = [...document.querySelectorAll(".caption")];
  const verdicts = new Map();
  let current = -1;
  let saved = true;

  const tell = () => {
    const right = [...verdicts.values()].filter((verdict) => verdict === "right").length;
    const judged = verdicts.size;
    document.querySelector("#state").textContent =
      `${judged} of ${items.length} captions judged` + (judged ? `, ${right} right, ${judged - right} wrong` : "");
  };

  const go = (index, scroll = true) => {
    if (index < 0 || index >= items.length) return;
    if (current >= 0) items[current].classList.remove("current");
    current = index;
    items[current].classList.add("current");
    if (scroll) {
      const picture = items[current].closest("article");
      const whole = picture.getBoundingClientRect().height < window.innerHeight - 120;
      (whole ? picture : items[current]).scrollIntoView({ block: whole ? "center" : "nearest" });
    }
  };

  const judge = (index, verdict) => {
    const item = items[index];
    item.classList.toggle("is-right", verdict === "right");
    item.classList.toggle("is-wrong", verdict === "wrong");
    if (verdict) verdicts.set(item, verdict);
    else verdicts.delete(item);
    saved = false;
    tell();
  };

  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  const save = () => {
    const lines = [["key", "style", "source", "verdict"].join(",")];
    for (const item of items) {
      if (verdicts.has(item)) {
        const { key, style, source } = item.dataset;
        lines.push([key, style, source, verdicts.get(item)].map(quoted).join(","));
      }
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
    link.download = "reviewed.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    saved = true;
  };

  const boxes = document.querySelector("#boxes");
  const showBoxes = () => document.body.classList.toggle("hide-boxes", !boxes.checked);
  boxes.addEventListener("change", showBoxes);
  document.querySelector("#save").addEventListener("click", save);

  items.forEach((item, index) => {
    item.addEventListener("click", () => go(index, false));
    for (const verdict of ["right", "wrong"]) {
      item.querySelector(`.say-${verdict}`).addEventListener("click", () => {
        judge(index, verdicts.get(item) === verdict ? null : verdict);
      });
    }
  });

  const keys = {
    r: () => { judge(current, "right"); go(current + 1); },
    w: () => { judge(current, "wrong"); go(current + 1); },
    s: () => { judge(current, null); go(current + 1); },
    b: () => { boxes.checked = !boxes.checked; showBoxes(); },
    ArrowDown: () => go(current + 1),
    ArrowRight: () => go(current + 1),
    ArrowUp: () => go(current - 1),
    ArrowLeft: () => go(current - 1),
  };
  document.addEventListener("keydown", (event) => {
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey || items.length === 0) return;
    event.preventDefault();
    action();
  });

  // an object's row and its box light up together
  for (const part of document.querySelectorAll("[data-object]")) {
    const pair = part.closest("article").querySelectorAll(`[data-object="${part.dataset.object}"]`);
    part.addEventListener("mouseenter", () => pair.forEach((other) => other.classList.add("lit")));
    part.addEventListener("mouseleave", () => pair.forEach((other) => other.classList.remove("lit")));
  }

  window.addEventListener("beforeunload", (event) => {
    if (!saved) event.preventDefault();
  });
  tell();
  go(0, false);
})();
