/* A link to a concept of chapter 9 shows the concept's definition: on hover, on keyboard focus, and
   at the first tap; the second tap follows the link. The definition comes as the link's title,
   which is what a browser without scripts shows.

   There is one tooltip per definition, and links are described by it whether it is shown or not,
   so that a screen reader never has to wait for it. */
(() => {
  "use strict";
  const GAP = 6; // pixels between a word and its tooltip
  const EDGE = 8; // pixels between a tooltip and the edge of the window
  const OPEN_AFTER = 200; // milliseconds: a pointer on its way elsewhere opens nothing
  const CLOSE_AFTER = 300; // milliseconds, to move the pointer from the word into the tooltip
  const tooltips = new Map(); // definition: its tooltip
  let open = null; // {link, tooltip}
  let tapped = null; // the link whose tap is to open its tooltip, and not to follow it
  let timer;

  function prepare(link) {
    const definition = link.title;
    link.removeAttribute("title"); // or the browser shows it too
    if (!tooltips.has(definition)) tooltips.set(definition, newTooltip(definition));
    link.setAttribute("aria-describedby", tooltips.get(definition).id);

    link.addEventListener("pointerenter", (event) => {
      if (event.pointerType !== "touch") later(() => show(link, event.clientY), OPEN_AFTER);
    });
    link.addEventListener("pointerleave", leave);
    link.addEventListener("focus", () => link.matches(":focus-visible") && show(link));
    link.addEventListener("blur", () => open?.tooltip.matches(":hover") || hide());
    link.addEventListener("pointerdown", (event) => {
      const first = event.pointerType === "touch" && open?.link !== link;
      tapped = first ? link : null;
    });
    link.addEventListener("click", (event) => {
      if (tapped !== link) return;
      tapped = null;
      event.preventDefault();
      show(link, event.clientY, true);
    });
  }

  function newTooltip(definition) {
    const tooltip = document.createElement("div");
    tooltip.className = "term-tooltip";
    tooltip.id = `term-tooltip-${tooltips.size + 1}`;
    tooltip.setAttribute("role", "tooltip");
    tooltip.hidden = true;
    tooltip.textContent = definition;
    tooltip.addEventListener("pointerenter", () => clearTimeout(timer));
    tooltip.addEventListener("pointerleave", leave);
    return document.body.appendChild(tooltip);
  }

  function later(act, delay) {
    clearTimeout(timer);
    timer = setTimeout(act, delay);
  }

  function leave(event) {
    if (event.pointerType !== "touch") later(() => focused() || hide(), CLOSE_AFTER);
  }

  function focused() {
    return open && open.link === document.activeElement && open.link.matches(":focus-visible");
  }

  /* y is where the pointer is; after a tap the tooltip says that a second one leads on. */
  function show(link, y, byTap = false) {
    clearTimeout(timer);
    if (open?.link === link) return;
    hide();
    open = { link, tooltip: document.getElementById(link.getAttribute("aria-describedby")) };
    open.tooltip.classList.toggle("term-tooltip-tapped", byTap);
    open.tooltip.hidden = false;
    place(open.tooltip, lineOf(link, y));
  }

  function hide() {
    clearTimeout(timer);
    if (!open) return;
    open.tooltip.hidden = true;
    open = null;
  }

  /* A link that is broken over two lines has two boxes: the one at the height y, or the first. */
  function lineOf(link, y) {
    const boxes = [...link.getClientRects()];
    return boxes.find((box) => y >= box.top && y <= box.bottom) ?? boxes[0];
  }

  /* Above the word, over what is read already; below it where there is no room above. */
  function place(tooltip, word) {
    const widest = document.documentElement.clientWidth - EDGE;
    const left = Math.max(EDGE, Math.min(word.left, widest - tooltip.offsetWidth));
    const above = word.top - tooltip.offsetHeight - GAP;
    const top = above >= EDGE ? above : word.bottom + GAP;
    tooltip.style.left = `${left + window.scrollX}px`;
    tooltip.style.top = `${top + window.scrollY}px`;
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("a.term[title]").forEach(prepare);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".term-tooltip, a.term")) hide();
  });
})();
