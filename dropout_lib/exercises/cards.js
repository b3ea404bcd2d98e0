// Adds to a deck that jupytercards has drawn what it lacks; see cards.py. `library` is where
// jupytercards has left its functions.
for (const root of document.querySelectorAll(".dx-cards:not([data-started])")) {
  root.dataset.started = "";
  const places = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const container = root.querySelector(".flip-container");
  const known = new Set();
  let index = 0;

  const button = (name, act) => {
    const made = element("button", "", name);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };
  const previous = button("Previous", () => step(-1));
  const turn = button("Turn over", () => container.click()); // jupytercards turns it
  const next = button("Next", () => step(1));
  const know = button("I know this one", () => setKnown());
  const again = button("All cards again", () => startAgain());
  const count = element("p", "dx-cards-count");
  const controls = element("div", "dx-cards-controls");
  const status = element("p", "dx-cards-status");
  controls.append(previous, turn, next, know, again);
  status.setAttribute("role", "status");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Flashcards");
  const isTurned = () => container.classList.contains("flip");

  // --- what is shown -------------------------------------------------------------------------

  function show(wanted) {
    const hadFocus = container.contains(document.activeElement);
    index = wanted;
    container.classList.remove("flip");
    container.replaceChildren();
    library.setTopics(container, [String(index)]); // jupytercards draws the card
    const [front, back] = container.querySelectorAll(".flashcard");
    front.prepend(element("span", "dx-side", "Question"));
    back.prepend(element("span", "dx-side", "Answer"));
    const reading = element("p", "dx-again", "Read again: ");
    reading.append(placeLink(places[index]));
    back.append(reading);
    leadToPages(container);
    update();
    if (hadFocus) turn.focus();
  }

  function placeLink({ section, words, address }) {
    if (section) return sectionLink(section, root);
    if (!("content_root" in document.documentElement.dataset)) return words;
    const link = element("a", "", words);
    link.href = address;
    return link;
  }

  function update() {
    const [front, back] = container.querySelectorAll(".flashcard");
    front.inert = isTurned();
    back.inert = !isTurned();
    front.setAttribute("aria-hidden", String(isTurned()));
    back.setAttribute("aria-hidden", String(!isTurned()));
    turn.setAttribute("aria-pressed", String(isTurned()));
    count.textContent = `Card ${index + 1} of ${places.length}`;
    if (known.size) count.textContent += `, ${known.size} known`;
    know.disabled = known.has(index);
    again.hidden = !known.size;
  }

  // The side that is seen now, for those who do not see it.
  function announce(first = "") {
    const [front, back] = container.querySelectorAll(".flashcard");
    const side = (isTurned() ? back : front).cloneNode(true);
    side.querySelectorAll("a").forEach((link) => link.replaceWith(...link.childNodes));
    const place = isTurned() ? "" : `${count.textContent}. `;
    status.replaceChildren(first, place, ...[...side.childNodes].flatMap((part) => [part, " "]));
  }

  // --- going on ------------------------------------------------------------------------------

  function step(by) {
    let wanted = index;
    do wanted = (wanted + by + places.length) % places.length;
    while (known.has(wanted) && wanted !== index);
    show(wanted);
    announce();
  }

  function setKnown() {
    known.add(index);
    if (known.size < places.length) return step(1), turn.focus();
    update();
    again.focus();
    status.textContent = `You know all ${places.length} cards.`;
  }

  function startAgain() {
    known.clear();
    show(0);
    turn.focus();
    announce();
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
  });

  // jupytercards would go on to a card that it has not drawn
  for (const [type, by] of [["swiped-left", 1], ["swiped-right", -1]]) {
    root.addEventListener(type, (event) => { event.stopPropagation(); step(by); }, true);
  }

  // a link on a card does not turn it over
  root.addEventListener("click", (event) => {
    if (event.target.closest(".flip-container a")) event.stopPropagation();
  }, true);

  // --- start: jupytercards draws as soon as something in the page changes -----------------------

  function start() {
    if (!container.hasChildNodes()) return setTimeout(start, 20);
    root.querySelector(".dx-cards-plain")?.remove();
    container.removeAttribute("tabindex");
    show(0);
    new MutationObserver(() => {
      if (isTurned() === (turn.getAttribute("aria-pressed") === "true")) return;
      update();
      announce();
    }).observe(container, { attributeFilter: ["class"] });
    root.dataset.ready = "";
  }

  root.append(count, controls, status);
  start();
}
