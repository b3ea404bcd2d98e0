// Adds to the questions that jupyterquiz has drawn what it lacks; see quiz.py.
// Listeners on the root that "capture" hear an event before those of jupyterquiz do.
for (const root of document.querySelectorAll(".dx-quiz:not([data-started])")) {
  root.dataset.started = "";
  const asked = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const firstVerdicts = new Map(); // data-question: right at the first attempt?
  const summary = document.createElement("p");

  // --- drawing -------------------------------------------------------------------------------

  function start() {
    const drawn = [...root.querySelectorAll(".Quiz")];
    if (drawn.length < asked.length) return setTimeout(start, 100); // it waits for its element
    root.querySelector(".dx-quiz-plain")?.remove();
    drawn.forEach(prepare);
    summary.className = "dx-quiz-summary";
    summary.setAttribute("role", "status");
    root.append(summary);
    root.dataset.ready = "";
    send("dropout:quiz-ready", {});
  }

  function prepare(drawn, index) {
    const words = drawn.querySelector("[id^=quizQn]");
    const feedback = drawn.querySelector(".Feedback");
    // in a box of its own: where the next question stands beside, jupyterquiz gives it the focus
    const question = element("div", "dx-question");
    const number = element("p", "dx-quiz-number", `Question ${index + 1} of ${asked.length}`);
    number.id = `${words.id}-number`;
    question.dataset.question = asked[index].id;
    question.dataset.section = asked[index].section;
    question.setAttribute("role", "group");
    question.setAttribute("aria-labelledby", number.id);
    drawn.replaceWith(question);
    question.append(number, drawn);
    leadToPages(drawn);
    feedback.setAttribute("role", "status");
    feedback.setAttribute("aria-live", "polite");

    const field = drawn.querySelector("input.Input-text");
    if (field) prepareField(drawn, field, words);
    else prepareAnswers(drawn, words);
    showEarlier(question);
    new MutationObserver(() => showEarlier(question)).observe(question, { attributeFilter: ["data-earlier"] });
  }

  function prepareAnswers(drawn, words) {
    const group = drawn.querySelector(".Answer");
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-labelledby", words.id);
    for (const answer of group.querySelectorAll(".MCButton")) {
      answer.querySelector("input").classList.remove("sr-only");
      answer.append(element("span", "dx-mark"));
    }
  }

  function prepareField(drawn, field, words) {
    const label = drawn.querySelector(".InpLabel");
    label.id = `${field.id}-label`;
    label.htmlFor = field.id;
    label.textContent = "Your answer:";
    field.setAttribute("aria-labelledby", `${words.id} ${label.id}`);
    field.setAttribute("autocomplete", "off");
    const button = element("button", "dx-check", "Check");
    button.type = "button";
    button.addEventListener("click", () => judgeNumber(field));
    field.after(button, element("span", "dx-mark"));
  }

  // What the page remembers from an earlier visit, in words, until the question is answered anew.
  function showEarlier(question) {
    const { earlier } = question.dataset;
    question.querySelector(".dx-earlier")?.remove();
    if (!earlier || firstVerdicts.has(question.dataset.question)) return;
    const text = earlier === "right" ? "Last time: right." : "Last time: not right.";
    question.querySelector(".dx-quiz-number").after(element("p", "dx-earlier", text));
  }

  // To whoever keeps what was answered.
  function send(name, about) {
    const detail = { chapter: root.dataset.chapter, ...about };
    document.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }

  // --- answering -----------------------------------------------------------------------------

  const capture = (type, listener) => root.addEventListener(type, listener, true);

  // A click on an answer also clicks its radio button; jupyterquiz has judged it by then.
  root.addEventListener("click", (event) => {
    if (event.target.type !== "radio") return;
    const answer = event.target.closest(".MCButton");
    const right = answer.dataset.correct === "true";
    tell(answer.closest(".dx-question"), right);
    mark(answer, right);
  });

  capture("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.matches("input[type=radio]")) {
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (step) focusNext(event.target, step);
      else if (event.key === "Enter") event.target.click();
      else return;
      event.preventDefault();
    } else if (event.target.matches(".Input-text") && event.key === "Enter") {
      event.preventDefault();
      judgeNumber(event.target);
    }
  });

  function focusNext(radio, step) {
    const all = [...radio.closest(".Answer").querySelectorAll("input[type=radio]")];
    all[(all.indexOf(radio) + step + all.length) % all.length].focus();
  }

  // jupyterquiz lets few keys through to a field, and nothing pasted; on focus it empties it.
  for (const type of ["keypress", "paste", "focus"]) {
    capture(type, (event) => {
      if (event.target.matches?.(".Input-text")) event.stopPropagation();
    });
  }

  function judgeNumber(field) {
    const question = field.closest(".dx-question");
    const known = JSON.parse(field.dataset.answers).map((answer) => answer.value);
    const values = readings(field.value);
    if (!values.length) return askForNumber(question);
    const focused = document.activeElement;
    const typed = field.value;
    field.value = values.find((value) => known.includes(value)) ?? values[0];
    field.onkeypress({ which: 13, keyCode: 13 }); // Enter: jupyterquiz compares
    field.value = typed;
    focused.focus({ preventScroll: true });
    const right = field.classList.contains("correctButton");
    field.setAttribute("aria-invalid", String(!right));
    tell(question, right);
    mark(field, right);
  }

  // The numbers that a text can mean, the likeliest first: "12,5", "1/4", "85,002", "20%".
  function readings(text) {
    const digits = text.replace(/[\s\u00a0\u2009\u202f]/g, "").replace(/[\u2212\u2013]/g, "-");
    const texts = [digits.replaceAll(",", ".")];
    if (/^-?[1-9]\d{0,2}(,\d{3})+$/.test(digits)) texts.unshift(digits.replaceAll(",", ""));
    return texts.map(numberOf).filter(Number.isFinite);
  }

  function numberOf(text) {
    if (text.endsWith("%")) return numberOf(text.slice(0, -1)) / 100;
    const parts = text.split("/");
    if (parts.length > 2 || parts.includes("")) return NaN;
    return parts.length === 2 ? Number(parts[0]) / Number(parts[1]) : Number(text);
  }

  function askForNumber(question) {
    const feedback = question.querySelector(".Feedback");
    feedback.className = "Feedback";
    feedback.innerHTML = "Type a number, in digits: 0.25, 0,25 and 1/4 are all read.";
    question.querySelector(".dx-mark").textContent = "";
  }

  // --- the verdict ---------------------------------------------------------------------------

  function mark(answered, right) {
    const question = answered.closest(".dx-question");
    const words = right ? "right" : "not right";
    const sign = right ? "✓" : "✗";
    answered.dataset.verdict = right ? "right" : "wrong";
    (answered.querySelector(".dx-mark") ?? question.querySelector(".dx-mark")).innerHTML =
      `<span aria-hidden="true">${sign}</span> ${words}`;
  }

  // Feedback is in the page already, without a verdict in words and a place to read again.
  function tell(question, right) {
    const feedback = question.querySelector(".Feedback");
    const said = element("span", "", feedback.innerHTML);
    feedback.replaceChildren(element("strong", "", right ? "Right." : "Not right."), " ", said);
    if (!right) feedback.append(element("p", "dx-again", "Read again: "));
    feedback.querySelector(".dx-again")?.append(sectionLink(question.dataset.section, root));
    leadToPages(feedback);
    const id = question.dataset.question;
    if (!firstVerdicts.has(id)) firstVerdicts.set(id, right);
    showEarlier(question);
    send("dropout:answer", { question: id, right });
    summarise();
  }

  function summarise() {
    if (firstVerdicts.size < asked.length || summary.hasChildNodes()) return;
    const again = asked.filter(({ id }) => !firstVerdicts.get(id)).map(({ section }) => section);
    summary.append(`${asked.length - again.length} of ${asked.length} right at the first attempt.`);
    [...new Set(again)].forEach((section, index) => {
      summary.append(index ? ", " : " To read again: ", sectionLink(section, root));
    });
  }

  start();
}
