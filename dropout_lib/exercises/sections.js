// Where to read again, for quizzes and cards: links, where there is a page that they can lead to.
const element = (tag, className, html = "") => {
  const made = document.createElement(tag);
  made.className = className;
  made.innerHTML = html;
  return made;
};

const wordsOf = (heading) => {
  const copy = heading.cloneNode(true);
  copy.querySelectorAll(".headerlink, .jp-InternalAnchorLink").forEach((link) => link.remove());
  return copy.textContent.trim();
};

// A link to the heading if it is in this page, as in the book; in a notebook it may not be.
const sectionLink = (section) => {
  const named = element("em", "", section);
  const heading = [...document.querySelectorAll("h2, h3, h4")].find(
    (found) => wordsOf(found) === named.textContent.trim(),
  );
  const id = heading?.id || heading?.closest("section")?.id;
  if (!id) return named;
  const link = element("a", "");
  link.href = `#${id}`;
  link.append(named);
  return link;
};

// In the book, a link to another notebook leads to its page.
const leadToPages = (shown) => {
  if (!("content_root" in document.documentElement.dataset)) return;
  for (const link of shown.querySelectorAll("a[href*='.ipynb']")) {
    const address = link.getAttribute("href");
    if (!/^\w+:/.test(address)) link.setAttribute("href", address.replace(".ipynb", ".html"));
  }
};
