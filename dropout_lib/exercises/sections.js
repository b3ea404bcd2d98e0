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

// A link to the heading if it is in the page, or in the notebook that `near` stands in. JupyterLab
// gives headings no id, and may not have drawn one that is out of sight.
const sectionLink = (section, near) => {
  const named = element("em", "", section);
  const around = near.closest(".jp-NotebookPanel") ?? document;
  const heading = [...around.querySelectorAll("h2, h3, h4")].find(
    (found) => wordsOf(found) === named.textContent.trim(),
  );
  if (!heading) return named;
  const id = heading.id || heading.closest("section")?.id;
  const link = element("a", "");
  link.href = `#${id ?? ""}`;
  if (!id) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      heading.scrollIntoView();
    });
  }
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
