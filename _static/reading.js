/* What the reader sees of the book's memory (memory.js): a button at the end of each chapter, and
   "Your reading" on the first page. */
(() => {
  "use strict";
  const SECONDS = 5; // the end of a chapter has to be on the screen for so long
  const BANDS = 20; // a chapter counts as read when most of its bands were on the screen
  const MOST = 14;
  const REFUSED =
    "Your browser stores nothing for these pages, so the book cannot remember what you have read.";
  let memory; // memory.js, as soon as it is ready

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  // --- the end of a chapter -----------------------------------------------------------------------

  function endChapter(chapter, article) {
    const button = make("button", { type: "button", className: "memory-button" });
    button.append(make("span", { className: "memory-box" }), "I have read this chapter");
    const status = make("span", { className: "memory-status", role: "status" });
    article.append(make("div", { className: "memory-end" }, button, status));

    const isRead = () => memory.load()?.[chapter]?.read === true;
    const show = () => button.setAttribute("aria-pressed", isRead());
    const set = (read, words) => {
      const kept = memory.change(chapter, (entry) => (entry.read = read));
      status.textContent = kept ? words : "Your browser does not keep this.";
    };
    const stop = watch(article, () => {
      if (!isRead()) set(true, "You have come to the end: marked as read.");
    });
    button.addEventListener("click", () => {
      stop(); // what the reader says counts
      if (isRead()) set(false, "Marked as not read.");
      else set(true, "Marked as read.");
    });
    document.addEventListener("dropout:memory", show);
    show();
  }

  /* Call done() when most of the article, and for some seconds its last section, has been seen. */
  function watch(article, done) {
    const sections = article.querySelectorAll("section");
    const end = article.querySelector("#summary") ?? sections[sections.length - 1] ?? article;
    const seen = new Set();
    let atEnd = 0;
    const onScreen = (top, bottom) => bottom > 0 && top < window.innerHeight;
    const timer = setInterval(() => {
      if (document.visibilityState !== "visible") return;
      const { top, height } = article.getBoundingClientRect();
      for (let band = 0; band < BANDS; band++) {
        const middle = top + ((band + 0.5) * height) / BANDS;
        if (onScreen(middle, middle)) seen.add(band);
      }
      const last = end.getBoundingClientRect();
      if (onScreen(last.top, last.bottom)) atEnd += 1;
      if (atEnd < SECONDS || seen.size < MOST) return;
      stop();
      done();
    }, 1000);
    const stop = () => clearInterval(timer);
    return stop;
  }

  // --- the first page -----------------------------------------------------------------------------

  function firstPage(section) {
    const where = make("p");
    const list = make("ul");
    const details = make("details", {}, make("summary", {}, "Chapter by chapter"), list);
    const forget = make("button", { type: "button", className: "memory-button" });
    forget.append("Forget all of this");
    const status = make("p", { className: "memory-status", role: "status" });
    const heading = make("h2", { id: "your-reading-heading", tabIndex: -1 }, "Your reading");
    section.setAttribute("aria-labelledby", heading.id);
    section.append(heading, where, details, make("p", { className: "memory-note" }, note()), forget);
    section.append(status);

    const show = () => {
      const state = memory.load();
      const nothing = !Object.keys(state ?? {}).length;
      where.replaceChildren(...(state ? whereYouAre(state) : [REFUSED]));
      list.replaceChildren(...(state ? chapterByChapter(state) : []));
      details.hidden = forget.hidden = nothing;
    };
    forget.addEventListener("click", () => {
      if (!window.confirm("Forget which chapters you have read, and how the quizzes went?")) return;
      const gone = memory.forget();
      status.textContent = gone ? "Forgotten: nothing is stored any more." : REFUSED;
      if (gone) heading.focus(); // the button is gone too
    });
    document.addEventListener("dropout:memory", show);
    show();
    section.hidden = false;
  }

  function note() {
    const words =
      "Which chapters you read and how their quizzes go is kept in your browser, on this device. " +
      "It never leaves it.";
    const files =
      " You opened it as files: some browsers then remember each page by itself. Run “make serve” " +
      "and read it from the address that this prints.";
    return words + (location.protocol === "file:" ? files : "");
  }

  function whereYouAre(state) {
    const all = [...memory.chapters];
    const read = all.filter(([chapter]) => state[chapter]?.read).length;
    const [, next] = all.find(([chapter]) => !state[chapter]?.read) ?? [];
    const words = `You have read ${read} of ${all.length} chapters. `;
    if (!next) return [`You have read all ${all.length} chapters.`];
    const link = make("a", { href: next.address }, next.title);
    const stop = /[.?!]$/.test(next.title) ? "" : ".";
    return [read ? `${words}Continue with ` : "Begin with ", link, stop];
  }

  function chapterByChapter(state) {
    return [...memory.chapters].map(([chapter, { title, address }]) => {
      const link = make("a", { href: address }, title);
      return make("li", {}, link, ` – ${inWords(state[chapter])}`);
    });
  }

  function inWords(entry) {
    if (!entry) return "not read yet";
    const results = Object.values(entry.quiz);
    const first = results.filter((result) => result === "first").length;
    const words = [entry.read ? "read" : "not read to the end"];
    if (results.length) words.push(`quiz ${first} of ${entry.questions} right at the first attempt`);
    return words.join(", ");
  }

  function start() {
    memory = window.bookMemory;
    const article = document.querySelector("article.bd-article");
    const chapter = memory.chapterAt(location.href);
    const section = document.getElementById("your-reading");
    if (article && memory.chapters.has(chapter) && memory.load()) endChapter(chapter, article);
    if (section) firstPage(section);
  }

  // said first when memory.js has found the chapters; it may be loaded before this file or after
  document.addEventListener("dropout:memory", start, { once: true });
})();
