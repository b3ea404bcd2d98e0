// Turns a list of questions with folded answers into a drill that asks one at a time.
for (const root of document.querySelectorAll(".drill:not([data-ready])")) {
  root.dataset.ready = "";
  const find = (what) => root.querySelector(what);
  const questions = [...root.querySelectorAll(".drill-question")].map((element) => ({
    element,
    topic: element.dataset.topic,
    words: element.querySelector(".drill-words").innerHTML,
  }));
  const stage = find("script[type='text/html']");
  stage.insertAdjacentHTML("afterend", stage.textContent);
  const [card, end, all] = [".drill-card", ".drill-end", ".drill-all"].map(find);
  const [progress, asked, answer, marks] = [".drill-progress", ".drill-asked", ".drill-answer", ".drill-marks"].map(find);
  const [own, show, topic] = ["textarea", ".drill-show", "select"].map(find);
  const [withClock, clock, list] = ["input[type=checkbox]", ".drill-clock", ".drill-list"].map(find);
  const LATER = { no: 2, partly: 5 }; // so many others come first
  const firstOrder = root.dataset.order.split(" ").map(Number);
  let waiting, heard, current, total, count, began, ticking;

  const said = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const tick = () => {
    if (!root.isConnected) return clearInterval(ticking);
    clock.textContent = said((Date.now() - began) / 1000);
  };
  const startClock = () => {
    clearInterval(ticking);
    began = Date.now();
    clock.hidden = !withClock.checked;
    if (withClock.checked && !card.hidden) {
      tick();
      ticking = setInterval(tick, 1000);
    }
  };

  const start = (order, focus) => {
    waiting = order.filter((number) => !topic.value || questions[number].topic === topic.value);
    total = waiting.length;
    heard = new Map(); // number of a question: how it went, each time
    for (const { element, topic: of } of questions) element.hidden = topic.value && of !== topic.value;
    card.hidden = false;
    end.hidden = true;
    ask("", focus);
  };

  const ask = (before, focus) => {
    if (!waiting.length) return finish(before, focus);
    current = waiting.shift();
    const again = heard.has(current);
    if (!again) heard.set(current, []);
    const open = waiting.filter((number) => heard.has(number)).length;
    count = `${heard.size} of ${total}` + (open ? `, ${open} to come again.` : ".");
    progress.textContent = `${before}${again ? "Once more; asked so far: " : ""}${count}`;
    asked.innerHTML = questions[current].words;
    own.value = "";
    answer.hidden = marks.hidden = true;
    show.hidden = false;
    startClock();
    if (focus) asked.focus();
  };

  const finish = (before, focus) => {
    card.hidden = true;
    end.hidden = false;
    clearInterval(ticking);
    clock.hidden = true;
    const shaky = [...heard].filter(([, went]) => went[0] !== "knew");
    progress.textContent = `${before}All ${total} done.`;
    end.querySelector("p").textContent =
      `You knew ${total - shaky.length} of ${total} at once.` +
      (shaky.length ? " Read these again tomorrow:" : "");
    end.querySelector("ul").innerHTML = shaky
      .map(([number]) => `<li>${questions[number].words}</li>`).join("");
    if (focus) end.querySelector("p").focus();
  };

  show.addEventListener("click", () => {
    clearInterval(ticking);
    answer.innerHTML = questions[current].element.querySelector(".drill-body").innerHTML;
    answer.hidden = marks.hidden = false;
    show.hidden = true;
    const time = withClock.checked ? ` You took ${said((Date.now() - began) / 1000)}.` : "";
    progress.textContent = `${count} The answer is shown.${time} Say how it went.`;
    answer.tabIndex = -1;
    answer.focus();
  });
  marks.addEventListener("click", ({ target }) => {
    const mark = target.dataset.mark;
    if (!mark) return;
    heard.get(current).push(mark);
    let before = "Noted. ";
    if (mark in LATER) {
      const others = Math.min(LATER[mark], waiting.length);
      waiting.splice(others, 0, current);
      before = others ? `It comes again after ${others} other${others > 1 ? "s" : ""}. ` : "Noted. ";
    }
    ask(before, true);
  });
  topic.addEventListener("change", () => start(firstOrder, false));
  withClock.addEventListener("change", startClock);
  find(".drill-again").addEventListener("click", () => {
    const order = [...firstOrder];
    for (let last = order.length - 1; last > 0; last--) {
      const other = Math.floor(Math.random() * (last + 1));
      [order[last], order[other]] = [order[other], order[last]];
    }
    start(order, true);
  });
  list.addEventListener("click", () => {
    all.hidden = !all.hidden;
    list.setAttribute("aria-expanded", String(!all.hidden));
    list.textContent = all.hidden ? "Show all questions" : "Hide the list of questions";
  });
  if (document.documentElement.dataset.content_root !== undefined) { // the built book has pages
    for (const place of root.querySelectorAll("[data-page]")) {
      const link = document.createElement("a");
      link.href = place.dataset.page;
      link.append(...place.childNodes);
      place.append(link);
    }
  }
  // what is typed into the answer is no command to the notebook
  root.addEventListener("keydown", (event) => event.stopPropagation());
  all.hidden = true;
  start(firstOrder, false);
}
