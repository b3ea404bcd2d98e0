/* What the book remembers of its reader, in the browser's local storage and nowhere else: which
   chapters were read, and how the questions of their quizzes were answered.

   {"02": {"read": true, "questions": 6, "quiz": {"1f0c88ab": "first"}}}

   A question is known by the hash of its words, so that a changed question begins anew. Its
   result is that of the reader's last visit: "first" (right at the first attempt), "later" or
   "wrong". Everything is read anew before it is changed: another tab may have changed it. */
window.bookMemory = (() => {
  "use strict";
  const KEY = "dropout-book-1"; // the number is that of the format
  const MARK =
    '<span class="memory-mark"><span aria-hidden="true">✓</span>' +
    '<span class="visually-hidden">, read</span></span>';
  const RESULTS = ["first", "later", "wrong"];
  const chapters = new Map(); // "02": {title, address, links}, in the order of the sidebar
  const attempted = new Set(); // questions answered on this page since it was opened

  /* chapters/03_1_standard_dropout.html is chapter "03-1" */
  function chapterAt(address) {
    const number = /\/(\d\d)(?:_(\d))?_[^/]*$/.exec(new URL(address).pathname);
    return number ? number.slice(1).filter(Boolean).join("-") : null;
  }

  function findChapters() {
    for (const link of document.querySelectorAll("nav.bd-docs-nav li > a, .toctree-wrapper li > a")) {
      const chapter = chapterAt(link.href);
      const title = link.textContent.trim();
      if (!chapter) continue;
      if (!chapters.has(chapter)) chapters.set(chapter, { title, address: link.href, links: [] });
      chapters.get(chapter).links.push(link);
    }
  }

  // --- the store --------------------------------------------------------------------------------

  /* {chapter: {read, questions, quiz}}; null where the browser refuses. */
  function load() {
    let stored;
    try {
      stored = localStorage.getItem(KEY);
    } catch {
      return null;
    }
    try {
      return tidy(JSON.parse(stored));
    } catch {
      return {};
    }
  }

  /* Of what is stored, what makes sense and speaks of chapters that there are. */
  function tidy(stored) {
    const state = {};
    for (const chapter of chapters.keys()) {
      const { read, questions, quiz } = stored?.[chapter] ?? {};
      const sensible = ([question, result]) =>
        /^[0-9a-f]{8}$/.test(question) && RESULTS.includes(result);
      const answers = Object.entries(quiz ?? {}).filter(sensible);
      if (read !== true && !answers.length) continue;
      const count = Number.isInteger(questions) ? questions : 0;
      state[chapter] = {
        read: read === true,
        questions: Math.max(count, answers.length),
        quiz: Object.fromEntries(answers),
      };
    }
    return state;
  }

  /* Change the entry of a chapter; false where the browser does not keep it. */
  function change(chapter, edit) {
    const state = load();
    if (!state) return false;
    state[chapter] ??= { read: false, questions: 0, quiz: {} };
    edit(state[chapter]);
    try {
      localStorage.setItem(KEY, JSON.stringify(tidy(state)));
    } catch {
      return false;
    }
    show();
    return true;
  }

  function forget() {
    try {
      localStorage.removeItem(KEY);
    } catch {
      return false;
    }
    show();
    return true;
  }

  // --- marks at the links to chapters that were read ----------------------------------------------

  function show() {
    const state = load() ?? {};
    for (const [chapter, { links }] of chapters) {
      for (const link of links) {
        link.querySelector(".memory-mark")?.remove();
        if (state[chapter]?.read) link.insertAdjacentHTML("beforeend", MARK);
      }
    }
    document.dispatchEvent(new Event("dropout:memory"));
  }

  // --- quizzes ------------------------------------------------------------------------------------

  document.addEventListener("dropout:answer", ({ detail: { chapter, question, right } }) => {
    if (!chapters.has(chapter)) return;
    const again = attempted.has(question);
    attempted.add(question);
    change(chapter, (entry) => {
      const before = again ? entry.quiz[question] : undefined;
      if (before === "first" || before === "later") return;
      entry.quiz[question] = right ? (again ? "later" : "first") : "wrong";
      entry.questions = Number(quizOf(chapter)?.dataset.count) || 0;
    });
  });

  function quizOf(chapter) {
    return document.querySelector(`.dx-quiz[data-chapter="${chapter}"]`);
  }

  /* Tell the quizzes of this page how their questions went, and forget the ones that are gone. */
  function giveBack() {
    for (const quiz of document.querySelectorAll(".dx-quiz[data-ready]")) {
      const chapter = quiz.dataset.chapter;
      const entry = load()?.[chapter];
      const asked = new Set();
      for (const element of quiz.querySelectorAll("[data-question]")) {
        const question = element.dataset.question;
        const result = entry?.quiz[question];
        asked.add(question);
        if (!result) delete element.dataset.earlier;
        else if (!attempted.has(question)) {
          element.dataset.earlier = result === "wrong" ? "wrong" : "right";
        }
      }
      const gone = Object.keys(entry?.quiz ?? {}).filter((question) => !asked.has(question));
      if (asked.size && gone.length) change(chapter, ({ quiz }) => gone.forEach((question) => delete quiz[question]));
    }
  }

  function showAll() {
    show();
    giveBack();
  }

  document.addEventListener("dropout:quiz-ready", giveBack);
  document.addEventListener("DOMContentLoaded", () => {
    findChapters();
    showAll();
  });
  // another tab changed something (null: everything), or the reader came back to a kept page
  window.addEventListener("storage", ({ key }) => (key === KEY || key === null) && showAll());
  window.addEventListener("pageshow", ({ persisted }) => persisted && showAll());
  return { chapters, chapterAt, load, change, forget };
})();
